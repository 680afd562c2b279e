"""Reminders: once, at their moment, and never when the cause is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from economy import services as economy
from economy.models import TokenLot
from notifications import days, services
from notifications.models import Reminder
from tests import make
from tests.notifications.inbox import lines

pytestmark = pytest.mark.django_db


def work() -> None:
    make.handle_outbox("notifications.remind", "notifications.deliver")


def remind(person: Any, target: Any, at: datetime, slot: str = "1 hour") -> Reminder:
    return services.schedule_reminder(
        kind="test.soon", person=person, target=target, slot=slot, due_at=at, data={"words": slot}
    )


@pytest.fixture
def soon(register: Any) -> Any:
    return register("test.soon")


def test_a_reminder_is_told_once_however_often_it_is_planned_or_run(soon: Any, fan: Any, creator: Any, clock: Any):
    """NOT-9: unique by kind, thing, person and slot."""
    at = clock.now() + timedelta(hours=1)
    assert remind(fan, creator, at) == remind(fan, creator, at)
    work()
    assert lines(fan) == []
    clock.advance(hours=1, seconds=1)
    work()
    assert lines(fan) == ["1 hour"]
    remind(fan, creator, clock.now())
    services.fire_reminder(reminder_id=Reminder.objects.get().pk)
    clock.advance(hours=1)
    work()
    assert lines(fan) == ["1 hour"]
    remind(fan, creator, clock.now(), slot="1 day")
    work()
    assert lines(fan) == ["1 day", "1 hour"]


def test_a_moved_reminder_comes_at_its_new_moment(soon: Any, fan: Any, creator: Any, clock: Any):
    """NOT-9: later, and earlier again."""
    remind(fan, creator, clock.now() + timedelta(hours=1))
    remind(fan, creator, clock.now() + timedelta(hours=5))
    clock.advance(hours=2)
    work()
    assert lines(fan) == []
    remind(fan, creator, clock.now() + timedelta(minutes=10))
    clock.advance(minutes=11)
    work()
    assert lines(fan) == ["1 hour"]


def test_a_reminder_goes_with_its_cause(soon: Any, fan: Any, creator: Any, clock: Any):
    """NOT-9."""
    remind(fan, creator, clock.now() + timedelta(hours=1))
    remind(fan, creator, clock.now() + timedelta(hours=1), slot="1 day")
    assert services.cancel_reminders(target=creator, slot="1 day") == 1
    assert services.cancel_reminders(target=creator) == 1
    assert services.cancel_reminders(target=creator) == 0
    clock.advance(hours=2)
    work()
    assert lines(fan) == []


def test_one_broken_reminder_does_not_stop_the_others(soon: Any, register: Any, fan: Any, creator: Any, clock: Any):
    def fail(_reminder: Any) -> bool:
        raise RuntimeError

    register("test.broken", is_still_due=fail)
    services.schedule_reminder(kind="test.broken", person=fan, target=creator, slot="now", due_at=clock.now())
    remind(fan, creator, clock.now())
    clock.advance(seconds=1)
    work()
    assert lines(fan) == ["1 hour"]


@pytest.mark.parametrize(
    ("moment", "zone", "before"),
    [
        ("2027-03-30T07:00:00Z", "Europe/Berlin", "2027-03-23T08:00:00Z"),  # 9:00 both days, the clock changed between
        ("2027-11-02T08:00:00Z", "Europe/Berlin", "2027-10-26T07:00:00Z"),
        ("2027-04-04T00:30:00Z", "Europe/Berlin", "2027-03-28T01:00:00Z"),  # 2:30, which that Sunday leaves out
        ("2027-03-30T07:00:00Z", "UTC", "2027-03-23T07:00:00Z"),
        ("2027-03-30T07:00:00Z", "Nowhere/Land", "2027-03-23T07:00:00Z"),
    ],
)
def test_seven_days_before_is_the_same_time_of_day(moment: str, zone: str, before: str):
    """NOT-8, NOT-9: right on the days of a changed clock."""
    assert days.days_before(parse_datetime(moment), days=7, zone=zone) == parse_datetime(before).astimezone(UTC)


# ── Promotional tokens ──────────────────────────────────────────────────────────────────────


def plan_and_work() -> None:
    economy.plan_expiry_reminders()
    work()


def test_bonus_tokens_are_announced_seven_days_before_they_expire(fan: Any, clock: Any, mailoutbox: list[Any]):
    """LEDGER-13: once, with what is left then."""
    make.grant_tokens(fan, 100, expires_at=clock.now() + timedelta(days=30))
    plan_and_work()
    clock.advance(days=22)
    plan_and_work()
    assert lines(fan) == []
    clock.advance(days=1, minutes=1)
    plan_and_work()
    plan_and_work()
    day = TokenLot.objects.get().expires_at
    assert day is not None
    assert lines(fan) == [f"100 bonus tokens expire on {day.day} {day:%B}"]
    assert len(mailoutbox) == 1


def test_tokens_that_were_spent_are_not_announced(fan: Any, creator: Any, clock: Any):
    """LEDGER-13, NOT-9: the reminder is canceled with its cause."""
    make.grant_tokens(fan, 100, expires_at=clock.now() + timedelta(days=8))
    plan_and_work()
    assert Reminder.objects.get().status == "waiting"
    economy.charge(
        payer=fan, payee=creator, amount=100, kind="test", key="all of it", source_type="", source_id="", fee_bp=2000
    )
    clock.advance(days=1, minutes=5)
    plan_and_work()
    assert Reminder.objects.get().status == "cancelled"
    assert lines(fan) == []


def test_tokens_that_come_with_less_than_a_week_are_not_announced(fan: Any, clock: Any):
    make.grant_tokens(fan, 100, expires_at=clock.now() + timedelta(days=3))
    plan_and_work()
    assert not Reminder.objects.exists()


def test_an_extended_lot_is_announced_for_its_new_day(fan: Any, clock: Any):
    """NOT-9: a moved cause moves its reminder."""
    make.grant_tokens(fan, 100, expires_at=clock.now() + timedelta(days=8))
    plan_and_work()
    TokenLot.objects.update(expires_at=clock.now() + timedelta(days=9))
    plan_and_work()
    clock.advance(days=1, minutes=5)
    plan_and_work()
    assert lines(fan) == []
    clock.advance(days=1)
    plan_and_work()
    assert len(lines(fan)) == 1
