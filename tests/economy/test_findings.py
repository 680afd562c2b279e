"""What reconciliation found, in the hands of those who watch and of staff; and when it runs (PAY-10)."""

from __future__ import annotations

import pytest

from accounts.errors import OwnAccount
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import AuditEntry
from economy import selectors, services, tasks
from economy.errors import StripeUnavailable
from economy.models import Finding, Purchase, Reconciliation
from economy.selectors import Balance
from tests.economy.books import charge_directly, open_findings, run, run_nightly, send_directly

pytestmark = pytest.mark.django_db
Kind = Finding.Kind


def test_the_schedule_leaves_the_last_minute_to_webhooks(order, fan, stripe, clock):
    """PAY-10: the tasks of the beat; nights go back weeks."""
    stripe.pay(order.stripe_session_id)
    tasks.reconcile_recent()
    assert selectors.get_balance(fan) == Balance()
    clock.advance(minutes=2)
    tasks.reconcile_recent()
    assert selectors.get_balance(fan).spendable == 515
    clock.advance(days=34)
    charge_directly(stripe)
    tasks.reconcile_recent()
    assert open_findings() == set()
    tasks.reconcile_nightly()
    assert len(open_findings()) == 1
    assert [(row.kind, bool(row.finished_at)) for row in Reconciliation.objects.order_by("id")] == [
        ("recent", True),
        ("recent", True),
        ("recent", True),
        ("nightly", True),
    ]


def test_what_staff_resolved_stays_resolved_while_both_sides_say_the_same(stripe, desk, alerts):
    """PAY-10: it opens again, and alerts again, when Stripe says something else."""
    intent = charge_directly(stripe)
    run()
    row = Finding.objects.get()
    with pytest.raises(ValidationFailed):
        services.resolve_finding(finding_id=row.pk, staff=desk, reason=" ")
    services.resolve_finding(finding_id=row.pk, staff=desk, reason="A terminal at the fair.")
    with pytest.raises(InvalidState):
        services.resolve_finding(finding_id=row.pk, staff=desk, reason="Again.")
    with pytest.raises(InvalidState):
        services.look_at_finding(finding_id=row.pk, staff=desk)
    run_nightly()
    row.refresh_from_db()
    assert (row.is_open, row.sightings, len(alerts)) == (False, 2, 1)
    entry = AuditEntry.objects.get(action="economy.finding_resolved")
    assert (entry.actor_id, entry.reason) == (desk.pk, "A terminal at the fair.")
    stripe.refund(intent["id"], amount=100)
    run()
    row.refresh_from_db()
    assert (row.is_open, row.resolution, len(alerts)) == (True, "", 2)


def test_nobody_sees_to_a_finding_about_themselves(paid, fan, desk, stripe):
    """ACC-5, PAY-10."""
    Purchase.objects.filter(pk=paid.pk).update(amount_minor=2_400)
    run()
    row = Finding.objects.get()
    with pytest.raises(OwnAccount):
        services.resolve_finding(finding_id=row.pk, staff=fan, reason="Mine.")
    with pytest.raises(OwnAccount):
        services.look_at_finding(finding_id=row.pk, staff=fan)
    stripe.fault("error", times=4)
    with pytest.raises(StripeUnavailable):
        services.look_at_finding(finding_id=row.pk, staff=desk)
    stripe.forget_faults()
    assert services.look_at_finding(finding_id=row.pk, staff=desk).is_open
    Purchase.objects.filter(pk=paid.pk).update(amount_minor=2_500)
    assert not services.look_at_finding(finding_id=row.pk, staff=desk).is_open


def test_staff_look_again_and_resolve_in_the_admin(stripe, payee, staff_client):
    """PAY-10: open ones first; each act says what came of it."""
    account = selectors.get_payout_account(payee).account_id
    made, intent = send_directly(stripe, account)["id"], charge_directly(stripe)
    run()
    transfer, charge = Finding.objects.get(kind=Kind.UNKNOWN_TRANSFER), Finding.objects.get(kind=Kind.UNKNOWN_CHARGE)
    at = "/admin/economy/finding/{}/act/{}/".format
    said = staff_client.post(at(transfer.pk, "look"), follow=True).content.decode()
    assert "Both sides still differ." in said
    stripe.reverse_transfer(made)
    said = staff_client.post(at(transfer.pk, "look"), follow=True).content.decode()
    assert "Nothing differs any more" in said
    listed = staff_client.get("/admin/economy/finding/").content.decode()
    assert listed.index(intent["latest_charge"]) < listed.index(made)
    assert staff_client.post(at(charge.pk, "resolve")).status_code == 422
    staff_client.post(at(charge.pk, "resolve"), {"reason": "Seen to."})
    assert open_findings() == set()
    only_open = staff_client.get("/admin/economy/finding/?state=open").content.decode()
    assert intent["latest_charge"] not in only_open
    assert "The last hours" in staff_client.get("/admin/economy/reconciliation/").content.decode()
    charge.refresh_from_db()
    assert (charge.resolution, AuditEntry.objects.filter(target_type="economy.finding").count()) == ("Seen to.", 3)


def test_those_who_watch_are_told_how_many_are_open(client, stripe):
    """PAY-10: an alert opens."""
    assert "digis_reconciled_seconds -1.0" in client.get("/metrics").content.decode()
    charge_directly(stripe)
    run()
    figures = client.get("/metrics").content.decode()
    assert "digis_findings_open 1.0" in figures
    assert "digis_reconciled_seconds -1.0" not in figures
