"""Mail that comes back stops, is shown to its owner, and goes on once the address is proven again (NOT-7).

Events come over HTTP in Mailgun's own format with its signature, as django-anymail reads them.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.core import mail as django_mail

from accounts import services as accounts
from digis.core import clock as core_clock
from notifications import bounces
from notifications.models import Delivery, MailEvent, Suppression
from tests import make
from tests.notifications import cast

pytestmark = pytest.mark.django_db
URL = "/mail/events/mailgun/tracking/"


def told(event: str, *, to: str, delivery: Delivery | None = None, token: str = "", at=None, **data) -> dict:
    """What Mailgun posts about one letter."""
    variables = {"delivery": str(delivery.pk)} if delivery else {}
    return {
        "token": token or uuid4().hex,
        "data": {
            "event": event,
            "timestamp": (at or core_clock.now()).timestamp(),
            "recipient": to,
            "message": {"headers": {"message-id": f"{uuid4()}@elsewhere.example"}},
            "user-variables": variables,
            **data,
        },
    }


def post(client, word: dict, *, key: str = "development-only-not-a-secret"):
    stamp = str(int(core_clock.now().timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}{word['token']}".encode(), hashlib.sha256).hexdigest()
    body = {
        "signature": {"timestamp": stamp, "token": word["token"], "signature": signature},
        "event-data": word["data"],
    }
    return client.post(URL, json.dumps(body), content_type="application/json")


def hard(to: str, **more) -> dict:
    status = {"message": "550 5.1.1 no such user", "description": ""}
    return told("failed", to=to, **{"severity": "permanent", "reason": "bounce", "delivery-status": status, **more})


@pytest.fixture
def ana(db):
    return cast.listener("ana", "mail")


@pytest.fixture
def sent(ana) -> Delivery:
    """A letter that left."""
    cast.follow(ana)
    cast.run()
    return cast.delivery_of(ana, "mail")


def test_a_hard_bounce_stops_mail_and_stands_in_the_delivery_log(ana, sent, client):
    """NOT-7."""
    assert post(client, hard(ana.email, delivery=sent)).status_code == 200
    sent.refresh_from_db()
    assert sent.status == Delivery.Status.BOUNCED
    assert "no such user" in sent.reason
    event = MailEvent.objects.get()
    assert (event.provider, event.kind, event.delivery_id) == ("mailgun", "bounced", sent.pk)
    assert bounces.is_suppressed("Ana@Example.com")
    cast.follow(ana)
    cast.run()
    assert len(django_mail.outbox) == 1
    assert cast.delivery_of(ana, "mail").status == Delivery.Status.DROPPED


def test_a_soft_bounce_stops_nothing(ana, sent, client):
    post(client, hard(ana.email, delivery=sent, severity="temporary", reason="generic"))
    assert MailEvent.objects.get().kind == "deferred"
    sent.refresh_from_db()
    assert sent.status == Delivery.Status.SENT
    assert not bounces.is_suppressed(ana.email)


def test_a_complaint_stops_letters_but_not_what_an_account_must_tell(ana, sent, client):
    post(client, told("complained", to=ana.email, delivery=sent))
    assert bounces.is_suppressed(ana.email)
    assert not bounces.is_dead(ana.email)
    cast.follow(ana)
    cast.run()
    assert len(django_mail.outbox) == 1
    accounts.send_verify_code(person=ana)
    assert len(make.mail_to(ana)) == 2


def test_an_event_told_twice_counts_once(ana, sent, client):
    word = hard(ana.email, delivery=sent)
    for _ in range(3):
        assert post(client, word).status_code == 200
    assert MailEvent.objects.count() == 1
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("order", list(itertools.permutations(["delivered", "bounced", "opened"])))
def test_the_order_in_which_events_come_does_not_matter(ana, sent, client, order):
    words = {
        "delivered": told("delivered", to=ana.email, delivery=sent),
        "bounced": hard(ana.email, delivery=sent),
        "opened": told("opened", to=ana.email, delivery=sent),
    }
    for name in order:
        post(client, words[name])
    sent.refresh_from_db()
    assert sent.status == Delivery.Status.BOUNCED
    assert bounces.is_suppressed(ana.email)


def test_events_find_a_letter_by_the_name_its_provider_gave_it(ana, client):
    cast.follow(ana)
    cast.run()
    row = cast.delivery_of(ana, "mail")
    Delivery.objects.filter(pk=row.pk).update(provider_id="<known@mailgun.example>")
    post(client, hard(ana.email, message={"headers": {"message-id": "known@mailgun.example"}}))
    row.refresh_from_db()
    assert row.status == Delivery.Status.BOUNCED


def test_events_find_a_letter_by_our_own_message_id(ana, sent, client):
    """A mail server takes the letter, and a provider's feedback loop names it as we did."""
    post(client, hard(ana.email, message={"headers": {"message-id": f"{sent.pk}@digis.example"}}))
    sent.refresh_from_db()
    assert sent.status == Delivery.Status.BOUNCED


@pytest.mark.parametrize("key", ["another key", ""])
def test_an_event_nobody_signed_is_refused(ana, client, key):
    assert post(client, hard(ana.email), key=key or "x").status_code == 400
    assert not MailEvent.objects.exists()


def test_only_providers_we_use_have_a_door(client, settings):
    assert client.post("/mail/events/postmark/tracking/", "{}", content_type="application/json").status_code == 404
    assert client.post("/mail/events/nobody/tracking/", "{}", content_type="application/json").status_code == 404
    assert client.get(URL).status_code == 405
    settings.MAIL_EVENTS = ["postmark"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": "postman:secret"}
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "ana@example.com", "ID": 7, "MessageID": "m"}
    body = json.dumps({**bounce, "BouncedAt": "2026-11-20T10:00:00Z"})
    url = "/mail/events/postmark/tracking/"
    assert client.post(url, body, content_type="application/json").status_code == 400
    import base64

    basic = "Basic " + base64.b64encode(b"postman:secret").decode()
    answer = client.post(url, body, content_type="application/json", headers={"Authorization": basic})
    assert answer.status_code == 200
    assert bounces.is_dead("ana@example.com")
    assert client.post(URL, "{}", content_type="application/json").status_code == 404


def test_a_body_too_long_is_not_read(client):
    assert client.post(URL, b"x" * 600_000, content_type="application/json").status_code == 413


# ── The way back ────────────────────────────────────────────────────────────────────────────


def test_the_owner_sees_it_proves_the_address_by_a_code_and_mail_goes_on(ana, sent, client):
    post(client, hard(ana.email, delivery=sent))
    client.force_login(ana)
    page = client.get("/settings/notifications/").content.decode()
    assert "/settings/notifications/address/" in page
    assert "came back" in client.get("/settings/notifications/address/").content.decode()
    assert client.post("/settings/notifications/address/", {"act": "send"}).status_code == 303
    code = make.code_in(make.mail_to(ana)[-1])  # the code goes out although mail came back
    wrong = client.post("/settings/notifications/address/", {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    assert bounces.is_suppressed(ana.email)
    assert client.post("/settings/notifications/address/", {"code": code}).status_code == 303
    assert not bounces.is_suppressed(ana.email)
    assert client.get("/settings/notifications/address/").status_code == 303
    before = len(django_mail.outbox)
    cast.follow(ana)
    cast.run()
    assert len(django_mail.outbox) == before + 1


def test_signing_in_by_a_mailed_code_proves_the_address_too(ana, sent, client):
    post(client, hard(ana.email, delivery=sent))
    accounts.send_sign_in_code(email=ana.email)
    accounts.redeem_sign_in_code(email=ana.email, code=make.code_in(make.mail_to(ana)[-1]))
    assert not bounces.is_suppressed(ana.email)


def test_whoever_complained_is_not_written_to_again_for_signing_in(ana, sent, client):
    post(client, told("complained", to=ana.email, delivery=sent))
    accounts.send_sign_in_code(email=ana.email)
    accounts.redeem_sign_in_code(email=ana.email, code=make.code_in(make.mail_to(ana)[-1]))
    assert bounces.is_suppressed(ana.email)


def test_another_address_gets_mail(ana, sent, client):
    post(client, hard(ana.email, delivery=sent))
    ana.email = "ana@elsewhere.example"
    ana.save(update_fields=["email"])
    cast.follow(ana)
    cast.run()
    assert django_mail.outbox[-1].to == ["ana@elsewhere.example"]


def test_an_old_bounce_does_not_undo_a_newer_proof(ana, sent, client, clock):
    before = core_clock.now() - timedelta(minutes=5)
    post(client, hard(ana.email, delivery=sent))
    assert bounces.lift(address=ana.email)
    post(client, hard(ana.email, delivery=sent, at=before))
    assert not bounces.is_suppressed(ana.email)
    clock.advance(hours=1)
    post(client, hard(ana.email, delivery=sent))
    assert bounces.is_suppressed(ana.email)


def test_mail_about_an_account_is_not_sent_where_nobody_is(ana, sent, client):
    """What a person asks for this minute goes; the rest would come back as well."""
    from digis.core import mail

    post(client, hard(ana.email, delivery=sent))
    mail.send(to=ana, template="accounts/password_changed", context={"security": "https://digis.example"})
    before = len(django_mail.outbox)
    make.handle_outbox("core.mail")
    assert len(django_mail.outbox) == before


# ── What providers call final ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "reason", "raw", "is_final"),
    [
        (EventType.BOUNCED, RejectReason.BOUNCED, {}, True),
        (EventType.BOUNCED, RejectReason.INVALID, {}, True),
        (EventType.BOUNCED, RejectReason.OTHER, {}, True),
        (EventType.BOUNCED, None, None, True),
        (EventType.BOUNCED, RejectReason.BOUNCED, {"Type": "SoftBounce"}, False),  # Postmark
        (EventType.BOUNCED, RejectReason.BOUNCED, {"event": "soft_bounce"}, False),  # Brevo, Mandrill
        (EventType.BOUNCED, RejectReason.BOUNCED, {"bounce": {"bounceType": "Transient"}}, False),  # SES
        (EventType.BOUNCED, RejectReason.BOUNCED, {"bounce": {"bounceType": "Permanent"}}, True),
        (EventType.BOUNCED, RejectReason.TIMED_OUT, {}, False),
        (EventType.BOUNCED, RejectReason.BLOCKED, {}, False),
        (EventType.BOUNCED, RejectReason.SPAM, {}, False),
        (EventType.REJECTED, RejectReason.INVALID, {}, True),
        (EventType.REJECTED, RejectReason.SPAM, {}, False),
        (EventType.DEFERRED, None, {}, False),
        (EventType.COMPLAINED, RejectReason.SPAM, {}, False),
        (EventType.DELIVERED, None, {}, False),
    ],
)
def test_only_an_address_that_is_wrong_is_given_up(kind, reason, raw, is_final):
    event = AnymailTrackingEvent(event_type=kind, reject_reason=reason, esp_event=raw)
    assert bounces.is_final(event) is is_final


def test_an_event_without_an_id_is_known_by_what_it_says():
    moment = core_clock.now()
    for _ in range(2):
        event = AnymailTrackingEvent(
            event_type=EventType.DELIVERED, timestamp=moment, message_id="m", recipient="a@example.com"
        )
        bounces.record_event(provider="postmark", event=event)
    assert MailEvent.objects.count() == 1


def test_what_providers_said_is_forgotten_and_what_holds_is_kept(ana, sent, client, clock):
    post(client, hard(ana.email, delivery=sent))
    clock.advance(days=91)
    assert bounces.prune() == 1
    assert bounces.is_suppressed(ana.email)
