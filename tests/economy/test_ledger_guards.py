"""The ledger refuses to be rewritten, and the audit sees every kind of corruption (LEDGER-1)."""

from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from digis.core import clock
from economy import services
from economy.invariants import INVARIANTS, broken
from economy.models import (
    Adjustment,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    LotUse,
    Payout,
    Purchase,
    VoucherCode,
)
from economy.services.payouts import open_payout
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(fan, creator):
    """A little of everything: bought and granted tokens, a sale in parts, a hold, a refund, folded and unfolded."""
    make.buy_tokens(fan, 500, bonus=15)
    make.grant_tokens(fan, 20)
    hold = services.place_hold(person=fan, amount=40, key="hold", source_type="call", source_id="1")
    first = services.charge(
        payer=fan,
        payee=creator,
        amount=33,
        kind="call",
        key="m1",
        source_type="call",
        source_id="1",
        fee_bp=2_000,
        hold=hold,
    )
    services.fold_earnings()
    services.charge(
        payer=fan,
        payee=creator,
        amount=33,
        kind="call",
        key="m2",
        source_type="call",
        source_id="1",
        fee_bp=2_000,
        charged_before=33,
        fee_before=first.fee,
        hold=hold,
    )
    tip = services.charge(
        payer=fan, payee=creator, amount=50, kind="tip", key="tip", source_type="tip", source_id="1", fee_bp=2_000
    )
    services.refund_charge(transaction_id=tip.pk, key="back", reason="test", amount=20)
    services.place_hold(person=fan, amount=10, key="hold 2", source_type="call", source_id="2")
    friend = make.make_person("friend")
    type(fan).objects.update(created_at=clock.now() - timedelta(days=30))
    fan.refresh_from_db()
    services.transfer(giver=fan, receiver=friend, amount=30, key="gift")
    services.send_tip(payer=friend, payee=creator, amount=10, key="thanks")
    code = services.save_code(
        staff=make.make_staff("desk"), code=VoucherCode(code="HELLO", amount=5, cap=2, note="test")
    )
    services.redeem_code(person=fan, code=code.code, key="code")
    make.earn_available(creator, 1_000)
    lost = make.buy_tokens(friend, 100)
    services.send_tip(payer=friend, payee=creator, amount=60, key="lost")
    services.post_purchase(purchase_id=lost.pk, kept_minor=0, disputed_minor=lost.amount_minor, is_disputed=True)
    called_off = open_payout(creator=creator, tokens=400, kind=Payout.Kind.MANUAL, key="one")
    services.cancel_payout(creator=creator, payout_id=called_off.pk)
    open_payout(creator=creator, tokens=500, kind=Payout.Kind.MANUAL, key="two")
    eager = make.make_person("eager")
    make.buy_tokens(eager, 2_000)
    services.send_tip(payer=eager, payee=creator, amount=1_900, key="eager")
    assert services.screen_sales() == 1
    asked = services.request_adjustment(
        staff=make.make_staff("clerk"),
        person=creator,
        kind=Adjustment.Kind.CREDIT_CREATOR,
        tokens=9,
        reason="x",
        key="a",
    )
    services.decide_adjustment(adjustment_id=asked.pk, staff=make.make_staff("chief"), approve=True)
    assert broken() == []
    return fan


@pytest.mark.parametrize("model", [LedgerTransaction, LedgerEntry, LotUse])
@pytest.mark.parametrize("act", ["update", "delete"])
def test_what_was_written_stays_written(ledger, model, act):
    """LEDGER-1: rows are never updated or deleted."""
    rows = model.objects.filter(pk=model.objects.first().pk)
    change = {"update": lambda: rows.update(amount=1), "delete": lambda: rows._raw_delete(rows.db)}[act]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()


def post_half_a_transaction():
    with transaction.atomic():
        head = LedgerTransaction.objects.create(type="adjustment", kind="x", key="x")
        LedgerEntry.objects.create(transaction=head, account=LedgerAccount.objects.get(kind="fees"), amount=5)


def test_entries_that_do_not_sum_to_zero_are_refused(ledger):
    """LEDGER-1."""
    with pytest.raises(DatabaseError, match="sum to zero"):
        post_half_a_transaction()


def test_a_balance_below_zero_is_refused(ledger):
    """LEDGER-2: by a constraint, whoever tries."""
    with pytest.raises(DatabaseError, match="economy_account_never_negative"), transaction.atomic():
        LedgerAccount.objects.filter(owner=ledger, kind="purchased").update(balance=-1)


@contextmanager
def corruption(*statements):
    """Do what no code of ours can: change the ledger behind its triggers and constraints. Undone afterwards."""
    tables = ["ledgertransaction", "ledgerentry", "lotuse"]
    with transaction.atomic(), connection.cursor() as cursor:
        point = transaction.savepoint()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE economy_{table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        yield
        transaction.savepoint_rollback(point)


UNCHECK = "ALTER TABLE economy_{} DROP CONSTRAINT economy_{}"

TAXED = (
    "INSERT INTO economy_purchasetax (purchase_id, source, country, region, name, rate_ppm, is_inclusive, net_minor,"
    " tax_minor, created_at) SELECT id, 'quote', 'GB', '', 'VAT', 200000, true, {net}, 7, now() FROM economy_purchase LIMIT 1"
)
PLANTS = {
    "a closed month is what the ledger says of it": [
        (
            "INSERT INTO economy_statement (id, person_id, role, month, opening, change, closing, fee, lines, sums, pots,"
            " payout_micros, closed_at) SELECT uuidv7(), owner_id, 'fan', '2020-01-01', 1, 1, 2, 0, 1, '[]', '{}', 50000,"
            " now() FROM economy_ledgeraccount WHERE kind = 'purchased' LIMIT 1"
        )
    ],
    "invoice numbers leave no gap": ["INSERT INTO economy_invoiceseries (name, last) VALUES ('X', 3)"],
    "a purchase's documents come to what it says they do": [
        "UPDATE economy_purchase SET invoiced_minor = invoiced_minor + 1"
    ],
    "net and tax make the price of a purchase": [TAXED.format(net="amount_minor")],
    "documents carry the part of the tax that belongs to them": [
        TAXED.format(net="amount_minor - 7"),
        "INSERT INTO economy_invoiceseries (name, last) VALUES ('X', 1)",
        (
            "INSERT INTO economy_invoice (id, series_id, number, kind, person_id, purchase_id, tokens, bonus_tokens,"
            " amount_minor, currency, tax_id, tax_minor, issuer, billed_to, issued_at)"
            " SELECT uuidv7(), 'X', 1, 'invoice', p.person_id, p.id, 0, 0, p.amount_minor, 'USD', t.id, 6, '{}', '', now()"
            " FROM economy_purchasetax t JOIN economy_purchase p ON p.id = t.purchase_id"
        ),
    ],
    "entries sum to zero": [
        "UPDATE economy_ledgerentry SET amount = amount + 1 WHERE id = (SELECT min(id) FROM economy_ledgerentry)"
    ],
    "each transaction sums to zero": [
        "UPDATE economy_ledgerentry SET amount = amount + 1 WHERE id = (SELECT min(id) FROM economy_ledgerentry)",
        "UPDATE economy_ledgerentry SET amount = amount - 1 WHERE id = (SELECT max(id) FROM economy_ledgerentry)",
    ],
    "each transaction has at least two entries": [
        (
            "INSERT INTO economy_ledgertransaction (id, type, kind, key, source_type, source_id, amount, fee, fee_bp, is_first, data, created_at)"
            " VALUES (uuidv7(), 'adjustment', 'x', 'x', '', '', 0, 0, 0, true, '{}', '2026-01-01')"
        )
    ],
    "cached balance and unfolded entries are the sum of entries": [
        "UPDATE economy_ledgeraccount SET balance = balance + 1 WHERE kind = 'pending'"
    ],
    "what waits to be folded is its entry": [
        "UPDATE economy_entrytofold SET amount = amount + 1 WHERE entry_id = (SELECT max(entry_id) FROM economy_entrytofold)"
    ],
    "no person's balance is below zero": [
        UNCHECK.format("ledgeraccount", "account_never_negative"),
        "UPDATE economy_ledgeraccount SET balance = -1 WHERE kind = 'debt'",
    ],
    "balances after each entry follow from one another": [
        (
            "UPDATE economy_ledgerentry SET balance_after = balance_after + 1 WHERE id ="
            " (SELECT max(e.id) FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id WHERE a.kind = 'held')"
        )
    ],
    "free lots are the purchased and promotional balances": [
        "UPDATE economy_tokenlot SET remaining = remaining - 1 WHERE origin = 'purchase' AND remaining > 0"
    ],
    "open holds are the held balance": ["UPDATE economy_hold SET remaining = remaining - 1 WHERE key = 'hold 2'"],
    "a hold is the sum of its lots": [
        "UPDATE economy_holdlot SET remaining = remaining + 1 WHERE id = (SELECT max(id) FROM economy_holdlot)"
    ],
    "a lot is what remains, what is held and what was used": ["UPDATE economy_tokenlot SET granted = granted + 1"],
    "lots in a hold belong to its person": [
        "UPDATE economy_hold SET person_id = (SELECT id FROM accounts_user WHERE username = 'creator') WHERE key = 'hold 2'"
    ],
    "no key was posted twice": [
        UNCHECK.format("ledgertransaction", "transaction_key_once"),
        "UPDATE economy_ledgertransaction SET key = 'm1' WHERE key = 'm2'",
    ],
    "fee and share are the charge": ["UPDATE economy_ledgertransaction SET fee = fee + 1 WHERE key = 'tip'"],
    "a transaction's amount is what its person's tokens changed by": [
        "UPDATE economy_ledgertransaction SET amount = amount + 1 WHERE type = 'promo'"
    ],
    "a charge is covered by its lots": [
        "UPDATE economy_lotuse u SET amount = u.amount + 1 FROM economy_ledgertransaction t WHERE t.id = u.transaction_id AND t.key = 'tip'"
    ],
    "nothing is refunded beyond its charge": ["UPDATE economy_ledgertransaction SET amount = 51 WHERE key = 'back'"],
    "fees of a sale in parts are the fee on its total": [
        "UPDATE economy_ledgertransaction SET fee = fee + 1 WHERE key = 'm2'"
    ],
    "purchases are credited once, and as they say": [
        "UPDATE economy_purchase SET credited_tokens = credited_tokens - 1 WHERE credited_tokens > 0"
    ],
    "nobody has bought tokens that no purchase brought": [
        "UPDATE economy_tokenlot SET purchase_id = NULL WHERE origin = 'bonus'"
    ],
    "earnings that wait are the pending balance": [
        "UPDATE economy_earning SET amount = amount + 1 WHERE matured_at IS NULL"
    ],
    "an earning is the share that may be withdrawn of its charge": [
        "UPDATE economy_earning SET creator_id = (SELECT id FROM accounts_user WHERE username = 'fan')"
    ],
    "what was taken back of an earning is in its reversals": [
        "UPDATE economy_earning SET reversed = reversed + 1 WHERE reversed < amount"
    ],
    "what one person gives is what the other gets": ["UPDATE economy_transfer SET amount = amount + 1"],
    "tokens between people are on nobody's way": [
        (
            "UPDATE economy_ledgerentry SET amount = amount + 1 WHERE id = (SELECT max(e.id) FROM economy_ledgerentry e"
            " JOIN economy_ledgeraccount a ON a.id = e.account_id WHERE a.kind = 'gifts')"
        )
    ],
    "gifts come from bought tokens and are given no further": [
        "UPDATE economy_tokenlot SET is_withdrawable = true WHERE origin = 'gift'"
    ],
    "a tip is the charge it names": [
        "UPDATE economy_tip SET payee_id = (SELECT id FROM accounts_user WHERE username = 'fan')"
    ],
    "codes are used as often as they say": ["UPDATE economy_vouchercode SET used = used + 1"],
    "payouts under way are the in-payout balance": ["UPDATE economy_payout SET place = 'payouts' WHERE key = 'two'"],
    "a payout is posted where it stands, once": ["UPDATE economy_payout SET postings = postings + 1 WHERE key = 'one'"],
    "what was paid out is the payouts that were paid": [
        "UPDATE economy_payout SET place = 'payouts' WHERE key = 'one'"
    ],
    "a payout's tokens are where its state says": ["UPDATE economy_payout SET state = 'paid' WHERE key = 'two'"],
    "a payout's money is its tokens at the payout rate": ["UPDATE economy_payout SET amount_minor = amount_minor + 1"],
    "money that left has its transfer": ["UPDATE economy_payout SET transfer_id = 'tr_1' WHERE key = 'two'"],
    "one payout of a creator is under way at a time": [
        "DROP INDEX economy_payout_one_open",
        "UPDATE economy_payout SET state = 'approved' WHERE key = 'one'",
    ],
    "what a dispute took back is a reversal, and given again once": [
        "UPDATE economy_chargereversal SET amount = amount + 1"
    ],
    "a dispute takes back no more than it disputes": ["UPDATE economy_purchase SET disputed_minor = 0"],
    "what staff look at waits for them, and for nobody once they decided": [
        "UPDATE economy_earning SET available_at = now() WHERE available_at IS NULL"
    ],
    "a sale under review is its two people's": [
        "UPDATE economy_salereview SET payer_id = (SELECT id FROM accounts_user WHERE username = 'fan')"
    ],
    "a correction is posted once, as two people agreed": ["UPDATE economy_adjustment SET tokens = tokens + 1"],
    "staff have no wallet": ["UPDATE accounts_user SET is_staff = true WHERE username = 'fan'"],
}


def test_every_invariant_has_a_plant():
    assert set(PLANTS) == set(INVARIANTS)


@pytest.mark.parametrize("name", PLANTS)
def test_the_audit_sees_each_kind_of_corruption(ledger, name):
    """LEDGER-1: verified by a job that fails loudly."""
    with corruption(*PLANTS[name]):
        assert name in {fault.name for fault in broken()}
    assert broken() == []


def test_the_command_says_that_all_is_well(ledger):
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert "The ledger balances" in out.getvalue()


def test_the_command_names_what_is_wrong_and_exits_with_one(ledger):
    errors = StringIO()
    with corruption("UPDATE economy_tokenlot SET granted = granted + 1"), pytest.raises(CommandError) as stopped:
        call_command("check_ledger", stderr=errors, stdout=StringIO())
    assert stopped.value.returncode == 1
    assert "a lot is what remains, what is held and what was used" in errors.getvalue()
    assert "granted" in errors.getvalue()


def test_the_nightly_job_fails_loudly(ledger):
    from economy.tasks import check_ledger

    check_ledger()
    with corruption("UPDATE economy_tokenlot SET granted = granted + 1"), pytest.raises(AssertionError):
        check_ledger()


def test_purchases_are_protected_from_deletion(ledger):
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        Purchase.objects.first().delete()
    with pytest.raises(ProtectedError):
        ledger.delete()


def test_the_migration_of_the_posting_functions_goes_back_and_forth(db):
    from economy import sql

    with connection.cursor() as cursor:
        for name in ("taxes_withdrawn", "places", "taxes", "rates", "papers", "guards"):
            cursor.execute(sql.read(f"{name}_drop"))
        for name in ("drop", "types_drop"):
            cursor.execute(sql.read(name))
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'economy_%'")
        assert cursor.fetchone() == (0,)
        cursor.execute(sql.read("types"))
        cursor.execute("\n".join(sql.read(name) for name in sql.FUNCTIONS))
        cursor.execute(sql.read("guards"))
        cursor.execute(sql.read("papers"))
        cursor.execute(sql.read("rates"))
        cursor.execute(sql.read("taxes"))
        cursor.execute(sql.read("places"))
        cursor.execute(sql.read("taxes_withdrawn"))
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'economy_%'")
        written = "".join(sql.read(name) for name in (*sql.FUNCTIONS, "guards", "papers"))
        assert cursor.fetchone()[0] == written.count("CREATE FUNCTION economy_") > 19
