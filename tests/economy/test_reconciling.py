"""Stripe's books and ours: what was missed is repaired, what differs is told to staff once, nothing is guessed (PAY-10)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from digis.core import clock as house_clock
from economy import gateway, selectors, services
from economy.models import Dispute, Finding, LedgerTransaction, Payout, Purchase, Reconciliation
from economy.selectors import Balance
from economy.services import findings, looking
from tests.economy.books import charge_directly, intent_of, open_findings, run, send_directly
from tests.economy.payees import places, play, settle_bank

pytestmark = pytest.mark.django_db
Kind = Finding.Kind


# — what was missed —


def test_a_payment_nobody_told_us_of_is_credited_once(order, fan, stripe, alerts):
    """PAY-10: every webhook was lost."""
    stripe.pay(order.stripe_session_id)
    first = run()
    posted = LedgerTransaction.objects.count()
    second = run()
    assert (first.charges, first.repaired, first.found) == (1, 1, 0)
    assert (second.charges, second.repaired, second.found) == (1, 0, 0)
    assert first.finished_at
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    assert LedgerTransaction.objects.count() == posted > 0
    assert alerts == []


def test_a_payment_of_a_purchase_we_took_for_expired_is_credited(order, fan, stripe):
    """PAY-10: an expired purchase asks Stripe nothing by itself; the charge names it."""
    stripe.pay(order.stripe_session_id)
    Purchase.objects.filter(pk=order.pk).update(status="expired", next_check_at=None)
    assert run().repaired == 1
    order.refresh_from_db()
    assert (order.status, selectors.get_balance(fan).spendable) == ("paid", 515)
    assert open_findings() == set()


def test_a_purchase_that_says_paid_and_credited_nothing_is_credited(order, fan, stripe):
    """PAY-10: what the ledger holds is compared as well, not the status alone."""
    intent = stripe.pay(order.stripe_session_id)["payment_intent"]
    Purchase.objects.filter(pk=order.pk).update(
        status="paid", stripe_payment_intent_id=intent, paid_at=house_clock.now(), next_check_at=None
    )
    assert run().repaired == 1
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)


def test_a_payment_that_a_webhook_brings_in_meanwhile_is_of_its_purchase(paid, stripe, monkeypatch):
    """PAY-10: between two reads of ours it was taken in; it is no charge of nobody."""
    monkeypatch.setattr(looking, "find_purchase_by_intent", lambda _intent: None)
    assert run().found == 0


def test_refunds_and_disputes_made_at_stripe_are_taken_in(paid, fan, stripe):
    """PAY-10: also of a charge that lies before the time that is compared."""
    stripe.refund(intent_of(paid), amount=500)
    assert run().repaired == 1
    paid.refresh_from_db()
    assert (paid.refunded_minor, paid.credited_tokens) == (500, 400)
    stripe.advance(6 * 3_600)
    dispute = stripe.dispute(intent_of(paid))
    since = house_clock.now() + timedelta(hours=5)
    made = services.reconcile(since=since, until=since + timedelta(hours=2), kind=Reconciliation.Kind.RECENT)
    assert (made.charges, made.refunds, made.disputes, made.repaired) == (0, 0, 1, 1)
    assert Dispute.objects.get().stripe_id == dispute["id"]
    assert selectors.get_balance(fan) == Balance()
    stripe.close_dispute(dispute["id"], "won")
    assert run().repaired == 1  # the dispute was made later than that, and the charge says that there was one
    assert selectors.get_balance(fan) == Balance(purchased=400, promotional=12)
    assert run().repaired == 0
    assert open_findings() == set()


def test_each_state_of_a_purchase_agrees_with_stripe(order, fan, creator, stripe, alerts):
    """PAY-10: what converged is repaired by no run and found by none."""
    stripe.pay(order.stripe_session_id)
    acts = [
        lambda: None,
        lambda: services.send_tip(payer=fan, payee=creator, amount=300, key="tip"),
        lambda: stripe.refund(intent_of(order), amount=499),
        lambda: stripe.dispute(intent_of(order), amount=1_000),
        lambda: stripe.close_dispute(gateway.get_payment(intent_of(order)).disputes[0].id, "lost"),
    ]
    for act in acts:
        act()
        services.converge_purchase(purchase_id=order.pk)
        made = run()
        assert (made.repaired, made.found) == (0, 0)
    assert alerts == []


def test_a_transfer_we_lost_sight_of_takes_its_payout_further(payee, stripe):
    """PAY-10: the payout was being sent, and the answer was lost."""
    services.request_payout(creator=payee, key="one")
    payout = play.approve(payee, work_after=False)
    Payout.objects.filter(pk=payout.pk).update(state="transferring", transfer_attempts=1)
    account = selectors.get_payout_account(payee).account_id
    gateway.transfer(
        key="lost", account_id=account, amount_minor=payout.amount_minor, currency="USD", payout_id=payout.pk
    )
    assert run().repaired == 1
    payout.refresh_from_db()
    assert (payout.state, bool(payout.transfer_id)) == ("transferred", True)
    assert open_findings() == set()


def test_a_bank_that_took_or_refused_unseen_moves_its_payout(payee, stripe):
    """PAY-10."""
    services.request_payout(creator=payee, key="one")
    payout = play.send(payee)
    stripe.pay_payout(payout.stripe_payout_id)
    assert run().repaired == 1
    assert places(payee) == (0, 0, 1_000)
    assert run().repaired == 0
    stripe.fail_payout(payout.stripe_payout_id)
    assert run().repaired == 1
    payout.refresh_from_db()
    assert (payout.state, open_findings()) == ("failed", set())


# — what differs —


def test_an_unknown_charge_is_told_once_and_never_credited(fan, stripe, alerts):
    """PAY-10."""
    intent = charge_directly(stripe)
    charge = intent["latest_charge"]
    for number in range(1, 4):
        assert run().found == 1
        row = Finding.objects.get()
        assert (row.key, row.stripe_minor, row.currency, row.sightings) == (
            f"unknown_charge:{charge}",
            1_200,
            "USD",
            number,
        )
    assert alerts == [("reconciliation_found", row.key)]
    assert not LedgerTransaction.objects.exists()
    stripe.refund(intent["id"])
    assert run().found == 0  # it went back whole, and so it is nobody's money
    row.refresh_from_db()
    assert (row.is_open, row.resolved_by, row.resolution) == (False, None, findings.GONE)


def test_what_another_run_found_meanwhile_is_left_open(stripe):
    """PAY-10: a look resolves only what nobody saw since it began."""
    charge_directly(stripe)
    run()
    row = Finding.objects.get()
    assert findings.resolve_gone(subjects=[row.subject], still=[], since=row.last_seen_at) == 0
    assert findings.resolve_gone(subjects=[row.subject], still=[], since=house_clock.now()) == 1


def test_a_second_payment_that_names_a_purchase_is_not_credited_to_it(paid, fan, stripe):
    """PAY-10: nothing is guessed."""
    charge_directly(stripe, amount=2_500, metadata={"purchase": str(paid.pk)})
    run()
    row = Finding.objects.get()
    assert (row.kind, row.purchase_id) == (Kind.UNKNOWN_CHARGE, paid.pk)
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)


def test_refunds_and_disputes_of_nobody_are_told(stripe, alerts):
    """PAY-10: a dispute runs out, and a refund of an older charge has nothing else to be told with."""
    first, second = charge_directly(stripe), charge_directly(stripe)
    stripe.advance(6 * 3_600)
    stripe.refund(first["id"], amount=100)
    dispute = stripe.dispute(second["id"])["id"]
    since = house_clock.now() + timedelta(hours=5)
    services.reconcile(since=since, until=since + timedelta(hours=2), kind=Reconciliation.Kind.RECENT)
    assert {kind for kind, _subject in open_findings()} == {Kind.UNKNOWN_REFUND, Kind.UNKNOWN_DISPUTE}
    assert len(alerts) == 2
    stripe.close_dispute(dispute, "won")
    until = since + timedelta(hours=2)
    services.reconcile(since=until, until=until + timedelta(hours=1), kind=Reconciliation.Kind.NIGHTLY)
    assert {kind for kind, _subject in open_findings()} == {Kind.UNKNOWN_REFUND}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"amount_minor": 2_400}, Kind.AMOUNT_DIFFERS), ({"currency": "EUR"}, Kind.CURRENCY_DIFFERS)],
)
def test_another_amount_than_was_quoted_is_told(order, fan, stripe, alerts, changes, kind):
    """PAY-10, LEDGER-7: it is put aside and never credited."""
    Purchase.objects.filter(pk=order.pk).update(**changes)
    stripe.pay(order.stripe_session_id)
    assert (run().found, run().found) == (1, 1)
    row = Finding.objects.get()
    order.refresh_from_db()
    assert (row.kind, row.purchase_id, row.stripe_minor, row.our_minor) == (kind, order.pk, 2_500, order.amount_minor)
    assert order.quarantine_reason
    assert selectors.get_balance(fan) == Balance()
    assert len(alerts) == 1


def test_a_purchase_that_no_payment_stands_behind_is_told(paid, stripe):
    """PAY-10: we credited, and Stripe has nothing of it."""
    Purchase.objects.filter(pk=paid.pk).update(stripe_payment_intent_id="pi_nowhere")
    stripe.reset()
    run()
    row = Finding.objects.get()
    assert (row.kind, row.purchase_id, row.our_minor, row.stripe_minor) == (Kind.MISSING_CHARGE, paid.pk, 2_500, None)


def test_a_credit_that_differs_from_what_was_kept_is_not_passed_over(paid, stripe):
    """PAY-10: converging again does not help; staff have to see it."""
    Purchase.objects.filter(pk=paid.pk).update(refunded_minor=100)
    assert run().repaired == 1
    paid.refresh_from_db()
    assert (paid.refunded_minor, open_findings()) == (0, set())


def test_a_transfer_nobody_knows_is_told(payee, stripe, alerts):
    """PAY-10: money left us for no payout; taken back whole it is none any more."""
    account = selectors.get_payout_account(payee).account_id
    made = send_directly(stripe, account)["id"]
    run()
    run()
    assert open_findings() == {(Kind.UNKNOWN_TRANSFER, made)}
    assert alerts == [("reconciliation_found", f"unknown_transfer:{made}")]
    stripe.reverse_transfer(made)
    assert run().found == 0
    assert open_findings() == set()


def test_a_second_transfer_that_names_a_payout_is_told(payee, stripe):
    """PAY-10."""
    services.request_payout(creator=payee, key="one")
    payout = play.pay(payee)
    more = send_directly(stripe, payout.account_id, metadata={"payout": str(payout.pk)})
    run()
    assert open_findings() == {(Kind.UNKNOWN_TRANSFER, more["id"])}
    assert Finding.objects.get().payout_id == payout.pk


def test_money_to_a_bank_that_no_payout_sent_is_told(payee, stripe):
    """PAY-10: an unmatched payout."""
    services.request_payout(creator=payee, key="one")
    payout = play.send(payee)
    stripe.add_funds(900, account=payout.account_id)
    made = stripe.client.v1.payouts.create({"amount": 900, "currency": "usd"}, {"stripe_account": payout.account_id})
    run()
    assert open_findings() == {(Kind.UNKNOWN_BANK_PAYOUT, made["id"])}
    run(Reconciliation.Kind.NIGHTLY, hours=0)
    assert open_findings() == {(Kind.UNKNOWN_BANK_PAYOUT, made["id"])}


def test_a_payout_whose_transfer_was_reversed_at_stripe_is_told(payee, stripe, alerts):
    """PAY-10: it is with the bank and taken back at once, which cannot be; nothing is posted for it."""
    services.request_payout(creator=payee, key="one")
    payout = play.pay(payee)
    stripe.add_funds(100_000, account=payout.account_id)
    stripe.reverse_transfer(payout.transfer_id)
    run()
    run()
    row = Finding.objects.get()
    assert (row.kind, row.payout_id, len(alerts)) == (Kind.PAYOUT_DIFFERS, payout.pk, 1)
    assert places(payee) == (0, 0, 1_000)
    payout.refresh_from_db()
    assert payout.fault


def test_a_payout_that_claims_another_transfer_or_amount_is_told(payee, stripe):
    """PAY-10: nothing more is sent because of it."""
    services.request_payout(creator=payee, key="one")
    payout = play.pay(payee)
    own = payout.transfer_id
    Payout.objects.filter(pk=payout.pk).update(transfer_id="tr_nowhere")
    run()
    assert open_findings() == {(Kind.MISSING_TRANSFER, str(payout.pk)), (Kind.UNKNOWN_TRANSFER, own)}
    Payout.objects.filter(pk=payout.pk).update(transfer_id=own, bank_minor=4_000, bank_currency="USD")
    run()
    assert open_findings() == {(Kind.PAYOUT_DIFFERS, str(payout.pk))}
    assert len(list(gateway.list_transfers())) == 1


def test_a_payout_that_stopped_at_a_fault_is_told_until_staff_release_it(payee, stripe, desk):
    """PAY-10."""
    services.request_payout(creator=payee, key="one")
    payout = play.pay(payee)
    Payout.objects.filter(pk=payout.pk).update(fault="2 transfers for one payout")
    run()
    row = Finding.objects.get()
    assert (row.kind, row.payout_id, row.stripe_says) == (Kind.PAYOUT_DIFFERS, payout.pk, "2 transfers for one payout")
    services.release_fault(payout_id=payout.pk, staff=desk, reason="There is one.")
    run()
    assert open_findings() == set()


def test_each_state_of_a_payout_agrees_with_stripe(payee, stripe, alerts):
    """PAY-10: asked for, sent, refused, taken back: found by no run."""
    services.request_payout(creator=payee, key="one")
    made = [run()]
    payout = play.send(payee)
    made.append(run())
    settle_bank(stripe, payout)
    made.append(run())
    stripe.fail_payout(payout.stripe_payout_id)
    services.mark_payout_due(payout_id=payout.pk)
    play.approve(payee)
    made.append(run())
    services.answer_refusal(creator=payee, payout_id=payout.pk, wish=Payout.Wish.RETURN)
    play.approve(payee)
    payout.refresh_from_db()
    assert payout.state == "returned"
    made.append(run())
    assert [(row.repaired, row.found, row.failures) for row in made] == [(0, 0, 0)] * 5
    assert alerts == []


# — when things go wrong —


def test_stripe_being_away_leaves_the_run_unfinished_and_the_next_one_repairs(order, fan, stripe):
    """PAY-10: one thing that cannot be asked about keeps no other back."""
    second = services.start_purchase(person=fan, tokens=100, key="order-2")
    for purchase in (order, second):
        stripe.pay(purchase.stripe_session_id)
    stripe.fault("error", path=f".*{intent_of(order)}.*", times=2)
    first = run()
    stripe.forget_faults()
    assert (first.finished_at, first.failures, first.repaired) == (None, 1, 1)
    assert first.error.endswith("APIError")
    second.refresh_from_db()
    order.refresh_from_db()
    assert (order.status, second.status) == ("pending", "paid")
    again = run()
    assert (again.repaired, again.failures, again.error) == (1, 0, "")
    assert again.finished_at


def test_a_run_gives_up_when_nothing_answers(paid, stripe, settings):
    """PAY-10: what was open stays open, and no finding is made of silence."""
    intent = charge_directly(stripe)
    run()
    stripe.refund(intent["id"])
    settings.RECONCILE_MOST_FAILURES = 2
    stripe.fault("error", times=50)
    failed = run()
    stripe.forget_faults()
    assert (failed.failures, failed.finished_at, failed.found) == (2, None, 0)
    assert len(open_findings()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_credit_once_and_find_once(order, fan, stripe, alerts):
    """PAY-10."""
    stripe.pay(order.stripe_session_id)
    charge_directly(stripe)
    gate = Barrier(4)

    def go(_number):
        gate.wait(timeout=30)
        try:
            return run().failures
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(go, range(4))) == [0] * 4
    row = Finding.objects.get()
    assert (row.sightings, row.is_open, len(alerts)) == (4, True, 1)
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
