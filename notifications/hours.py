"""Quiet hours and digests by a person's own clock, right when that clock is set forward or back (NOT-8).

Pure arithmetic. A local time that a change of the clock leaves out means the moment of the change. Of a local time that
comes twice, a span begins at the first and ends at the last, so that a night is never cut in two; a digest goes at the first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def quiet_until(now: datetime, *, starts: time, ends: time, zone: str) -> datetime | None:
    """Return when the quiet that holds `now` ends, in UTC, or None outside of quiet hours.

    Equal times mean no quiet hours. Times are on the clock of `zone`, an IANA name; an unknown one is taken as UTC.
    """
    if starts == ends:
        return None
    until: datetime | None = None
    moment = now.astimezone(UTC)
    while (end := _end_of_span(moment, starts, ends, _zone(zone))) is not None:
        until = moment = end  # where a day was left out altogether, two nights touch
    return until


def next_digest(now: datetime, *, at: time, weekday: int | None, zone: str) -> datetime:
    """Return the next moment after `now`, in UTC, at which the clock of `zone` shows `at`.

    `weekday` counts from Monday, 0; None means every day. There is one digest a day or week, whatever the clock does.
    """
    place = _zone(zone)
    today = now.astimezone(place).date()
    for offset in range(-1, 16):
        day = today + offset * DAY
        if weekday is not None and day.weekday() != weekday:
            continue
        moment = moment_of(day, at, place)
        is_left_out = weekday is None and moment.astimezone(place).date() != day
        if moment > now and not is_left_out:
            return moment
    raise AssertionError("two weeks hold every weekday")


def moment_of(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return, in UTC, when the clock of a zone shows this time on this day.

    Left out by the clock: the moment it was set forward. Shown twice: the first of both, or the last when asked for.
    """
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    early = local.replace(tzinfo=zone).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if late < early:  # no clock ever showed it
        return _change_between(late, early, zone)
    return late if last else early


def _end_of_span(moment: datetime, starts: time, ends: time, zone: ZoneInfo) -> datetime | None:
    today = moment.astimezone(zone).date()
    nights = timedelta(0) if starts < ends else DAY
    found = None
    for offset in (-2, -1, 0, 1):
        day = today + offset * DAY
        begin = moment_of(day, starts, zone)
        end = moment_of(day + nights, ends, zone, last=True)
        if begin <= moment < end and (found is None or end > found):
            found = end
    return found


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second, after `low` and not after `high`, at which the zone's offset is the later one."""
    before = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + timedelta(seconds=(high - low) // SECOND // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
