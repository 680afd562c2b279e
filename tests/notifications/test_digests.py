"""Digests: nothing that waits for one is ever lost, and none comes twice."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.dateparse import parse_datetime

from digis.core import mail_routes, outbox
from digis.core.models import OutboxEntry
from notifications import services, tasks
from notifications.models import Delivery, Notification
from tests import make
from tests.notifications.conftest import say
from tests.notifications.inbox import tell

pytestmark = pytest.mark.django_db


def deliver() -> int:
    return make.handle_outbox("notifications.deliver", "notifications.digest")


@pytest.fixture(autouse=True)
def _rested_routes() -> None:
    mail_routes._resting.clear()


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


# ── One that does not work ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("broken", ["words", "right to see", "query"])
def test_one_poison_row_fails_and_the_rest_of_the_digest_goes(
    broken: str, register: Any, daily: Any, clock: Any, mailoutbox: list[Any], moderator: Any
):
    """NOT-1: in that very letter; staff see why and may try it again."""
    is_mended = {"yes": False}

    def fail(_group: Any, *_row: Any) -> Any:
        if is_mended["yes"]:
            return say(_group) if broken != "right to see" else True
        if broken == "query":
            Notification.objects.filter(pk__in=[0]).extra(where=["1/0 = 1"]).exists()
        raise RuntimeError("no words")

    register("test.poison", **({"can_view": fail} if broken == "right to see" else {"render": fail}))
    poison = tell(daily, kind="test.poison", words="Bitter")
    tell(daily, words="Sweet")
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))
    deliver()
    assert ["Sweet" in letter.body for letter in mailoutbox] == [True]
    failed = poison.deliveries.get(channel="mail")
    assert failed.status == "failed"
    assert ("division by zero" if broken == "query" else "RuntimeError: no words") in failed.reason
    is_mended["yes"] = True
    services.retry_delivery(delivery_id=failed.pk, staff=moderator)
    deliver()
    assert len(mailoutbox) == 2
    assert "Bitter" in mailoutbox[1].body
    assert "Sweet" not in mailoutbox[1].body


def test_a_digest_that_was_given_up_failed_for_all_it_held(
    daily: Any, clock: Any, mailoutbox: list[Any], moderator: Any, settings: Any
):
    """NOT-1: no route took it; the log says so, and each can be tried again. What is due later is not concerned."""
    routes = settings.MAIL_ROUTES
    settings.MAIL_ROUTES = [{"name": "only", "backend": "no.such.Backend"}]
    rows = [tell(daily, words=f"News {number}") for number in range(2)]
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))
    for _ in range(outbox.MAX_TRIES):
        deliver()
        clock.advance(hours=1, minutes=15)
    tell(daily, words="Tuesday")
    assert services.note_failed_deliveries() == 2
    assert services.note_failed_deliveries() == 0
    failed = Delivery.objects.filter(status="failed")
    assert {row.notification_id for row in failed} == {row.pk for row in rows}
    assert all("only" in row.reason and row.attempts == outbox.MAX_TRIES for row in failed)
    settings.MAIL_ROUTES = routes
    for row in failed:
        services.retry_delivery(delivery_id=row.pk, staff=moderator)
    deliver()
    assert [
        sorted(word for word in ("News 0", "News 1", "Tuesday") if word in letter.body) for letter in mailoutbox
    ] == [["News 0", "News 1"]]
    clock.move_to(parse_datetime("2027-01-13T09:00:05Z"))
    deliver()
    assert "Tuesday" in mailoutbox[1].body


# ── One letter, one name ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_digest_posted_again_after_a_lost_commit_is_the_same_letter(
    which: int, daily: Any, clock: Any, mailoutbox: list[Any]
):
    """NOT-1: whichever of its news was read meanwhile, and though quiet hours began in between."""
    rows = [tell(daily, words=f"News {number}") for number in range(3)]
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))

    with transaction.atomic():
        assert services.deliver_digest(person_id=daily.pk) == 3
        transaction.set_rollback(True)
    services.mark_read(person=daily, ids=[rows[which].pk])
    services.set_quiet_hours(person=daily, starts=time(9), ends=time(10))
    deliver()
    clock.move_to(parse_datetime("2027-01-12T10:00:05Z"))
    deliver()
    assert len(mailoutbox) == 2
    assert len({letter.extra_headers["Message-ID"] for letter in mailoutbox}) == 1


def test_two_digests_are_two_letters(register: Any, daily: Any, clock: Any, mailoutbox: list[Any], moderator: Any):
    """NOT-1: also one that holds what failed in the other."""
    is_mended = {"yes": False}

    def render(group: Any) -> Any:
        if not is_mended["yes"]:
            raise RuntimeError("no words")
        return say(group)

    register("test.poison", render=render)
    poison = tell(daily, kind="test.poison")
    tell(daily)
    clock.move_to(parse_datetime("2027-01-12T09:00:05Z"))
    deliver()
    is_mended["yes"] = True
    services.retry_delivery(delivery_id=poison.deliveries.get(channel="mail").pk, staff=moderator)
    deliver()
    tell(daily)
    clock.move_to(parse_datetime("2027-01-13T09:00:05Z"))
    deliver()
    assert len({letter.extra_headers["Message-ID"] for letter in mailoutbox}) == 3
