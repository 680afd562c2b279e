"""Days on a person's own calendar."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import formats
from django.utils.translation import gettext as _

from notifications.hours import moment_of

YEAR = timedelta(days=300)


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its name; an unknown one is UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_of(moment: datetime, zone: str) -> date:
    """Return the day a moment falls on where a person lives."""
    return moment.astimezone(zone_of(zone)).date()


def days_before(moment: datetime, *, days: int, zone: str) -> datetime:
    """Return the moment so many calendar days earlier, at the same time of that day, in UTC.

    Across a change of the clock that is an hour more or less than so many times 24 hours (NOT-8).
    """
    place = zone_of(zone)
    local = moment.astimezone(place)
    earlier = moment_of(local.date() - timedelta(days=days), local.time(), place)
    return min(earlier, moment)


def describe_day(day: date, today: date) -> str:
    """Write a day as people do: today, yesterday, a weekday of this year, or a whole date."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if abs(today - day) < YEAR:
        return formats.date_format(day, "l j F")
    return formats.date_format(day, "DATE_FORMAT")


def describe_time(at: time) -> str:
    """Write a time of day."""
    return formats.time_format(at, "TIME_FORMAT")
