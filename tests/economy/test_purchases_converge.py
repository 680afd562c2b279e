"""One function brings a purchase to what Stripe says, however often and in whatever order it is asked (LEDGER-5)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from django.db import connection

from economy import gateway, selectors, services
from economy.models import LedgerTransaction, Purchase, TokenLot
from economy.selectors import Balance

pytestmark = pytest.mark.django_db


def converge(purchase):
    services.converge_purchase(purchase_id=purchase.pk)
    purchase.refresh_from_db()
    return purchase.status


def spend(fan, creator, amount, key="spent"):
    services.charge(
        payer=fan, payee=creator, amount=amount, kind="tip", key=key, source_type="test", source_id=key, fee_bp=2_000
    )


def intent_of(purchase):
    purchase.refresh_from_db()
    return purchase.stripe_payment_intent_id


def test_nothing_is_credited_before_stripe_says_so(order, fan, stripe):
    """LEDGER-6."""
    assert converge(order) == "pending"
    assert selectors.get_balance(fan) == Balance()
    assert order.checkout_url.startswith(stripe.url)


def test_a_paid_purchase_is_credited_once_with_its_bonus(order, fan, stripe):
    """LEDGER-5: the object guard: credited once, however many ask."""
    stripe.pay(order.stripe_session_id)
    assert [converge(order) for _ in range(3)] == ["paid"] * 3
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    assert order.card.startswith("Visa")
    assert LedgerTransaction.objects.filter(source_id=str(order.pk)).count() == 1


def test_a_decline_leaves_the_page_open_and_a_second_card_pays(order, fan, stripe):
    stripe.submit_card(order.checkout_url, "4000000000000002")
    assert converge(order) == "pending"
    assert order.failure
    stripe.pay(order.stripe_session_id)
    assert converge(order) == "paid"
    assert order.failure == ""


def test_a_refund_returns_what_is_unspent(order, fan, stripe):
    stripe.pay(order.stripe_session_id)
    converge(order)
    stripe.refund(intent_of(order), amount=1_000)
    assert converge(order) == "paid"
    assert selectors.get_balance(fan) == Balance(purchased=300, promotional=9)
    stripe.refund(intent_of(order))
    assert converge(order) == "refunded"
    assert selectors.get_balance(fan) == Balance()


def test_a_refund_of_spent_tokens_is_a_debt_that_the_next_purchase_pays(order, fan, creator, stripe):
    """LEDGER-8: never below zero; the creator keeps what was earned."""
    stripe.pay(order.stripe_session_id)
    converge(order)
    spend(fan, creator, 400)
    stripe.refund(intent_of(order))
    converge(order)
    balance = selectors.get_balance(fan)
    assert (balance.purchased, balance.promotional, balance.debt, balance.spendable) == (0, 0, 400, 0)
    assert selectors.get_earnings(creator).total == 320
    from tests import make

    make.grant_tokens(fan, 10)
    from economy.errors import TokensOwed

    with pytest.raises(TokensOwed):
        spend(fan, creator, 5, key="blocked")
    make.buy_tokens(fan, 1_000)
    assert selectors.get_balance(fan) == Balance(purchased=600, promotional=10)


def test_a_lost_dispute_takes_the_tokens_and_a_won_one_brings_them_back(order, fan, creator, stripe):
    """LEDGER-8: a won dispute restores everything."""
    stripe.pay(order.stripe_session_id)
    converge(order)
    spend(fan, creator, 115)
    dispute = stripe.dispute(intent_of(order))
    assert converge(order) == "disputed"
    assert selectors.get_balance(fan) == Balance()
    assert TokenLot.objects.filter(owner=fan, is_disputed=True).count() == 2
    stripe.close_dispute(dispute["id"], "won")
    assert converge(order) == "paid"
    assert selectors.get_balance(fan) == Balance(purchased=400)
    assert not TokenLot.objects.filter(owner=fan, is_disputed=True).exists()


def test_a_dispute_of_a_part_freezes_the_rest_of_its_lots(order, fan, stripe):
    """LEDGER-8: unspent tokens of a disputed lot are frozen until it is settled."""
    stripe.pay(order.stripe_session_id)
    converge(order)
    dispute = stripe.dispute(intent_of(order), amount=1_000)
    assert converge(order) == "disputed"
    assert selectors.get_balance(fan).spendable == 0
    stripe.close_dispute(dispute["id"], "lost")
    assert converge(order) == "paid"
    assert selectors.get_balance(fan) == Balance(purchased=300, promotional=9)


ACTS = {
    "pay": lambda stripe, order: stripe.pay(order.stripe_session_id),
    "refund a part": lambda stripe, order: stripe.refund(_intent(stripe, order), amount=499),
    "dispute": lambda stripe, order: stripe.dispute(_intent(stripe, order), amount=1_000),
}


def _intent(stripe, order):
    return gateway.get_checkout(order.stripe_session_id).intent_id


@pytest.mark.parametrize("seen", sorted({tuple(sorted(p)) for n in range(4) for p in permutations(range(3), n)}))
def test_whichever_steps_are_seen_the_end_is_the_same(order, fan, creator, stripe, seen):
    """LEDGER-5: converging after any subset of the steps, twice each, ends in the same balances."""
    for number, act in enumerate(ACTS.values()):
        act(stripe, order)
        if number in seen:
            converge(order)
            converge(order)
    assert converge(order) == "disputed"
    kept = 2_500 - 499 - 1_000
    assert (order.credited_tokens, order.credited_bonus) == (500 * kept // 2_500, 15 * kept // 2_500)


def test_a_refund_seen_before_any_credit_leaves_nothing_behind(order, fan, stripe):
    """LEDGER-5: out of order."""
    stripe.pay(order.stripe_session_id)
    stripe.refund(_intent(stripe, order))
    assert converge(order) == "refunded"
    assert not LedgerTransaction.objects.exists()


def test_another_amount_or_currency_is_put_aside_and_never_credited(order, fan, stripe):
    """LEDGER-7: what is charged is what was quoted."""
    Purchase.objects.filter(pk=order.pk).update(amount_minor=2_400)
    stripe.pay(order.stripe_session_id)
    assert converge(order) == "pending"
    assert "amount 2500" in order.quarantine_reason
    assert order.next_check_at is None
    assert selectors.get_balance(fan) == Balance()
    Purchase.objects.filter(pk=order.pk).update(amount_minor=2_500, currency="EUR", quarantine_reason="")
    converge(order)
    assert "currency" in order.quarantine_reason


def test_a_quote_that_ran_out_closes_the_page(order, fan, stripe, clock):
    """LEDGER-7: a quote is good for ten minutes."""
    clock.advance(minutes=11)
    assert services.converge_due_purchases() == 1
    order.refresh_from_db()
    assert order.status == "expired"
    assert gateway.get_checkout(order.stripe_session_id).status == "expired"
    assert services.converge_due_purchases() == 0


def test_a_page_that_was_paid_in_the_last_second_is_credited_after_all(order, fan, stripe, clock):
    clock.advance(minutes=11)
    stripe.pay(order.stripe_session_id)
    services.converge_due_purchases()
    order.refresh_from_db()
    assert order.status == "paid"


def test_stripe_being_away_postpones_one_purchase_and_not_the_others(order, fan, stripe, clock):
    second = services.start_purchase(person=fan, tokens=100, key="order-2")
    stripe.pay(second.stripe_session_id)
    stripe.fault("error", path=f".*{order.stripe_session_id}.*", times=4)
    clock.advance(seconds=30)
    assert services.converge_due_purchases() == 1
    second.refresh_from_db()
    order.refresh_from_db()
    assert (order.status, second.status) == ("pending", "paid")
    assert order.next_check_at > clock.now()
    stripe.forget_faults()


def test_the_same_key_opens_one_page_even_when_stripe_failed_the_first_time(fan, stripe):
    """LEDGER-4: a retry after a failure goes on with the same purchase."""
    from economy.errors import PaymentsUnavailable

    stripe.fault("error", path="/v1/checkout/sessions", times=2)
    with pytest.raises(PaymentsUnavailable):
        services.start_purchase(person=fan, tokens=200, key="k")
    stripe.forget_faults()
    first = services.start_purchase(person=fan, tokens=200, key="k")
    again = services.start_purchase(person=fan, tokens=200, key="k")
    assert first.pk == again.pk
    assert first.checkout_url == again.checkout_url
    assert Purchase.objects.count() == 1


def test_a_dropped_answer_makes_no_second_page(fan, stripe):
    """LEDGER-4: Stripe committed, the connection broke; the same idempotency key finds the same session."""
    stripe.fault("drop", path="/v1/checkout/sessions", times=1)
    purchase = services.start_purchase(person=fan, tokens=200, key="k")
    assert purchase.checkout_url


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_credit_once(order, fan, stripe):
    """LEDGER-5: parallel duplicates."""
    stripe.pay(order.stripe_session_id)

    def work(_number):
        try:
            return services.converge_purchase(purchase_id=order.pk).status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(20))) == {"paid"}
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    assert LedgerTransaction.objects.filter(type="purchase").count() == 1


def test_packs_cost_at_least_what_creators_are_paid_for_them(db, settings):
    """LEDGER-11: every pack's net unit price is at least the creator's payout per token."""
    payout = settings.TOKEN_PAYOUT_MICROS * (10_000 - settings.PLATFORM_FEE_BP)
    for pack in selectors.list_packs():
        assert pack.amount_minor * 10_000 * 10_000 >= payout * pack.total_tokens
    assert [pack.unit_cents for pack in selectors.list_packs()] == ["5.0", "4.9", "4.8", "4.6"]
