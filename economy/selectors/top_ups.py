"""What people agreed to have bought by itself, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from digis.core import clock
from economy.models import LedgerAccount, Purchase, SavedCard, TokenLot, TopUpPlan

Status = Purchase.Status


@dataclass(frozen=True, slots=True)
class TopUp:
    """A person's plan and card, and what it came to this month: `times` payments for `tokens` bought, of `plan.month_cap`."""

    plan: TopUpPlan | None
    card: SavedCard | None
    times: int = 0
    tokens: int = 0
    month_ends: datetime | None = None

    @property
    def is_on(self) -> bool:
        return self.plan is not None and self.plan.is_on

    @property
    def left(self) -> int:
        """Tokens that the cap leaves this month."""
        return max(0, self.plan.month_cap - self.tokens) if self.plan else 0


def get_top_up(person: User) -> TopUp:
    """Return how a person's buying by itself stands."""
    plan = TopUpPlan.objects.select_related("pack").filter(person=person).first()
    card = SavedCard.objects.filter(person=person).first()
    since, until = month_of(person, clock.now())
    found = list_top_ups(person, since=since).values_list("tokens", flat=True)
    return TopUp(plan, card, len(found), sum(found), until)


def list_top_ups(person: User, *, since: datetime) -> QuerySet[Purchase]:
    """Return what was bought by itself from then on: paid, or still being paid. What came back later counts too."""
    return (
        Purchase.objects.filter(person=person, created_at__gte=since)
        .exclude(stripe_payment_method_id="")
        .exclude(status__in=[Status.FAILED, Status.EXPIRED])
        .order_by("-id")
    )


def month_of(person: User, at: datetime) -> tuple[datetime, datetime]:
    """Return when the calendar month of the person's zone began, and when the next one begins."""
    zone = ZoneInfo(person.time_zone)
    begins = at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = (begins + timedelta(days=32)).replace(day=1)
    return begins, ends


def list_due_top_ups(*, at: datetime, limit: int = 100, person_id: UUID | None = None) -> list[UUID]:
    """Return the people whose free tokens are fewer than they agreed to, and for whom nothing is being bought.

    Who owes tokens is left out, as is who rests for a cap. `person_id` asks about one of them.
    """
    free = (
        TokenLot.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            owner_id=OuterRef("person_id"),
            remaining__gt=0,
            is_disputed=False,
        )
        .order_by()
        .values("owner_id")
        .annotate(total=Sum("remaining"))
        .values("total")
    )
    owed = LedgerAccount.objects.filter(owner_id=OuterRef("person_id"), kind=LedgerAccount.Kind.DEBT, balance__gt=0)
    pending = Purchase.objects.filter(person_id=OuterRef("person_id"), status=Status.PENDING).exclude(
        stripe_payment_method_id=""
    )
    due = (
        TopUpPlan.objects.filter(Q(rests_until__isnull=True) | Q(rests_until__lte=at), is_on=True)
        .filter(~Exists(owed), ~Exists(pending), person__suspended_at__isnull=True, person__is_active=True)
        .annotate(free=Coalesce(Subquery(free, output_field=BigIntegerField()), Value(0)))
        .filter(free__lt=F("threshold"))
        .order_by("updated_at")
    )
    if person_id is not None:
        due = due.filter(person_id=person_id)
    return list(due.values_list("person_id", flat=True)[:limit])
