"""Holding back what is suspicious until staff have looked: found by a job, released or given back by a person (LEDGER-9, LEDGER-10).

Charges know nothing of this. Earnings wait for days as it is (PAY-1), and the job that releases them screens first. Whoever
works on a review takes the creator's accounts before anything else, as the releasing of earnings and refunds do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed
from economy.models import Earning, LedgerAccount, ReviewedSale, SaleReview
from economy.selectors.reviews import Suspicion, find_suspicions, get_sale_review, list_reviewed_sales, rest_pairs
from economy.services.sales import give_charges_back
from economy.sql import one

log = structlog.get_logger(__name__)
State = SaleReview.State
REASON_MAX = 300  # characters the column takes
EARNINGS = (
    LedgerAccount.Kind.PENDING,
    LedgerAccount.Kind.AVAILABLE,
    LedgerAccount.Kind.NON_WITHDRAWABLE,
    LedgerAccount.Kind.IN_PAYOUT,
    LedgerAccount.Kind.CREATOR_DEBT,
)


def screen_sales() -> int:
    """Hold what became suspicious since the last time, and return in how many cases.

    Derives everything from the tables; repeating it, or running it twice at once, holds nothing twice.
    """
    return sum(_hold(found) for found in find_suspicions())


def release_sales(*, review_id: UUID, staff: User, reason: str) -> SaleReview:
    """Let the earnings under a review become available on the day they had, and rest the suspicion for a while.

    What another open review holds waits on. Raises ValidationFailed without a reason, OwnAccount and InvalidState.
    """
    with transaction.atomic():
        review = _decide(review_id, staff, reason, State.RELEASED)
        _give_days_back(review)
    return get_sale_review(id=review.pk)


def give_back_sales(*, review_id: UUID, staff: User, reason: str) -> SaleReview:
    """Refund what is left of each charge under a review: tokens go back to the payer's lots, the fee with them (PAY-5).

    Payer and creator are told of each sale, with the reason. All of it happens or nothing. Raises ValidationFailed without a reason, OwnAccount and InvalidState.
    """
    with transaction.atomic():
        review = _decide(review_id, staff, reason, State.REFUNDED)
        give_charges_back(
            staff=staff,
            amounts={charge.pk: left for charge, left in list_reviewed_sales(review) if left},
            because="sale_review",
            reason=review.reason,
            key=f"sale-review:{review.pk}",
        )
        _give_days_back(review)
    return get_sale_review(id=review.pk)


def date_reviewed_sale(*, transaction_id: UUID, available_at: datetime) -> bool:
    """Note the day an earning would have where a review holds it, and tell whether one does: its event came meanwhile.

    The caller holds the earning's row.
    """
    return bool(_open_sales([transaction_id]).update(available_at=available_at))


@transaction.atomic
def _hold(found: Suspicion) -> bool:
    """Set what was found to wait, in the review that is open or a new one; tell whether anything was new."""
    now = clock.now()
    one("SELECT economy_lock_creators(ARRAY[%(creator)s]::uuid[], %(now)s)", {"creator": found.payee_id, "now": now})
    of_cause = {"cause": found.cause, "payer": found.payer_id, "payee": found.payee_id}
    known = ReviewedSale.objects.filter(review__cause=found.cause, transaction__in=found.charges)
    new = set(found.charges) - set(known.values_list("transaction", flat=True))
    if not new or (found.cause, found.payer_id, found.payee_id) in rest_pairs():  # somebody was faster
        return False
    review = SaleReview.objects.select_for_update().filter(**of_cause, state=State.OPEN).first()
    if review is None:
        review = SaleReview.objects.create(
            cause=found.cause,
            payer_id=found.payer_id,
            payee_id=found.payee_id,
            purchase_id=found.purchase_id,
            evidence=found.evidence,
            opened_at=now,
        )
        log.warning("sales_under_review", review=str(review.pk), cause=found.cause, sales=len(new))
        audit.record(actor=None, action="economy.sales_held", target=review, data={"cause": found.cause})
    elif found.evidence:
        review.evidence = found.evidence
        review.save(update_fields=["evidence"])
    waiting = Earning.objects.select_for_update(of=("self",)).filter(pk__in=new, matured_at__isnull=True).order_by("pk")
    days = {earning.pk: earning.available_at for earning in waiting}
    held = dict(_open_sales(days).values_list("transaction", "available_at"))  # by the other cause: that knows the day
    ReviewedSale.objects.bulk_create(
        ReviewedSale(review=review, transaction_id=charge, available_at=held.get(charge, days.get(charge)))
        for charge in sorted(new)
    )
    Earning.objects.filter(pk__in=days).update(available_at=None)
    return True


def _decide(review_id: UUID, staff: User, reason: str, state: SaleReview.State) -> SaleReview:
    """Lock all that a decision may move, in id order, and note it."""
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    about = get_sale_review(id=review_id)
    if staff.pk in {about.payer_id, about.payee_id}:
        raise OwnAccount
    one(
        "SELECT economy_open_accounts(ARRAY[%(creator)s]::uuid[], %(kinds)s::text[], %(now)s)",
        {"creator": about.payee_id, "kinds": [str(kind) for kind in EARNINGS], "now": clock.now()},
    )
    accounts = LedgerAccount.objects.select_for_update(no_key=True).filter(
        Q(owner=about.payer_id, kind=LedgerAccount.Kind.PURCHASED) | Q(owner=about.payee_id, kind__in=EARNINGS)
    )
    list(accounts.order_by("pk").values_list("pk", flat=True))
    review = SaleReview.objects.select_for_update(of=("self",)).get(pk=review_id)
    if not review.is_open:
        raise InvalidState
    review.state, review.decided_by, review.decided_at = state, staff, clock.now()
    review.reason = reason.strip()[:REASON_MAX]
    review.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    audit.record(
        actor=staff,
        action="economy.sales_released" if state == State.RELEASED else "economy.sales_given_back",
        target=review,
        reason=review.reason,
        data={"cause": review.cause, "payer": str(review.payer_id), "payee": str(review.payee_id)},
    )
    return review


def _give_days_back(review: SaleReview) -> None:
    """Give the earnings of a decided review their days again, but for those that another open one holds."""
    earnings = Earning.objects.select_for_update(of=("self",)).filter(
        transaction__sale_reviews__review=review, matured_at__isnull=True, available_at__isnull=True
    )
    waiting = {earning.pk: earning for earning in earnings.order_by("pk")}
    held = set(_open_sales(waiting).values_list("transaction", flat=True))
    for sale in review.sales.filter(transaction__in=set(waiting) - held, available_at__isnull=False):
        waiting[sale.transaction_id].available_at = sale.available_at
        waiting[sale.transaction_id].save(update_fields=["available_at"])


def _open_sales(charges: Iterable[UUID]) -> QuerySet[ReviewedSale]:
    return ReviewedSale.objects.filter(transaction__in=list(charges), review__state=State.OPEN)
