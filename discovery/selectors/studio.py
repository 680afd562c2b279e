"""A creator's first page in the studio: money, the last days, recent calls, and what waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from calls import selectors as calls
from calls.models import Call, CallInvitation, CallOffering
from digis.core import clock
from economy import selectors as economy

CHART_DAYS = 14
RECENT = 5


@dataclass(frozen=True, slots=True)
class Day:
    """What one day's calls brought the creator, in tokens."""

    day: date
    video: int
    voice: int

    @property
    def together(self) -> int:
        """Both kinds of call."""
        return self.video + self.voice


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the creator."""

    icon: str
    title: str
    hint: str
    url: str


@dataclass(frozen=True, slots=True)
class StudioHome:
    """Everything the studio's first page shows; amounts are tokens.

    What came from free tokens is in `earned_*` and, of all time, in `non_withdrawable` (LEDGER-9).
    """

    now: datetime
    offering: CallOffering | None
    earned_today: int
    granted_today: int
    calls_today: int
    earned_month: int
    earned_month_before: int
    available: int
    pending: int
    non_withdrawable: int
    seconds: int
    count: int
    days: Sequence[Day]
    recent: Sequence[calls.CallLine]
    tasks: Sequence[Task]

    @property
    def has_earned(self) -> bool:
        """Whether the chart has anything to show."""
        return any(day.together for day in self.days)

    @property
    def is_set_up(self) -> bool:
        """Whether the creator offers calls at all."""
        return self.offering is not None and self.offering.lowest_rate is not None

    @property
    def keeps_percent(self) -> int:
        """The share of every sale that is the creator's."""
        return 100 - settings.PLATFORM_FEE_BP // 100


def get_studio_home(creator: User) -> StudioHome:
    """Return the studio's first page for a creator, days counted in their own zone (AN-2).

    A fixed number of queries, whatever the number of calls.
    """
    zone = zone_of(creator)
    now = clock.now().astimezone(zone)
    midnight = datetime.combine(now.date(), time.min, zone)
    month = midnight.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    earnings = economy.get_earnings(creator)
    offering = calls.get_offering(creator)
    days = list_days(creator, zone=zone, until=now.date())
    lines = calls.lines_for(creator, list(_ended(creator).order_by("-ended_at")[:RECENT]))
    totals = _ended(creator).aggregate(count=Count("id"), seconds=Coalesce(Sum("billed_seconds"), 0))
    return StudioHome(
        now=now,
        offering=offering,
        earned_today=economy.sum_earned(creator, since=midnight, until=midnight + timedelta(days=1)),
        granted_today=economy.sum_granted(creator, since=midnight, until=midnight + timedelta(days=1)),
        calls_today=_ended(creator).filter(ended_at__gte=midnight).count(),
        earned_month=economy.sum_earned(creator, since=month, until=now),
        earned_month_before=economy.sum_earned(creator, since=month_before, until=month),
        available=earnings.available,
        pending=earnings.pending,
        non_withdrawable=earnings.non_withdrawable,
        seconds=totals["seconds"],
        count=totals["count"],
        days=days,
        recent=lines,
        tasks=list_tasks(creator, offering, since=now - timedelta(days=1)),
    )


def zone_of(person: User) -> tzinfo:
    """Return a person's time zone; UTC where it is not one we know."""
    try:
        return ZoneInfo(person.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def list_days(creator: User, *, zone: tzinfo, until: date) -> list[Day]:
    """List what each of the last days' calls brought, by the day they ended, oldest first."""
    first = until - timedelta(days=CHART_DAYS - 1)
    since = datetime.combine(first, time.min, zone)
    rows = (
        calls.list_calls(creator, role="creator")
        .filter(ended_at__gte=since)
        .annotate(day=TruncDate("ended_at", tzinfo=zone))
        .values("day", "call_type")
        .annotate(earned=Sum(F("charged_tokens") - F("fee_tokens")))
        .order_by()
    )
    found = {(row["day"], row["call_type"]): row["earned"] for row in rows}
    return [
        Day(day=day, video=found.get((day, "video"), 0), voice=found.get((day, "voice"), 0))
        for day in (first + timedelta(days=step) for step in range(CHART_DAYS))
    ]


def list_tasks(creator: User, offering: CallOffering | None, *, since: datetime) -> list[Task]:
    """List what waits for a creator: missed calls, and what fans need before they can call."""
    rates, profile = reverse("calls:studio_rates"), reverse("accounts:settings_profile")
    tasks = []
    missed = CallInvitation.objects.filter(
        creator=creator.pk, status=CallInvitation.Status.MISSED, created_at__gte=since
    )
    people = list(missed.order_by("-created_at").values_list("fan__display_name", flat=True)[:20])
    if people:
        names = list(dict.fromkeys(people))
        hint = names[0] if len(names) == 1 else _("%(name)s and others") % {"name": names[0]}
        title = _("A call you missed") if len(people) == 1 else _("%(n)s calls you missed") % {"n": len(people)}
        tasks.append(Task("phone-missed", title, hint, reverse("calls:studio_calls")))
    if offering is None or offering.lowest_rate is None:
        tasks.append(Task("tag", _("Set what a minute costs"), _("Fans can’t call before that"), rates))
    if not creator.avatar:
        tasks.append(Task("image", _("Add a picture of you"), _("Fans see it on your card and in the call"), profile))
    if not creator.bio:
        tasks.append(Task("square-pen", _("Say what you do"), _("Two sentences are enough"), profile))
    return tasks


def _ended(creator: User) -> QuerySet[Call]:
    return calls.list_calls(creator, role="creator").filter(status=Call.Status.ENDED)
