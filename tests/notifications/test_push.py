"""Web push, sealed and signed, over real HTTP to a stand-in that opens it with the browser's own keys (NOT-1, NOT-4)."""

from __future__ import annotations

import os
from datetime import time, timedelta
from email.utils import format_datetime

import pytest
import requests
from django.test import Client
from django.utils.dateparse import parse_datetime

from accounts.signals import person_signed_out
from digis.core import clock as core_clock
from digis.core import outbox
from digis.core.models import OutboxEntry
from digis.sandbox.push import PushService
from digis.sandbox.push.seal import encode
from notifications import push, services
from notifications.kinds import Text
from notifications.models import Delivery, PushSubscription
from notifications.push import door, keys
from notifications.push.sending import topic_of
from tests.notifications import cast

pytestmark = pytest.mark.django_db
PUSH = "/notifications/push/"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="module")
def running_service():
    service = PushService().start()
    yield service
    service.stop()


@pytest.fixture
def service(running_service, settings):
    """The stand-in, the only address on this machine that pushes may go to."""
    settings.PUSH_SANDBOX_URL = running_service.url
    running_service.subscriptions.clear()
    running_service.refusals.clear()
    return running_service


def browser_of(person) -> Client:
    client = Client(headers={"User-Agent": AGENT})
    client.force_login(person)
    return client


def turn_on(client: Client, service: PushService, **changes):
    """Do what the button in the settings does: subscribe in the browser, then send what it was given."""
    made = service.subscribe(push.public_key())
    sent = {"act": "on", "endpoint": made.endpoint, **made.keys.public(), **changes}
    answer = client.post(PUSH, sent)
    assert answer.status_code == 303, answer.content.decode()[:500]
    return made


@pytest.fixture
def ana(db):
    return cast.listener("ana", "push")


@pytest.fixture
def ana_client(ana):
    return browser_of(ana)


def send(person, **changes):
    given = {"text": Text("Hello", body="There", url="/wallet/"), "tag": "t", "ttl": 60, "urgency": "normal", **changes}
    return push.send_push(person=person, **given)


# ── What arrives ────────────────────────────────────────────────────────────────────────────


def test_a_browser_is_woken_with_words_only_it_can_read(ana, ana_client, service):
    """NOT-1: from the follow to the opened text, through the outbox."""
    made = turn_on(ana_client, service)
    cast.follow(ana, "ben")
    cast.run()
    assert service.refusals == []
    (pushed,) = made.taken
    row = cast.delivery_of(ana, "push")
    assert row.status == Delivery.Status.SENT
    assert pushed.told["title"] == "Ben follows you"
    assert pushed.told["url"] == f"/notifications/{row.notification_id}/"
    assert pushed.told["tag"]
    assert 0 < pushed.ttl <= 86_400
    assert pushed.urgency == "normal"
    assert pushed.claims["sub"].startswith("mailto:")


def test_sent_again_it_replaces_itself(ana, ana_client, service):
    """NOT-1: one tag, one topic; a browser that was away is shown it once."""
    made = turn_on(ana_client, service)
    for _ in range(2):
        send(ana, tag="call:1")
    assert len(made.taken) == 2
    assert len(made.waiting()) == 1
    assert made.waiting()[0].topic == topic_of("call:1")
    send(ana, tag="call:2")
    assert len(made.waiting()) == 2


def test_a_ring_carries_its_end_and_what_it_is_afterwards(ana, ana_client, service):
    """NOT-4: the push service drops it by TTL, the browser by the moment it ended."""
    made = turn_on(ana_client, service)
    ends = core_clock.now() + timedelta(seconds=30)
    send(
        ana,
        ttl=30,
        urgency="high",
        data={"expires_at": ends, "late": {"title": "Missed", "body": "", "url": "/calls/"}},
    )
    send(ana, ttl=0, urgency="high", data={"expires_at": ends})
    first, second = made.taken
    assert (first.ttl, first.urgency) == (30, "high")
    assert first.told["late"]["title"] == "Missed"
    assert first.told["expires_at"].startswith(ends.isoformat()[:19])
    assert second.told["late"]["body"] == "You missed this."
    assert made.waiting() == [first]


def test_long_words_fit_into_a_push(ana, ana_client, service):
    made = turn_on(ana_client, service)
    send(ana, text=Text("🎻" * 400, body="Donaudampfschifffahrt " * 400, url="/"))
    assert len(made.taken[0].told["title"]) == 120
    assert made.taken[0].told["body"].endswith("…")


def test_every_browser_of_a_person_is_woken_and_nobody_elses(ana, fan, service):
    mine = [turn_on(browser_of(ana), service) for _ in range(3)]
    other = turn_on(browser_of(fan), service)
    outcome = send(ana)
    assert outcome.sent == 3
    assert [len(made.taken) for made in mine] == [1, 1, 1]
    assert other.taken == []


# ── What does not ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(ana, service, status):
    gone, kept = (turn_on(browser_of(ana), service) for _ in range(2))
    gone.faults.append((status, {}))
    outcome = send(ana)
    assert (outcome.sent, outcome.gone) == (1, 1)
    assert [row.endpoint for row in push.list_devices(ana)] == [kept.endpoint]


def test_without_a_browser_nothing_is_sent(ana, service):
    assert not send(ana).is_sent


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_push_service_that_asks_for_patience_gets_it(ana, ana_client, service, clock, form):
    """429 and 5xx: the outbox waits as long as Retry-After says, and then it is sent once."""
    made = turn_on(ana_client, service)
    wish = "90" if form == "seconds" else format_datetime(core_clock.now() + timedelta(seconds=90), usegmt=True)
    made.faults.append((429, {"Retry-After": wish}))
    cast.follow(ana)
    cast.run()
    assert made.taken == []
    entry = OutboxEntry.objects.get(kind="notifications.deliver", done_at=None)
    assert 80 <= (entry.not_before - core_clock.now()).total_seconds() <= 91
    clock.advance(seconds=60)
    cast.run()
    assert made.taken == []
    clock.advance(seconds=32)
    cast.run()
    assert len(made.taken) == 1
    assert cast.delivery_of(ana, "push").status == Delivery.Status.SENT


def test_those_who_were_reached_are_not_woken_again_for_the_others(ana, service, clock):
    reached, later = (turn_on(browser_of(ana), service) for _ in range(2))
    later.faults.append((503, {}))
    cast.follow(ana)
    cast.run()
    assert (len(reached.taken), len(later.taken)) == (1, 0)
    clock.advance(seconds=30)
    cast.run()
    assert (len(reached.taken), len(later.taken)) == (1, 1)


@pytest.mark.parametrize("kind", ["test.news", "test.ring"])
def test_a_push_that_is_tried_again_in_quiet_hours_waits_for_their_end(ana, service, clock, register, kind):
    """NOT-8: as the first try does; a ring comes through (NOT-4)."""
    register(kind, is_urgent=kind == "test.ring")
    clock.move_to(parse_datetime("2027-01-15T21:59:00Z"))
    services.set_quiet_hours(person=ana, starts=time(22), ends=time(8))
    reached, later = (turn_on(browser_of(ana), service) for _ in range(2))
    later.faults.append((503, {"Retry-After": "90"}))
    services.notify(kind=kind, person=ana, key="k")
    cast.run()
    clock.move_to(parse_datetime("2027-01-15T22:01:00Z"))
    cast.run()
    assert (len(reached.taken), len(later.taken)) == (1, 1 if kind == "test.ring" else 0)
    clock.move_to(parse_datetime("2027-01-16T08:00:05Z"))
    cast.run()
    assert (len(reached.taken), len(later.taken)) == (1, 1)


def test_a_push_service_that_does_not_answer_is_tried_again(ana, ana_client, service, settings):
    made = turn_on(ana_client, service)
    settings.PUSH_SANDBOX_URL = "http://127.0.0.1:9"
    PushSubscription.objects.update(endpoint="http://127.0.0.1:9/push/x")
    with pytest.raises(outbox.TryLater):
        send(ana)
    assert made.taken == []


def test_a_refusal_is_noted_and_not_repeated(ana, ana_client, service):
    made = turn_on(ana_client, service)
    made.faults.append((400, {}))
    outcome = send(ana)
    assert (outcome.sent, outcome.failed) == (0, 1)
    assert push.list_devices(ana)[0].last_error == "The push service answered 400."


def test_a_browser_that_subscribed_with_another_key_is_not_reached(ana, ana_client, service):
    """The stand-in is as strict as a real service: this shows that it looks."""
    other = keys._read(keys.make_key())
    made = service.subscribe(encode(other.public_key.public_bytes(*_point())))
    ana_client.post(PUSH, {"act": "on", "endpoint": made.endpoint, **made.keys.public()})
    assert send(ana).failed == 1
    assert "another key" in service.refusals[0]


def _point():
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return Encoding.X962, PublicFormat.UncompressedPoint


# ── Browsers and their sessions ─────────────────────────────────────────────────────────────


def test_signing_out_ends_the_push_of_that_browser_alone(ana, service):
    here, there = browser_of(ana), browser_of(ana)
    turn_on(here, service)
    kept = turn_on(there, service)
    here.post("/sign-out/")
    assert [row.endpoint for row in push.list_devices(ana)] == [kept.endpoint]
    person_signed_out.send(sender=type(ana), person=ana, session_key="")
    assert not push.list_devices(ana).exists()


def test_a_session_that_ran_out_wakes_nobody(ana, ana_client, service):
    made = turn_on(ana_client, service)
    ana_client.session.delete()
    assert not send(ana).is_sent
    assert made.taken == []
    assert not push.list_devices(ana).exists()


def test_a_new_password_keeps_push_in_the_browser_it_was_set_in(ana, service):
    ana.set_password("a long old password")
    ana.save(update_fields=["password"])
    here, there = browser_of(ana), browser_of(ana)
    for client in (here, there):
        client.get("/settings/security/")  # the session is listed
    made = turn_on(here, service)
    turn_on(there, service)
    answer = here.post(
        "/settings/security/password/",
        {"old": "a long old password", "current": "a long old password", "password": "a quite new password"},
    )
    assert answer.status_code == 303, answer.content.decode()[:1_000]
    assert [row.endpoint for row in push.list_devices(ana)] == [made.endpoint]
    assert send(ana).sent == 1


def test_a_shared_browser_wakes_only_who_turned_it_on_last(ana, fan, ana_client, service):
    made = turn_on(ana_client, service)
    browser_of(fan).post(PUSH, {"act": "on", "endpoint": made.endpoint, **made.keys.public()})
    assert not send(ana).is_sent
    assert send(fan).is_sent


def test_one_browser_counts_once_and_ten_are_the_most(ana, ana_client, service):
    for _ in range(3):
        turn_on(ana_client, service)
    assert push.list_devices(ana).count() == 1
    for _ in range(11):
        turn_on(browser_of(ana), service)
    assert push.list_devices(ana).count() == 10


def test_the_settings_show_each_browser_and_turn_it_off(ana, fan, ana_client, service):
    page = ana_client.get("/settings/notifications/").content.decode()
    assert f'data-key="{push.public_key()}"' in page
    turn_on(ana_client, service)
    page = ana_client.get("/settings/notifications/").content.decode()
    assert "Firefox on Linux" in page
    assert "This one" in page
    row = push.list_devices(ana)[0]
    browser_of(fan).post(PUSH, {"act": "off", "device": str(row.pk)})
    assert push.list_devices(ana).exists()  # nobody else's
    assert ana_client.post(PUSH, {"act": "off", "device": str(row.pk)}).status_code == 303
    assert not push.list_devices(ana).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": ""},
        {"p256dh": ""},
        {"auth": "short"},
        {"p256dh": encode(b"\4" + b"\1" * 64)},  # no point of the curve
        {"auth": encode(os.urandom(17))},
        {"p256dh": "é" * 87},
    ],
)
def test_what_no_browser_sends_is_refused(ana_client, service, changes):
    made = service.subscribe()
    sent = {"act": "on", "endpoint": made.endpoint, **made.keys.public(), **changes}
    assert ana_client.post(PUSH, sent).status_code == 422
    assert not PushSubscription.objects.exists()


def test_turning_push_on_is_limited(ana_client):
    answers = (ana_client.post(PUSH, {"act": "off", "device": "x"}).status_code for _ in range(60))
    assert next(answers) == 404
    assert 429 in answers  # twenty a minute, and one more every three seconds


def test_where_push_is_off_nobody_is_offered_it(ana, ana_client, service, settings):
    turn_on(ana_client, service)
    settings.WEB_PUSH = False
    assert not send(ana).is_sent
    assert ana_client.post(PUSH, {"act": "off"}).status_code == 404
    assert "push-switch" not in ana_client.get("/settings/notifications/").content.decode()


# ── Where pushes may go ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("endpoint", "is_fine"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/QGabc", True),
        ("https://wns2-by3p.notify.windows.com/w/?token=abc", True),
        ("https://fcm.googleapis.com:443/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://user@fcm.googleapis.com/x", False),
        ("https://127.0.0.1/x", False),
        ("https://10.0.0.8/x", False),
        ("https://169.254.169.254/latest/meta-data/", False),
        ("https://[::1]/x", False),
        ("https://[::ffff:10.0.0.1]/x", False),
        ("https://[64:ff9b::a00:1]/x", False),
        ("https://[2002:a00:1::1]/x", False),
        ("https://localhost/x", False),
        ("https://database.internal/x", False),
        ("https://printer.local./x", False),
        ("http://127.0.0.1:9/x", False),
        ("file:///etc/passwd", False),
        ("https://exa\nmple.com/x", False),
        ("https://[::1/x", False),
        ("", False),
        ("https://fcm.googleapis.com/" + "x" * 1_000, False),
    ],
)
def test_only_public_addresses_are_taken(endpoint, is_fine):
    assert door.is_allowed(endpoint) is is_fine


def test_a_name_that_leads_inside_is_found_out_when_it_is_used(ana, ana_client, service):
    """Whoever owns a name may point it anywhere later: it is looked at when the connection is made."""
    turn_on(ana_client, service)
    name = "localhost.localdomain.example"
    PushSubscription.objects.update(endpoint=f"https://{name}/push")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", 443))])
        outcome = send(ana)
    assert outcome.gone == 1
    assert not push.list_devices(ana).exists()


def test_a_push_service_cannot_send_us_elsewhere(ana, ana_client, service):
    made, other = turn_on(ana_client, service), service.subscribe()
    made.faults.append((307, {"Location": other.endpoint}))
    assert send(ana).failed == 1
    assert other.taken == []


def test_the_session_knows_no_other_protocol(service):
    with door.open_session() as session, pytest.raises(requests.exceptions.InvalidSchema):
        session.get("http://example.com/")
