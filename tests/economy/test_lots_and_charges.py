"""Charges through the real services: where tokens come from, who gets them, and what is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest

from digis.core.errors import IdempotencyConflict
from economy import selectors, services
from economy.errors import InsufficientTokens
from economy.models import LedgerEntry, LedgerTransaction, LotUse, TokenLot
from tests import make

pytestmark = pytest.mark.django_db


def pay(payer, payee, amount, *, key=None, fee_bp=2_000, source=None, **options):
    return services.charge(
        payer=payer,
        payee=payee,
        amount=amount,
        kind="tip",
        key=key or f"test:{uuid4()}",
        source_type="test",
        source_id=source or str(uuid4()),
        fee_bp=fee_bp,
        **options,
    )


def remaining(person):
    return [lot.remaining for lot in TokenLot.objects.filter(owner=person).order_by("id")]


def test_a_charge_splits_into_share_and_floored_fee(fan, creator):
    """LEDGER-11: the fee is floored and the creator gets the remainder."""
    make.buy_tokens(fan, 100)
    paid = pay(fan, creator, 83)
    assert (paid.amount, paid.fee, paid.share) == (-83, 16, 67)
    assert selectors.get_balance(fan) == selectors.Balance(purchased=17)
    assert selectors.get_earnings(creator) == selectors.Earnings(pending=67)
    entries = LedgerEntry.objects.filter(transaction=paid)
    assert sum(entry.amount for entry in entries) == 0


def test_amounts_are_whole_numbers_and_every_transaction_sums_to_zero(fan, creator):
    """LEDGER-1: integers only, postings sum to zero."""
    make.buy_tokens(fan, 50)
    for amount in (1, 2, 3, 7, 11):
        pay(fan, creator, amount)
    for transaction in LedgerTransaction.objects.prefetch_related("entries"):
        amounts = [entry.amount for entry in transaction.entries.all()]
        assert sum(amounts) == 0
        assert all(isinstance(amount, int) for amount in amounts)


def test_promotional_tokens_go_first_soonest_expiry_first_then_the_oldest_bought(fan, creator, clock):
    """LEDGER-3: promotional by expiry, then purchased by age."""
    now = clock.now()
    make.buy_tokens(fan, 10)
    make.grant_tokens(fan, 10, expires_at=now + timedelta(days=30))
    make.grant_tokens(fan, 10, expires_at=now + timedelta(days=5))
    make.buy_tokens(fan, 10)
    pay(fan, creator, 15)
    assert remaining(fan) == [10, 5, 0, 10]
    pay(fan, creator, 12)
    assert remaining(fan) == [3, 0, 0, 10]
    assert [lot.remaining for lot in selectors.list_lots(fan)] == [3, 10]


def test_an_expired_lot_is_not_spendable_even_before_the_job_took_it_back(fan, creator, clock):
    """LEDGER-3."""
    make.grant_tokens(fan, 10, expires_at=clock.now() + timedelta(days=1))
    clock.advance(days=2)
    assert selectors.get_balance(fan).spendable == 0
    with pytest.raises(InsufficientTokens):
        pay(fan, creator, 1)
    assert services.expire_promotional_lots() == 1
    assert services.expire_promotional_lots() == 0
    assert remaining(fan) == [0]


def test_what_free_grants_pay_is_never_withdrawable(fan, creator):
    """LEDGER-9 and LEDGER-11: the fee is split between the two by largest remainder, and parts sum exactly."""
    make.grant_tokens(fan, 7)
    make.buy_tokens(fan, 100)
    paid = pay(fan, creator, 20)
    earned = selectors.get_earnings(creator)
    assert paid.fee == 4
    assert earned == selectors.Earnings(pending=10, non_withdrawable=6)


def test_a_bonus_that_came_with_a_purchase_is_withdrawable(fan, creator):
    """LEDGER-9: bonuses are platform-funded; the earnings from them are withdrawable (PAY-9)."""
    make.buy_tokens(fan, 500, bonus=15)
    assert selectors.get_balance(fan) == selectors.Balance(purchased=500, promotional=15)
    pay(fan, creator, 10)
    assert selectors.get_earnings(creator) == selectors.Earnings(pending=8)


def test_a_repeated_key_pays_once_and_answers_with_the_first(fan, creator):
    """LEDGER-4."""
    make.buy_tokens(fan, 100)
    source = str(uuid4())
    first = pay(fan, creator, 30, key="tip:1", source=source)
    again = pay(fan, creator, 30, key="tip:1", source=source)
    assert again.pk == first.pk
    assert selectors.get_balance(fan).spendable == 70


def test_a_key_cannot_name_two_things(fan, stranger, creator):
    """LEDGER-4."""
    make.buy_tokens(fan, 100)
    make.buy_tokens(stranger, 100)
    pay(fan, creator, 30, key="tip:1")
    with pytest.raises(IdempotencyConflict):
        pay(fan, creator, 31, key="tip:1")
    with pytest.raises(IdempotencyConflict):
        pay(stranger, creator, 30, key="tip:1")
    assert selectors.get_balance(stranger).spendable == 100


def test_a_refusal_changes_nothing_and_says_what_is_there(fan, creator):
    """LEDGER-2: the balance never goes below zero."""
    make.buy_tokens(fan, 9)
    with pytest.raises(InsufficientTokens) as refusal:
        pay(fan, creator, 10)
    assert refusal.value.data == {"needed": 10, "covered": 9}
    assert remaining(fan) == [9]
    assert selectors.get_earnings(creator).total == 0


def test_parts_of_a_sale_pay_the_fee_of_the_whole(fan, creator):
    """LEDGER-11: each posting takes floor(charged so far × bp / 10 000) − fee posted."""
    make.buy_tokens(fan, 1_000)
    source = str(uuid4())
    charged = fee = 0
    for number, amount in enumerate((3, 3, 3, 7, 1, 66)):
        paid = pay(
            fan,
            creator,
            amount,
            key=f"part:{number}",
            source=source,
            charged_before=charged,
            fee_before=fee,
            fee_bp=1_750,
        )
        charged, fee = charged + amount, fee + paid.fee
    assert fee == charged * 1_750 // 10_000
    assert selectors.sum_charged(source_type="test", source_id=source) == selectors.Charged(charged, charged - fee, fee)
    (line,) = selectors.present_history(list(selectors.list_history(fan, "spent")), viewer=fan)
    assert line.amount == -charged


def test_many_charges_in_one_call_each_have_their_outcome(fan, stranger, creator):
    """LEDGER-2 and LEDGER-4 for the set-based form the call meter uses."""
    make.buy_tokens(fan, 25)
    make.grant_tokens(stranger, 100)

    def item(payer, key, amount):
        return services.Charge(
            key=key,
            payer_id=payer.pk,
            payee_id=creator.pk,
            amount=amount,
            kind="call",
            source_type="call",
            source_id=str(payer.pk),
            fee_bp=2_000,
        )

    found = services.charge_many(
        charges=[
            item(fan, "a", 10),
            item(stranger, "b", 20),
            item(fan, "c", 10),
            item(fan, "a", 10),
            item(fan, "d", 10),
            item(fan, "e", 5),
            item(stranger, "b", 21),
        ]
    )
    assert [(one.key, one.outcome) for one in found] == [
        ("a", "posted"),
        ("b", "posted"),
        ("c", "posted"),
        ("a", "duplicate"),
        ("d", "insufficient"),
        ("e", "posted"),
        ("b", "conflict"),
    ]
    assert [one.covered for one in found if one.outcome == "insufficient"] == [5]
    assert found[0].share == found[3].share == 8
    assert selectors.get_balance(fan).spendable == 0
    assert {one.spendable for one in found if one.key in {"a", "c", "d", "e"}} == {0}


def test_a_refund_returns_to_the_same_lots_the_last_taken_first(fan, creator, clock):
    """LEDGER-3: same lots, original expiry or thirty days more; the fee comes back in proportion."""
    expiry = clock.now() + timedelta(days=3)
    make.grant_tokens(fan, 10, expires_at=expiry)
    make.buy_tokens(fan, 40)
    paid = pay(fan, creator, 30)
    services.fold_earnings()
    half = services.refund_charge(transaction_id=paid.pk, amount=25, key="back:1", reason="test")
    assert half.amount == 25
    assert remaining(fan) == [5, 40]
    clock.advance(days=4)
    services.refund_charge(transaction_id=paid.pk, amount=5, key="back:2", reason="test")
    lot = TokenLot.objects.filter(owner=fan).earliest("id")
    assert (lot.remaining, lot.expires_at) == (
        10,
        pytest.approx(clock.now() + timedelta(days=30), abs=timedelta(minutes=1)),
    )
    assert selectors.get_earnings(creator).total == 0
    assert sum(use.amount for use in LotUse.objects.filter(lot__owner=fan)) == 0


def test_a_refund_cannot_be_larger_than_its_charge_and_repeats_once(fan, creator):
    """LEDGER-4 and LEDGER-3."""
    from economy.errors import RefundTooLarge

    make.buy_tokens(fan, 40)
    paid = pay(fan, creator, 30)
    first = services.refund_charge(transaction_id=paid.pk, amount=20, key="back:1", reason="test")
    again = services.refund_charge(transaction_id=paid.pk, amount=20, key="back:1", reason="test")
    assert again.pk == first.pk
    with pytest.raises(RefundTooLarge):
        services.refund_charge(transaction_id=paid.pk, amount=11, key="back:2", reason="test")
    assert selectors.get_balance(fan).spendable == 30


def test_earnings_are_appended_and_folded_without_changing_what_they_come_to(fan, creator):
    """LEDGER-1: cache + unfolded = sum of entries, before and after."""
    make.buy_tokens(fan, 100)
    for _ in range(5):
        pay(fan, creator, 10)
    before = selectors.get_earnings(creator)
    assert services.fold_earnings(limit=3) == 3
    assert selectors.get_earnings(creator) == before == selectors.Earnings(pending=40)
    while services.fold_earnings():
        pass
    assert selectors.get_earnings(creator) == before
    assert selectors.sum_earned(creator) == 40


def test_staff_have_no_wallet(moderator, fan, creator):
    """ACC-5: staff neither pay nor are given tokens."""
    from accounts.errors import StaffStandApart

    with pytest.raises(StaffStandApart):
        make.grant_tokens(moderator, 10)
    with pytest.raises(StaffStandApart):
        pay(moderator, creator, 1)
    make.buy_tokens(fan, 10)
    with pytest.raises(StaffStandApart):
        pay(fan, moderator, 1)
