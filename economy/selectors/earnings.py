"""How long earnings are held, what the platform's part is, and what comes when (PAY-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Sum, Value, When
from django.db.models.functions import TruncDate

from accounts.models import User
from digis.core import clock
from economy.models import Earning, FeeRule
from economy.selectors.reviews import held_charges
from economy.sql import one


@dataclass(frozen=True, slots=True)
class ComingEarnings:
    """What becomes available on a day of the creator's own zone, in tokens.

    No day: when its event has happened, or where `is_checked` once staff have looked at it.
    """

    on: date | None
    amount: int
    is_checked: bool = False


def hold_terms(*, kind: str) -> dict[str, object]:
    """Return what `economy_hold_days` needs to know of a sale of this kind: days, and days while a creator is new."""
    return {
        "hold_days": settings.EARNINGS_HOLD_DAYS.get(kind, settings.EARNINGS_HOLD_DAYS[""]),
        "new_hold_days": settings.EARNINGS_HOLD_NEW_DAYS,
        "new_since": clock.now() - timedelta(days=settings.EARNINGS_NEW_CREATOR_DAYS),
    }


def get_hold_days(*, kind: str, creator_id: UUID) -> int:
    """Return for how many days a sale of this kind is held for a creator (PAY-1)."""
    (days,) = one(
        "SELECT economy_hold_days(%(creator)s, %(hold_days)s, %(new_hold_days)s, %(new_since)s)",
        {"creator": creator_id, **hold_terms(kind=kind)},
    )
    return int(days)


def fee_for(*, kind: str, creator_id: UUID | None, at: datetime | None = None, including: int | None = None) -> int:
    """Return the platform's part of a sale in basis points, as in force now or at a moment. Snapshot it with the price.

    Creator and kind, then creator, then kind, then all; of two alike the later; without a rule, PLATFORM_FEE_BP. What was
    withdrawn does not count, but for the rule `including`: that is the fee as it would have been.
    """
    found = (
        FeeRule.objects.filter(Q(creator=creator_id) | Q(creator__isnull=True), kind__in=["", kind])
        .filter(Q(withdrawn_at__isnull=True) | Q(pk=including), starts_at__lte=at or clock.now())
        .annotate(
            narrow=Case(When(creator__isnull=False, then=Value(2)), default=Value(0), output_field=IntegerField())
            + Case(When(kind="", then=Value(0)), default=Value(1), output_field=IntegerField())
        )
        .order_by("-narrow", "-starts_at")
        .values_list("fee_bp", flat=True)
        .first()
    )
    return settings.PLATFORM_FEE_BP if found is None else found


def forecast_earnings(creator: User) -> list[ComingEarnings]:
    """Return when pending earnings become available, by day of the creator's zone, the soonest first."""
    rows = (
        Earning.objects.filter(creator=creator, matured_at__isnull=True, amount__gt=F("reversed"))
        .order_by()
        .values(
            on=TruncDate("available_at", tzinfo=ZoneInfo(creator.time_zone)),
            checked=Exists(held_charges().filter(transaction=OuterRef("pk"))),
        )
        .annotate(total=Sum(F("amount") - F("reversed")))
        .order_by(F("on").asc(nulls_last=True), "checked")
        .values_list("on", "total", "checked")
    )
    return [ComingEarnings(on, int(total), bool(checked)) for on, total, checked in rows]
