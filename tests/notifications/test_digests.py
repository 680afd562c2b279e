"""Digests: nothing that waits for one is ever lost, and none comes twice."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from digis.core.models import OutboxEntry
from notifications import services, tasks
from notifications.models import Delivery
from tests import make
from tests.notifications.inbox import tell

pytestmark = pytest.mark.django_db


def deliver() -> int:
    return make.handle_outbox("notifications.deliver", "notifications.digest")


def waiting() -> Any:
    return Delivery.objects.filter(channel="mail", status="waiting")


@pytest.fixture
def daily(news: Any, fan: Any, clock: Any) -> Any:
    """A person who gets a digest at nine; it is Monday, noon."""
    clock.move_to(parse_datetime("2027-01-11T12:00:00Z"))
    services.set_digest(person=fan, rhythm="daily", at=time(9))
    return fan


# ── Nothing is lost ─────────────────────────────────────────────────────────────────────────


def test_a_digest_that_was_moved_to_a_later_day_goes_on_that_day(daily: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-1: the promise keeps the old moment; what it finds too early is promised again."""
    tell(daily, words="Ana picked up")
    services.set_digest(person=daily, rhythm="weekly", at=time(9), weekday=3)
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))
    deliver()
    assert mailoutbox == []
    clock.move_to(parse_datetime("2027-01-14T09:00:05Z"))
    deliver()
    assert ["Ana picked up" in letter.body for letter in mailoutbox] == [True]
    assert not OutboxEntry.objects.filter(done_at=None, kind="notifications.digest").exists()


def test_what_joins_the_promise_of_the_day_before_goes_the_next_day(daily: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-1: told after nine and before the relay ran."""
    tell(daily, words="Monday")
    clock.move_to(parse_datetime("2027-01-12T09:00:01Z"))
    tell(daily, words="Tuesday")
    deliver()
    assert ["Monday" in letter.body for letter in mailoutbox] == [True]
    clock.move_to(parse_datetime("2027-01-13T09:00:05Z"))
    deliver()
    assert ["Tuesday" in letter.body for letter in mailoutbox] == [False, True]


def test_a_digest_that_meets_quiet_hours_goes_when_they_end(daily: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-8."""
    services.set_quiet_hours(person=daily, starts=time(8), ends=time(10))
    tell(daily)
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))
    tell(daily, words="Later")
    deliver()
    assert mailoutbox == []
    clock.move_to(parse_datetime("2027-01-12T10:00:05Z"))
    deliver()
    assert len(mailoutbox) == 1
    assert "Later" not in mailoutbox[0].body
    clock.move_to(parse_datetime("2027-01-13T10:00:05Z"))
    deliver()
    assert len(mailoutbox) == 2
    assert "Later" in mailoutbox[1].body


@pytest.mark.parametrize("rhythm", ["off", "daily"])
def test_a_delivery_outlives_its_promise(rhythm: str, news: Any, fan: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-1: what waits stands in its own table; beat looks there, and promises only what is late."""
    services.set_digest(person=fan, rhythm=rhythm, at=time(9))
    tell(fan)
    OutboxEntry.objects.all().delete()
    Delivery.objects.filter(channel="inbox").update(status="dropped")
    tasks.note_failed_deliveries()
    assert not OutboxEntry.objects.exists()
    clock.move_to(waiting().get().due_at + timedelta(minutes=2, seconds=1))
    tasks.note_failed_deliveries()
    tasks.note_failed_deliveries()
    assert OutboxEntry.objects.count() == 1
    deliver()
    assert len(mailoutbox) == 1


def test_a_promise_for_another_day_is_not_one_for_what_is_late(daily: Any, clock: Any, mailoutbox: list[Any]):
    """NOT-1."""
    tell(daily, words="Monday")
    OutboxEntry.objects.filter(kind="notifications.digest").delete()
    clock.move_to(parse_datetime("2027-01-12T09:05:00Z"))
    tell(daily, words="Tuesday")
    assert services.promise_forgotten() == 1
    deliver()
    assert ["Monday" in letter.body for letter in mailoutbox] == [True]


def test_what_is_being_tried_is_not_promised_twice(news: Any, fan: Any, clock: Any, settings: Any):
    """NOT-1: a mail that waits for its route has not been forgotten."""
    settings.MAIL_ROUTES = [{"name": "only", "backend": "no.such.Backend"}]
    tell(fan)
    deliver()
    clock.advance(minutes=3)
    assert services.promise_forgotten() == 0
