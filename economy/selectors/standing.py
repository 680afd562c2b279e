"""How a creator stands with disputes, and what that holds back (PAY-6)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from accounts.models import User
from digis.core import clock
from economy.models import Dispute, DisputeStanding, Earning, Purchase, Reserve
from economy.models.ledger import LedgerTransaction

TAKING = ("needs_response", "under_review", "won", "lost")  # an inquiry is no dispute; one that is won was one


def get_standing(creator: User) -> DisputeStanding | None:
    """Return how a creator stood when last counted; None: never a dispute."""
    return DisputeStanding.objects.filter(creator=creator).first()


def count_payments(creator_id: UUID) -> tuple[int, int]:
    """Return how many payments of the last RESERVE_DAYS paid a creator, and how many of them were disputed."""
    since = clock.now() - timedelta(days=settings.RESERVE_DAYS)
    sold = LedgerTransaction.objects.filter(
        payee=creator_id, type=LedgerTransaction.Type.DEDUCTION, lot_uses__lot__purchase=OuterRef("pk")
    )
    is_disputed = Exists(Dispute.objects.filter(purchase=OuterRef("pk"), status__in=TAKING))
    found = (
        Purchase.objects.filter(Exists(sold), paid_at__gte=since)
        .annotate(is_disputed=is_disputed)
        .aggregate(payments=Count("pk"), disputed=Count("pk", filter=Q(is_disputed=True)))
    )
    return found["payments"], found["disputed"]


def list_to_measure() -> list[UUID]:
    """Return the creators whose standing may have changed: those a disputed payment paid, and those who stand badly."""
    since = clock.now() - timedelta(days=settings.RESERVE_DAYS)
    disputed = LedgerTransaction.objects.filter(
        payee__isnull=False,
        type=LedgerTransaction.Type.DEDUCTION,
        lot_uses__lot__purchase__in=Dispute.objects.filter(status__in=TAKING, opened_at__gte=since).values("purchase"),
    ).values_list("payee", flat=True)
    known = DisputeStanding.objects.values_list("creator", flat=True)
    return sorted({*disputed, *known})


def sum_reserved(creator: User) -> int:
    """Return the available tokens that are held back from payouts now: a part of what was released in a reserve's time."""
    since = clock.now() - timedelta(days=settings.RESERVE_DAYS)
    total = 0
    for reserve in Reserve.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=since), creator=creator):
        released = Earning.objects.filter(creator=creator, matured_at__gte=max(since, reserve.starts_at))
        if reserve.ends_at:
            released = released.filter(matured_at__lt=reserve.ends_at)
        found = released.aggregate(total=Sum(F("amount") - F("reversed"), default=0))["total"]
        total += found * reserve.part_bp // 10_000
    return total
