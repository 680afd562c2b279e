"""When Stripe's news seems lost: finance replays a stored event, or asks Stripe again about one row (LEDGER-5)."""

from __future__ import annotations

import pytest
from django.test import Client
from djstripe.models import Event

from accounts.errors import OwnAccount
from digis.core import outbox
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import AuditEntry, OutboxEntry
from economy import selectors, services
from economy.models import Payout, Purchase, StripeEvent
from economy.selectors import Balance
from tests import make
from tests.economy.payees import ask, words, work

pytestmark = pytest.mark.django_db
EVENTS = "/admin/economy/stripeevent/"
STORED = "economy.stripe_event"


def store(stripe, kind):
    """Store Stripe's newest event of a kind as a webhook does; its promise is lost."""
    said = stripe.events(kind)[-1]
    return Event.objects.create(
        id=said["id"], type=said["type"], data=said["data"], livemode=False, stripe_data=said, api_version="x"
    )


def work_off():
    while make.handle_outbox(STORED, "economy.converge"):
        pass


def act(browser, url, name, reason="The worker had died."):
    return browser.post(f"{url}act/{name}/", {"reason": reason} if reason else {}, follow=True)


@pytest.fixture
def lost(order, stripe):
    """The order was paid, and whatever its event promised is gone."""
    stripe.pay(order.stripe_session_id)
    OutboxEntry.objects.all().delete()
    return store(stripe, "payment_intent.succeeded")


def test_a_replayed_event_credits_once_however_often(lost, fan, staff_client):
    """LEDGER-5: staff can replay; with a reason, and a trace."""
    page = f"{EVENTS}{lost.pk}/"
    for _ in range(3):
        assert "looked at again" in words(act(staff_client, page, "replay"))
        assert OutboxEntry.objects.filter(kind=STORED, done_at__isnull=True).count() == 1
        act(staff_client, page, "replay")
        assert OutboxEntry.objects.filter(kind=STORED, done_at__isnull=True).count() == 1
        work_off()
        assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    entries = AuditEntry.objects.filter(action="economy.event_replayed", target_id=lost.id)
    assert {(entry.actor_label, entry.reason) for entry in entries} == {("@cashier", "The worker had died.")}
    assert entries.count() == 6


def test_a_replay_without_a_reason_changes_nothing(lost, staff_client, desk):
    assert staff_client.post(f"{EVENTS}{lost.pk}/act/replay/").status_code == 422
    with pytest.raises(ValidationFailed):
        services.replay_stripe_event(staff=desk, event_id=lost.id, reason=" ")
    assert not OutboxEntry.objects.filter(kind=STORED).exists()
    assert not AuditEntry.objects.filter(action="economy.event_replayed").exists()


def test_the_list_tells_what_became_of_each_event_and_a_given_up_one_is_taken_up(lost, fan, staff_client, stripe):
    """LEDGER-5: the parked promise itself goes on, so that nothing parked is left to count."""
    outbox.enqueue(kind=STORED, payload={"event": lost.id}, key=lost.id)
    other = store(stripe, "checkout.session.completed")
    listed = words(staff_client.get(EVENTS))
    assert "waits for a worker" in listed
    assert selectors.get_balance(fan) == Balance()
    OutboxEntry.objects.filter(kind=STORED).update(parked_at=lost.djstripe_created, tries=10, last_error="Boom: 7")
    assert "given up" in words(staff_client.get(EVENTS))
    assert "Boom: 7" in words(staff_client.get(f"{EVENTS}{lost.pk}/change/"))
    only_open = words(staff_client.get(f"{EVENTS}?state=open"))
    assert (lost.id in only_open, other.id in only_open) == (True, False)
    act(staff_client, f"{EVENTS}{lost.pk}/", "replay")
    work_off()
    assert selectors.get_balance(fan).purchased == 500
    assert not OutboxEntry.objects.filter(parked_at__isnull=False).exists()
    assert OutboxEntry.objects.filter(kind=STORED).count() == 1
    assert "UTC" in words(staff_client.get(f"{EVENTS}?q={lost.id}"))
    assert lost.id not in words(staff_client.get(f"{EVENTS}?state=open"))


def test_only_finance_replays_and_asks(lost, order, desk):
    """ACC-5: roles are capabilities."""
    browser = make.sign_in_staff(Client(), make.make_staff("warden", groups=["moderator"]))
    for page, name in [
        (f"{EVENTS}{lost.pk}/", "replay"),
        (f"/admin/economy/purchase/{order.pk}/", "ask"),
    ]:
        assert browser.post(f"{page}act/{name}/", {"reason": "Mine."}).status_code == 403
        assert browser.get(f"{page}change/").status_code == 403
    assert not AuditEntry.objects.filter(action__startswith="economy.").exists()
    assert StripeEvent.objects.get().id == lost.id


def test_stripe_is_asked_again_about_a_purchase(order, fan, stripe, staff_client):
    """LEDGER-6: paid, though no word of it came; asking twice changes nothing."""
    stripe.pay(order.stripe_session_id)
    page = f"/admin/economy/purchase/{order.pk}/"
    assert "Ask Stripe again" in words(staff_client.get(f"{page}change/"))
    for _ in range(2):
        assert "The purchase is: Paid." in words(act(staff_client, page, "ask"))
        assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    entries = AuditEntry.objects.filter(action="economy.purchase_asked").order_by("id")
    assert [(entry.data["was"][0], entry.data["is"]) for entry in entries] == [
        ("pending", ["paid", 500, 15]),
        ("paid", ["paid", 500, 15]),
    ]
    assert staff_client.post(f"{page}act/ask/").status_code == 422


def test_an_expired_purchase_that_was_paid_all_the_same_is_found_by_its_page(order, fan, stripe, staff_client):
    """LEDGER-6: nobody had told us its payment."""
    stripe.pay(order.stripe_session_id)
    Purchase.objects.filter(pk=order.pk).update(status="expired", next_check_at=None)
    act(staff_client, f"/admin/economy/purchase/{order.pk}/", "ask")
    order.refresh_from_db()
    assert (order.status, selectors.get_balance(fan).purchased) == ("paid", 500)


def test_a_purchase_put_aside_says_why_until_both_sides_agree(order, fan, stripe, staff_client):
    """LEDGER-7: what differs from the quote is never credited, whoever asks."""
    stripe.pay(order.stripe_session_id)
    Purchase.objects.filter(pk=order.pk).update(amount_minor=2_400)
    page = f"/admin/economy/purchase/{order.pk}/"
    assert "stays put aside: amount 2500" in words(act(staff_client, page, "ask"))
    assert selectors.get_balance(fan) == Balance()
    Purchase.objects.filter(pk=order.pk).update(amount_minor=2_500)
    assert "The purchase is: Paid." in words(act(staff_client, page, "ask"))
    order.refresh_from_db()
    assert (order.quarantine_reason, selectors.get_balance(fan).purchased) == ("", 500)


def test_stripe_that_cannot_be_asked_is_told_and_nothing_changes(order, stripe, staff_client):
    stripe.pay(order.stripe_session_id)
    stripe.fault("error", times=9)
    said = words(act(staff_client, f"/admin/economy/purchase/{order.pk}/", "ask"))
    assert "Stripe cannot be asked right now." in said
    assert not AuditEntry.objects.filter(action="economy.purchase_asked").exists()
    stripe.forget_faults()


def test_nobody_asks_about_what_is_theirs(order, fan):
    """ACC-5."""
    with pytest.raises(OwnAccount):
        services.ask_about_purchase(staff=fan, purchase_id=order.pk, reason="Mine.")


def test_stripe_is_asked_again_about_a_payout(payee, creator_client, stripe, staff_client, desk):
    """PAY-3: the bank took it, though no word of it came."""
    ask(creator_client, 1_000)
    payout = Payout.objects.get()
    with pytest.raises(InvalidState):
        services.ask_about_payout(staff=desk, payout_id=payout.pk, reason="Too early.")
    page = f"/admin/economy/payout/{payout.pk}/"
    assert "Ask Stripe again" not in words(staff_client.get(f"{page}change/"))
    work()
    act(staff_client, page, "approve")
    work()
    payout.refresh_from_db()
    assert payout.state == Payout.State.TRANSFERRED
    stripe.pay_payout(payout.stripe_payout_id)
    assert "The payout is: Paid." in words(act(staff_client, page, "ask"))
    assert "The payout is: Paid." in words(act(staff_client, page, "ask"))
    payout.refresh_from_db()
    assert payout.state == Payout.State.PAID
    assert AuditEntry.objects.filter(action="economy.payout_asked").count() == 2
    with pytest.raises(OwnAccount):
        services.ask_about_payout(staff=payee, payout_id=payout.pk, reason="Mine.")
