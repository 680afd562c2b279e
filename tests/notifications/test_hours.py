"""Quiet hours and digests follow a person's own clock through both changes of it (NOT-8)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.hours import moment_of, next_digest, quiet_until

BERLIN, NEW_YORK, HOWE, APIA, CAIRO = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Cairo",
)


def at(text: str) -> datetime:
    """`2026-03-29 00:30` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def t(text: str) -> time:
    return time.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "starts", "ends", "zone", "until"),
    [
        # a plain night over midnight, in winter (Berlin is UTC+1) and in summer (UTC+2)
        ("2026-01-10 20:59", "22:00", "07:00", BERLIN, None),
        ("2026-01-10 21:00", "22:00", "07:00", BERLIN, "2026-01-11 06:00"),
        ("2026-01-11 05:59", "22:00", "07:00", BERLIN, "2026-01-11 06:00"),
        ("2026-01-11 06:00", "22:00", "07:00", BERLIN, None),
        ("2026-07-10 20:00", "22:00", "07:00", BERLIN, "2026-07-11 05:00"),
        # within one day
        ("2026-01-10 12:30", "13:00", "15:00", BERLIN, "2026-01-10 14:00"),
        ("2026-01-10 14:00", "13:00", "15:00", BERLIN, None),
        # equal ends mean none
        ("2026-01-10 12:30", "13:30", "13:30", BERLIN, None),
        # the night the clock goes forward (29 March, 02:00 → 03:00): seven o'clock comes an hour sooner
        ("2026-03-28 21:30", "22:00", "07:00", BERLIN, "2026-03-29 05:00"),
        # … and ends in what is left out: at the change
        ("2026-03-29 00:30", "23:00", "02:30", BERLIN, "2026-03-29 01:00"),
        ("2026-03-29 01:00", "23:00", "02:30", BERLIN, None),
        # … and begins in it: at the change
        ("2026-03-29 00:59", "02:15", "06:00", BERLIN, None),
        ("2026-03-29 01:00", "02:15", "06:00", BERLIN, "2026-03-29 04:00"),
        # … and lies in it altogether: not at all
        ("2026-03-29 01:00", "02:10", "02:50", BERLIN, None),
        # the night the clock goes back (25 October, 03:00 → 02:00): the night lasts an hour longer
        ("2026-10-24 20:30", "22:00", "07:00", BERLIN, "2026-10-25 06:00"),
        # … and ends at what comes twice: the last time
        ("2026-10-25 00:29", "23:00", "02:30", BERLIN, "2026-10-25 01:30"),
        ("2026-10-25 00:45", "23:00", "02:30", BERLIN, "2026-10-25 01:30"),
        ("2026-10-25 01:30", "23:00", "02:30", BERLIN, None),
        # … and begins at what comes twice: the first time, without a break
        ("2026-10-25 00:29", "02:30", "06:00", BERLIN, None),
        ("2026-10-25 00:30", "02:30", "06:00", BERLIN, "2026-10-25 05:00"),
        ("2026-10-25 01:10", "02:30", "06:00", BERLIN, "2026-10-25 05:00"),
        # other places: half an hour, midnight itself, a day that never was
        ("2026-04-04 14:45", "01:45", "06:00", HOWE, "2026-04-04 19:30"),
        ("2026-04-23 21:30", "23:00", "00:30", CAIRO, "2026-04-23 22:00"),
        ("2011-12-30 09:00", "22:00", "07:00", APIA, "2011-12-30 17:00"),
        # a zone nobody knows is UTC
        ("2026-01-10 22:30", "22:00", "23:00", "Nowhere/At_All", "2026-01-10 23:00"),
    ],
)
def test_quiet_lasts_until_the_clock_on_the_wall_says_so(now, starts, ends, zone, until):
    expected = at(until) if until else None
    assert quiet_until(at(now), starts=t(starts), ends=t(ends), zone=zone) == expected


@pytest.mark.parametrize(
    ("now", "hour", "weekday", "zone", "then"),
    [
        ("2026-01-10 06:59", "08:00", None, BERLIN, "2026-01-10 07:00"),
        ("2026-01-10 07:00", "08:00", None, BERLIN, "2026-01-11 07:00"),  # strictly later
        ("2026-01-10 12:00", "08:00", 0, BERLIN, "2026-01-12 07:00"),  # a Saturday; Monday comes
        ("2026-01-12 07:00", "08:00", 0, BERLIN, "2026-01-19 07:00"),
        ("2026-03-28 07:00", "08:00", None, BERLIN, "2026-03-29 06:00"),  # 23 hours later
        ("2026-10-24 06:00", "08:00", None, BERLIN, "2026-10-25 07:00"),  # 25 hours later
        ("2026-03-28 12:00", "02:30", None, BERLIN, "2026-03-29 01:00"),  # left out: at the change
        ("2026-10-24 12:00", "02:30", None, BERLIN, "2026-10-25 00:30"),  # twice: the first …
        ("2026-10-25 00:30", "02:30", None, BERLIN, "2026-10-26 01:30"),  # … and only the first
        ("2026-03-08 05:00", "02:30", None, NEW_YORK, "2026-03-08 07:00"),
        ("2011-12-29 20:00", "08:00", None, APIA, "2011-12-30 18:00"),  # Friday the 30th was left out
        ("2011-12-29 20:00", "08:00", 4, APIA, "2011-12-30 10:00"),  # the weekly one of that Friday: at the change
    ],
)
def test_a_digest_goes_once_at_its_hour(now, hour, weekday, zone, then):
    assert next_digest(at(now), at=t(hour), weekday=weekday, zone=zone) == at(then)


zones = st.sampled_from(
    [
        BERLIN,
        NEW_YORK,
        HOWE,
        APIA,
        CAIRO,
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Europe/Dublin",
        "America/St_Johns",
        "UTC",
    ]
)
moments = st.datetimes(datetime(2011, 6, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
near_changes = st.builds(
    lambda day, minutes: at(day) + timedelta(minutes=minutes),
    st.sampled_from(
        ["2026-03-29 00:00", "2026-10-25 00:00", "2026-03-08 06:00", "2026-11-01 05:00", "2011-12-30 09:00"]
    ),
    st.integers(-2_000, 2_000),
)
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45, 59]))
whenever = st.one_of(moments, near_changes)


@settings(max_examples=300, deadline=None)
@given(now=whenever, starts=clocks, ends=clocks, zone=zones)
def test_quiet_ends_later_and_is_over_then(now, starts, ends, zone):
    until = quiet_until(now, starts=starts, ends=ends, zone=zone)
    if until is None:
        return
    assert starts != ends
    assert now < until < now + timedelta(hours=50)
    assert quiet_until(until, starts=starts, ends=ends, zone=zone) is None
    assert quiet_until(until - timedelta(seconds=1), starts=starts, ends=ends, zone=zone) == until


@settings(max_examples=300, deadline=None)
@given(now=whenever, starts=clocks, ends=clocks, zone=zones)
def test_whoever_reads_a_quiet_time_off_the_wall_is_left_in_peace(now, starts, ends, zone):
    wall = now.astimezone(ZoneInfo(zone)).time()
    in_hours = starts <= wall < ends if starts < ends else (wall >= starts or wall < ends)
    if in_hours and starts != ends:
        assert quiet_until(now, starts=starts, ends=ends, zone=zone) is not None


@settings(max_examples=300, deadline=None)
@given(now=whenever, hour=clocks, weekday=st.one_of(st.none(), st.integers(0, 6)), zone=zones)
def test_digests_follow_one_another_a_day_or_a_week_apart(now, hour, weekday, zone):
    first = next_digest(now, at=hour, weekday=weekday, zone=zone)
    second = next_digest(first, at=hour, weekday=weekday, zone=zone)
    span = timedelta(days=1 if weekday is None else 7)
    assert now < first <= now + span + timedelta(hours=25)
    assert first < second
    if zone != APIA:  # whose calendar once left a day out
        assert span - timedelta(hours=1) <= second - first <= span + timedelta(hours=1)
        assert weekday is None or first.astimezone(ZoneInfo(zone)).weekday() == weekday


@settings(max_examples=200, deadline=None)
@given(now=whenever, hour=clocks, zone=zones)
def test_a_moment_shows_its_hour_wherever_the_clock_has_it(now, hour, zone):
    place = ZoneInfo(zone)
    day = now.astimezone(place).date()
    first, last = moment_of(day, hour, place), moment_of(day, hour, place, last=True)
    assert first <= last
    shown = first.astimezone(place)
    if shown.time() != hour:  # left out: then the clock was set forward at that very second
        before = (first - timedelta(seconds=1)).astimezone(place)
        assert (before.date(), before.time()) < (day, hour) < (shown.date(), shown.time())
    else:
        assert last.astimezone(place).time() == hour
