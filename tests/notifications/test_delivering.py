"""Delivering: after the commit, at least once, seen once; everything is asked again at that moment."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.dateparse import parse_datetime

from digis.core import outbox
from digis.core.models import OutboxEntry
from notifications import services
from notifications.bounces import Reason, suppress
from notifications.models import Delivery
from tests import make
from tests.notifications.inbox import tell

pytestmark = pytest.mark.django_db
KIND = "notifications.deliver"


def deliver() -> int:
    return make.handle_outbox(KIND, "notifications.digest", "notifications.bells", "notifications.remind")


def by(channel: str) -> Delivery:
    return Delivery.objects.get(channel=channel)


def test_a_mail_is_sent_once_under_the_name_of_its_delivery(news: Any, fan: Any, mailoutbox: list[Any]):
    """NOT-1: a stable Message-ID."""
    tell(fan, words="Ana picked up")
    assert deliver() == 2
    assert deliver() == 0
    [letter] = mailoutbox
    assert letter.to == [fan.email]
    assert "Ana picked up" in letter.subject
    assert str(by("mail").pk) in letter.extra_headers["Message-ID"]
    assert by("mail").status == "sent"


def test_a_worker_that_dies_after_sending_sends_the_same_letter_again(news: Any, fan: Any, mailoutbox: list[Any]):
    """NOT-1: the row of the delivery is rolled back with the process, and the repetition carries the same Message-ID."""
    tell(fan)
    delivery = by("mail")

    class Killed(BaseException):
        pass

    with pytest.raises(Killed), _dying(Killed):
        deliver()
    assert by("mail").status == "waiting"
    OutboxEntry.objects.update(not_before=datetime.now(UTC) - timedelta(days=1))
    deliver()
    assert len(mailoutbox) == 2
    assert len({letter.extra_headers["Message-ID"] for letter in mailoutbox}) == 1
    assert by("mail").status == "sent"
    assert services.deliver(delivery_id=delivery.pk) is not None
    assert len(mailoutbox) == 2, "delivered is delivered"


def _dying(error: type[BaseException]) -> Any:
    """Kill the worker where it notes that the mail is sent: after the mail left, before the commit."""

    def refuse(execute: Any, sql: str, params: Any, *details: Any) -> Any:
        if sql.startswith('UPDATE "notifications_delivery"') and "mail" in str(params):
            raise error
        return execute(sql, params, *details)

    return connection.execute_wrapper(refuse)


def test_one_poison_delivery_parks_and_the_others_pass(
    register: Any, fan: Any, clock: Any, mailoutbox: list[Any], moderator: Any
):
    """NOT-1: what never works is given up, shows in the log, and can be tried again."""
    is_mended = {"yes": False}

    def render(group: Any) -> Any:
        from tests.notifications.conftest import say

        if not is_mended["yes"]:
            raise RuntimeError("no words")
        return say(group)

    register("test.poison", render=render, channels=frozenset({"mail"}), defaults=frozenset({"mail"}))
    register("test.fine", channels=frozenset({"mail"}), defaults=frozenset({"mail"}))
    poison = tell(fan, kind="test.poison")
    tell(fan, kind="test.fine")
    for _ in range(outbox.MAX_TRIES):
        deliver()
        clock.advance(hours=2)
    deliver()
    assert len(mailoutbox) == 1
    assert OutboxEntry.objects.filter(parked_at__isnull=False).count() == 1
    assert services.note_failed_deliveries() == 1
    failed = poison.deliveries.get()
    assert (failed.status, failed.attempts) == ("failed", outbox.MAX_TRIES)
    assert "no words" in failed.reason
    is_mended["yes"] = True
    services.retry_delivery(delivery_id=failed.pk, staff=moderator)
    deliver()
    assert len(mailoutbox) == 2
    assert services.note_failed_deliveries() == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda person: services.set_preference(person=person, category="test", channel="mail", is_on=False), "muted"),
        (lambda person: services.mark_read(person=person, everything=True), "read"),
        (lambda person: type(person).objects.filter(pk=person.pk).update(email_verified_at=None), "unverified"),
        (lambda person: type(person).objects.filter(pk=person.pk).update(is_active=False), "inactive"),
        (
            lambda person: suppress(address=person.email, reason=Reason.HARD_BOUNCE, since=datetime.now(UTC)),
            "suppressed: bounce",
        ),
    ],
    ids=["muted", "read", "unverified", "inactive", "bounced"],
)
def test_what_changed_since_it_was_told_is_asked_at_delivery(
    change: Any, reason: str, news: Any, fan: Any, mailoutbox: list[Any]
):
    """NOT-2, NOT-7."""
    tell(fan)
    change(fan)
    deliver()
    assert mailoutbox == []
    assert (by("mail").status, by("mail").reason) == ("dropped", reason)


def test_mandatory_mail_goes_even_when_it_was_read_inside(register: Any, fan: Any, mailoutbox: list[Any]):
    """NOT-5."""
    register("test.receipt", mandatory=True)
    tell(fan, kind="test.receipt")
    services.mark_read(person=fan, everything=True)
    deliver()
    [letter] = mailoutbox
    assert "List-Unsubscribe" not in letter.extra_headers


def test_optional_mail_says_how_to_end_it(news: Any, fan: Any, mailoutbox: list[Any]):
    """NOT-6."""
    tell(fan)
    deliver()
    headers = mailoutbox[0].extra_headers
    assert "/notifications/unsubscribe/" in headers["List-Unsubscribe"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_ring_that_comes_too_late_is_dropped(register: Any, fan: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-4: outside; inside it stays."""
    register("test.ring", expires_after=timedelta(seconds=30), is_urgent=True)
    tell(fan, kind="test.ring")
    clock.advance(seconds=31)
    deliver()
    assert mailoutbox == []
    assert (by("mail").status, by("mail").reason) == ("dropped", "late")
    assert by("inbox").status == "sent"


# ── Quiet hours ─────────────────────────────────────────────────────────────────────────────


def live_in(person: Any, zone: str, starts: time = time(22), ends: time = time(8)) -> None:
    person.time_zone = zone
    person.save(update_fields=["time_zone"])
    services.set_quiet_hours(person=person, starts=starts, ends=ends)


@pytest.mark.parametrize(
    ("told_at", "due_at"),
    [
        ("2027-01-15T22:30:00Z", "2027-01-16T07:00:00Z"),  # Berlin, winter: 23:30 until 8:00
        ("2027-03-27T22:30:00Z", "2027-03-28T06:00:00Z"),  # the night the clock is set forward
        ("2027-10-30T21:30:00Z", "2027-10-31T07:00:00Z"),  # the night it is set back
        ("2027-07-01T05:59:00Z", "2027-07-01T06:00:00Z"),
    ],
)
def test_mail_waits_for_the_end_of_the_night_where_its_reader_lives(
    told_at: str, due_at: str, news: Any, fan: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-8: on the days of a changed clock too; the inbox does not wait."""
    live_in(fan, "Europe/Berlin")
    clock.move_to(parse_datetime(told_at))
    tell(fan)
    deliver()
    assert mailoutbox == []
    assert by("inbox").status == "sent"
    assert by("mail").due_at == parse_datetime(due_at)
    clock.move_to(parse_datetime(due_at) + timedelta(seconds=5))
    deliver()
    assert len(mailoutbox) == 1


def test_calls_and_mandatory_news_come_through_the_quiet(register: Any, fan: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-8, NOT-5."""
    register("test.ring", is_urgent=True)
    live_in(fan, "UTC")
    clock.move_to(parse_datetime("2027-01-15T23:30:00Z"))
    tell(fan, kind="test.ring")
    services.notify(kind="economy.purchase_failed", person=fan, key="p", target=fan)
    deliver()
    assert len(mailoutbox) == 2


def test_quiet_hours_set_after_the_telling_hold_too(news: Any, fan: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-8: asked at delivery."""
    clock.move_to(parse_datetime("2027-01-15T23:30:00Z"))
    tell(fan)
    live_in(fan, "UTC")
    deliver()
    assert mailoutbox == []
    clock.move_to(parse_datetime("2027-01-16T08:00:05Z"))
    deliver()
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("held", ["when told", "when delivered"])
def test_what_quiet_hours_held_back_goes_when_they_are_turned_off(
    held: str, news: Any, fan: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-8: at once, not at their old end."""
    clock.move_to(parse_datetime("2027-01-15T23:30:00Z"))
    if held == "when delivered":
        tell(fan)
    live_in(fan, "UTC")
    if held == "when told":
        tell(fan)
    deliver()
    assert mailoutbox == []
    assert by("mail").due_at == parse_datetime("2027-01-16T08:00:00Z")
    services.set_quiet_hours(person=fan, starts=None, ends=None)
    deliver()
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(("ends", "hour"), [(time(6), 6), (time(10), 10)])
def test_what_quiet_hours_held_back_goes_when_the_changed_ones_end(
    ends: time, hour: int, news: Any, fan: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-8: sooner or later than they ended before."""
    live_in(fan, "UTC")
    clock.move_to(parse_datetime("2027-01-15T23:30:00Z"))
    tell(fan)
    services.set_quiet_hours(person=fan, starts=time(22), ends=ends)
    for before in (6, 8, 10):
        if before >= hour:
            break
        clock.move_to(parse_datetime(f"2027-01-16T{before:02}:00:05Z"))
        deliver()
        assert mailoutbox == []
    clock.move_to(parse_datetime(f"2027-01-16T{hour:02}:00:05Z"))
    deliver()
    assert len(mailoutbox) == 1


def test_turning_quiet_hours_off_sends_a_digest_that_missed_its_hour_and_no_other(
    news: Any, fan: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-8: what waits for the next digest goes with it, though it were the very moment quiet ends."""
    live_in(fan, "UTC")
    clock.move_to(parse_datetime("2027-01-15T21:00:00Z"))
    services.set_digest(person=fan, rhythm="daily", at=time(23))
    tell(fan, words="Missed")
    clock.move_to(parse_datetime("2027-01-15T23:00:05Z"))
    deliver()
    tell(fan, words="Next")
    services.set_quiet_hours(person=fan, starts=None, ends=None)
    deliver()
    [letter] = mailoutbox
    assert "Missed" in letter.body
    assert "Next" not in letter.body
    services.set_quiet_hours(person=fan, starts=time(22), ends=time(8))
    services.set_digest(person=fan, rhythm="daily", at=time(8))
    services.set_quiet_hours(person=fan, starts=None, ends=None)
    deliver()
    assert len(mailoutbox) == 1
    clock.move_to(parse_datetime("2027-01-16T08:00:05Z"))
    deliver()
    assert len(mailoutbox) == 2


# ── Digests ─────────────────────────────────────────────────────────────────────────────────


def test_a_digest_gathers_what_was_asked_for_in_one_letter(
    news: Any, register: Any, fan: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-8: at the hour of the reader's zone, mandatory mail apart, what was read or muted left out."""
    fan.time_zone = "America/New_York"
    fan.save(update_fields=["time_zone"])
    services.set_digest(person=fan, rhythm="daily", at=time(7))
    clock.move_to(parse_datetime("2027-03-13T15:00:00Z"))
    for number in range(3):
        tell(fan, words=f"News {number}")
    seen = tell(fan, words="Seen already")
    services.mark_read(person=fan, ids=[seen.pk])
    deliver()
    assert mailoutbox == []
    clock.move_to(parse_datetime("2027-03-14T10:59:00Z"))  # the clock was set forward at night: 6:59
    deliver()
    assert mailoutbox == []
    clock.move_to(parse_datetime("2027-03-14T11:00:05Z"))
    deliver()
    [letter] = mailoutbox
    assert all(f"News {number}" in letter.body for number in range(3))
    assert "Seen already" not in letter.body
    statuses = sorted(Delivery.objects.filter(channel="mail").values_list("status", "reason"))
    assert statuses == [("dropped", "read"), *[("sent", "")] * 3]
    deliver()
    assert len(mailoutbox) == 1


def test_a_digest_that_is_turned_off_goes_at_once_for_the_last_time(news: Any, fan: Any, mailoutbox: list[Any]):
    services.set_digest(person=fan, rhythm="weekly", at=time(7), weekday=2)
    tell(fan)
    deliver()
    assert mailoutbox == []
    services.set_digest(person=fan, rhythm="off", at=time(7))
    deliver()
    assert len(mailoutbox) == 1


def test_a_digest_of_nothing_is_not_sent(news: Any, fan: Any, clock: Any, mailoutbox: list[Any]):
    services.set_digest(person=fan, rhythm="daily", at=time(7))
    tell(fan)
    services.mark_read(person=fan, everything=True)
    clock.advance(days=2)
    deliver()
    assert mailoutbox == []
