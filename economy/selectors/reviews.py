"""Sales that staff should look at: what is suspicious about them, derived from the tables alone (LEDGER-9, LEDGER-10)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Min, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.selectors import list_shared_sign_ins
from digis.core import clock
from digis.core.errors import NotFound
from economy.models import Earning, LedgerTransaction, ReviewedSale, SaleReview
from economy.sql import rows

Cause, State = SaleReview.Cause, SaleReview.State
Pair = tuple[UUID, UUID]  # payer, payee


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is suspicious between a payer and a creator: the charges it is about, and the figures that say so."""

    cause: str
    payer_id: UUID
    payee_id: UUID
    charges: list[UUID]
    evidence: dict[str, Any] = field(default_factory=dict)
    purchase_id: UUID | None = None


class SaleUnderReview(NamedTuple):
    """A charge, and what of it was not given back, in tokens."""

    charge: LedgerTransaction
    left: int


def find_suspicions() -> list[Suspicion]:
    """Return everything suspicious that no review has seen yet, what two people did since one was opened included.

    Looks SELF_DEALING_DAYS back, and as far as the oldest sale that is due now: after days of standing still nothing is
    released unseen.
    """
    since = _since()
    found = [*_find_velocity(since), *_find_self_dealing(since), *_find_more()]
    known = set(
        ReviewedSale.objects.filter(transaction__in=[charge for item in found for charge in item.charges]).values_list(
            "review__cause", "transaction"
        )
    )
    resting = rest_pairs()
    return [
        item
        for item in found
        if any((item.cause, charge) not in known for charge in item.charges)
        and (item.cause, item.payer_id, item.payee_id) not in resting
    ]


def rest_pairs() -> set[tuple[str, UUID, UUID]]:
    """Return (cause, payer, payee) of what staff released so lately that it is not suspected again."""
    since = clock.now() - timedelta(days=settings.SALE_REVIEW_REST_DAYS)
    found = SaleReview.objects.filter(state=State.RELEASED, decided_at__gt=since)
    return set(found.values_list("cause", "payer", "payee"))


def get_sale_review(*, id: UUID) -> SaleReview:  # noqa: A002  the house's selectors take `id`
    """Return a review with both people. Raises NotFound."""
    try:
        return SaleReview.objects.select_related("payer", "payee").get(pk=id)
    except SaleReview.DoesNotExist:
        raise NotFound from None


def list_reviewed_sales(review: SaleReview) -> list[SaleUnderReview]:
    """Return the charges under a review, oldest first, with what is left of each."""
    charges = (
        LedgerTransaction.objects.filter(sale_reviews__review=review)
        .annotate(back=Coalesce(Sum("reversals__amount"), 0))
        .order_by("pk")
    )
    return [SaleUnderReview(charge, charge.unsigned - charge.back) for charge in charges]


def list_decided_reviews(review: SaleReview) -> QuerySet[SaleReview]:
    """Return what was decided about the same two people before, newest first."""
    decided = SaleReview.objects.filter(payer=review.payer_id, payee=review.payee_id).exclude(state=State.OPEN)
    return decided.exclude(pk=review.pk).order_by("-id")


def held_charges() -> QuerySet[ReviewedSale, Any]:
    """Return the charges that an open review holds, as a part of a query."""
    return ReviewedSale.objects.filter(review__state=State.OPEN).values("transaction")


def count_open_reviews() -> int:
    """Return how many reviews wait for staff."""
    return SaleReview.objects.filter(state=State.OPEN).count()


def _since() -> datetime:
    now = clock.now()
    oldest = Earning.objects.filter(matured_at__isnull=True, available_at__lte=now).aggregate(
        at=Min("transaction__created_at")
    )["at"]
    usual = now - timedelta(days=settings.SELF_DEALING_DAYS)
    return min(usual, oldest - timedelta(hours=settings.VELOCITY_HOURS)) if oldest else usual


def _find_velocity(since: datetime) -> list[Suspicion]:
    return [
        Suspicion(
            cause=Cause.VELOCITY,
            payer_id=payer,
            payee_id=payee,
            charges=charges,
            purchase_id=purchase,
            evidence={
                "bought_tokens": bought,
                "paid_minor": minor,
                "currency": currency,
                "to_creator_tokens": int(spent),
                "part_percent": int(spent) * 100 // bought,
                "minutes_to_first": int((first - paid_at).total_seconds()) // 60,
                "account_age_hours": int((paid_at - joined).total_seconds()) // 3600,
            },
        )
        for purchase, payer, payee, joined, paid_at, minor, currency, bought, spent, first, charges in rows(
            VELOCITY,
            {
                "since": since,
                "least": settings.VELOCITY_MIN_TOKENS,
                "within": timedelta(hours=settings.VELOCITY_HOURS),
                "part_bp": settings.VELOCITY_PART_BP,
            },
        )
    ]


# What a first purchase paid one creator soon after, net of what was given back. `bought` is what is kept of it.
VELOCITY = """
    WITH first AS (
        SELECT p.*, p.credited_tokens + p.credited_bonus AS bought
        FROM economy_purchase p
        WHERE p.paid_at >= %(since)s AND p.tokens >= %(least)s AND p.credited_tokens > 0
          AND NOT EXISTS (SELECT 1 FROM economy_purchase e WHERE e.person_id = p.person_id AND e.paid_at < p.paid_at)
    ), spent AS (
        SELECT p.id AS purchase, c.id AS charge, c.payee_id, c.created_at, sum(u.amount) AS tokens
        FROM first p
        JOIN economy_tokenlot l ON l.purchase_id = p.id
        JOIN economy_lotuse u ON u.lot_id = l.id
        JOIN economy_ledgertransaction t ON t.id = u.transaction_id
        JOIN economy_ledgertransaction c ON c.id = coalesce(t.reverses_id, t.id)
        WHERE c.type = 'deduction' AND c.payee_id IS NOT NULL AND c.created_at <= p.paid_at + %(within)s
        GROUP BY 1, 2 HAVING sum(u.amount) > 0
    )
    SELECT p.id, p.person_id, s.payee_id, w.created_at, p.paid_at, p.amount_minor, p.currency, p.bought, sum(s.tokens),
           min(s.created_at), array_agg(s.charge ORDER BY s.charge)
    FROM spent s JOIN first p ON p.id = s.purchase JOIN accounts_user w ON w.id = p.person_id
    GROUP BY p.id, p.person_id, s.payee_id, w.created_at, p.paid_at, p.amount_minor, p.currency, p.bought
    HAVING sum(s.tokens) * 10000 >= p.bought * %(part_bp)s
"""


def _find_self_dealing(since: datetime) -> list[Suspicion]:
    signs: dict[Pair, dict[str, str]] = defaultdict(dict)
    for sign in list_shared_sign_ins(since=since):
        place = "device" if sign.is_device else "address"
        signs[sign.person_id, sign.creator_id][place] = f"{sign.at:%Y-%m-%d}"
    if not signs:
        return []
    sales: dict[Pair, list[tuple[UUID, int, int]]] = defaultdict(list)
    for payer, payee, charge, left, granted in rows(
        PAID_BETWEEN,
        {
            "payers": [payer for payer, _payee in signs],
            "payees": [payee for _payer, payee in signs],
            "devices": ["device" in found for found in signs.values()],
            "since": since,
        },
    ):
        sales[payer, payee].append((charge, int(left), int(granted)))
    return [
        Suspicion(
            cause=Cause.SELF_DEALING,
            payer_id=payer,
            payee_id=payee,
            charges=[charge for charge, _left, _granted in found],
            evidence={
                **{f"same_{place}": at for place, at in signs[payer, payee].items()},
                "free_tokens": sum(granted for _charge, _left, granted in found),
                "other_tokens": sum(left - granted for _charge, left, granted in found),
            },
        )
        for (payer, payee), found in sales.items()
    ]


# What people paid creators they signed in beside: with free tokens wherever that was, with any from the same browser as long
# as the earnings wait. Net of what was given back.
PAID_BETWEEN = """
    SELECT t.person_id, t.payee_id, t.id, k.left, k.granted
    FROM unnest(%(payers)s::uuid[], %(payees)s::uuid[], %(devices)s::boolean[]) AS pair (payer, payee, is_device)
    JOIN economy_ledgertransaction t ON t.person_id = pair.payer AND t.payee_id = pair.payee
     AND t.type = 'deduction' AND t.created_at >= %(since)s
    LEFT JOIN economy_earning w ON w.transaction_id = t.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(u.amount), 0) AS left,
               coalesce(sum(u.amount) FILTER (WHERE l.origin = 'grant'), 0) AS granted
        FROM economy_ledgertransaction r
        JOIN economy_lotuse u ON u.transaction_id = r.id
        JOIN economy_tokenlot l ON l.id = u.lot_id
        WHERE r.id = t.id OR r.reverses_id = t.id
    ) k
    WHERE k.left > 0 AND (k.granted > 0 OR (pair.is_device AND w.transaction_id IS NOT NULL AND w.matured_at IS NULL))
    ORDER BY t.id
"""


def _find_more() -> list[Suspicion]:
    """Find what a payer under review paid the same creator since: it waits with the rest."""
    found = []
    for review in SaleReview.objects.filter(state=State.OPEN):
        more = (
            Earning.objects.filter(creator=review.payee_id, matured_at__isnull=True, available_at__isnull=False)
            .filter(transaction__person=review.payer_id, transaction__created_at__gte=review.opened_at)
            .order_by("pk")
        )
        charges = list(more.values_list("pk", flat=True))
        if charges:
            found.append(
                Suspicion(cause=review.cause, payer_id=review.payer_id, payee_id=review.payee_id, charges=charges)
            )
    return found
