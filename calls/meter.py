"""The arithmetic of the meter (CALL-5): pure, whole numbers only, knows neither database nor clock.

Presence is kept in microseconds, because that is how exactly the server can tell; money is made of whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000  # microseconds
MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """From this billable second on, a minute costs so many tokens."""

    from_second: int
    rate: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call costs: rate steps in order from second 0, and the policy shown before it."""

    steps: tuple[Step, ...]
    whole_minutes: bool = False
    free_seconds: int = 20
    min_seconds: int = 60

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].from_second != 0:
            raise ValueError("Terms start at second 0.")


@dataclass(frozen=True, slots=True)
class Side:
    """What the server has heard of one side: its unbroken run of heartbeats and the latest one."""

    run_started_at: datetime | None = None
    last_at: datetime | None = None
    is_here: bool = False

    def is_fresh(self, at: datetime, lost: timedelta) -> bool:
        """Whether this side still counts as present."""
        return self.is_here and self.last_at is not None and at - self.last_at <= lost


def hear(side: Side, at: datetime, lost: timedelta) -> Side:
    """Return the side after a heartbeat: the run goes on, or a new one starts when the gap was too long."""
    if side.last_at is not None and at < side.last_at:
        return side  # two workers a few milliseconds apart: time never runs back
    if side.is_fresh(at, lost):
        return replace(side, last_at=at)
    return Side(run_started_at=at, last_at=at, is_here=True)


def gain(before: Side, after: Side, other: Side, counting_from: datetime | None) -> int:
    """Return the microseconds both were present that this heartbeat brings to light.

    Only the stretch between the side's two latest heartbeats is new, and of it only what lies inside the other
    side's present run. An older run of the other side cannot reach into it: both gaps would have to be over the limit.
    """
    if after.last_at is None or before.last_at is None or after.run_started_at != before.run_started_at:
        return 0
    if other.last_at is None or other.run_started_at is None:
        return 0
    start = max(before.last_at, other.run_started_at)
    if counting_from is not None:
        start = max(start, counting_from)
    end = min(after.last_at, other.last_at)
    return max(0, (end - start) // MICROSECOND)


def unheard(one: Side, other: Side, at: datetime, lost: timedelta, counting_from: datetime | None) -> int:
    """Return the microseconds that a hang-up at this moment would add: a side heard lately counts to it (CALL-5)."""
    total = 0
    for _ in range(2):
        if one.is_fresh(at, lost):
            after = hear(one, at, lost)
            total += gain(one, after, other, counting_from)
            one = after
        one, other = other, one
    return total


def cost_of(seconds: int, terms: Terms) -> int:
    """Return what so many billable seconds cost, before the free window and the minimum."""
    if terms.whole_minutes:
        seconds = -(-seconds // MINUTE) * MINUTE
    total = 0
    for step, after in zip(terms.steps, [*terms.steps[1:], None], strict=True):
        until = seconds if after is None else min(seconds, after.from_second)
        total += max(0, until - step.from_second) * step.rate
    return total // MINUTE


def charge_for(seconds: int, terms: Terms, *, may_be_free: bool = True) -> int:
    """Return what a call that ended after so many billable seconds is charged (CALL-5).

    Nobody met: nothing. Under the free window: nothing, unless the pair has used up its free calls. Otherwise at least
    the minimum, settled to the second or by whole started minutes.
    """
    if seconds <= 0 or (seconds < terms.free_seconds and may_be_free):
        return 0
    return cost_of(max(seconds, terms.min_seconds), terms)


def charge_at_minute(minute: int, terms: Terms) -> int:
    """Return what is owed when so many minutes are complete: what tick k brings the total to."""
    return cost_of(minute * MINUTE, terms)


def covered_seconds(amount: int, terms: Terms) -> int:
    """Return the last billable second that so many tokens pay for, counted from the start of the call."""
    if terms.whole_minutes:
        return _covered_minutes(amount, terms) * MINUTE
    paid, second = 0, 0  # in sixtieths of a token
    budget = amount * MINUTE + MINUTE - 1  # floor lets the last fraction of a token through
    for step, after in zip(terms.steps, [*terms.steps[1:], None], strict=True):
        affordable = (budget - paid) // step.rate
        if after is None or affordable < after.from_second - step.from_second:
            return step.from_second + max(0, affordable)
        second = after.from_second
        paid += (second - step.from_second) * step.rate
    return second


def _covered_minutes(amount: int, terms: Terms) -> int:
    last = terms.steps[-1]
    settled = last.from_second // MINUTE
    before_last = charge_at_minute(settled, terms)
    if amount >= before_last:
        return settled + (amount - before_last) // last.rate
    minute = 0
    while charge_at_minute(minute + 1, terms) <= amount:
        minute += 1
    return minute


def next_minute(seconds: int) -> int:
    """Return the billable second at which the next minute begins: where a new rate takes effect (CALL-2)."""
    return (seconds // MINUTE + 1) * MINUTE
