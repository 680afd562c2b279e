"""What reconciliation found: written down once, told once, and resolved by staff or by its cause going away (PAY-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed
from economy.models import Finding, Payout, Purchase
from economy.services.comparing import Difference

log = structlog.get_logger(__name__)

GONE = "A later look found nothing that differs."


@dataclass(frozen=True, slots=True)
class Found:
    """A difference and what it is about: a thing at Stripe, or a row of ours."""

    difference: Difference
    subject: str
    related_id: str = ""
    purchase: Purchase | None = None
    payout: Payout | None = None
    happened_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.difference.kind}:{self.subject}"


def note_finding(found: Found) -> Finding:
    """Write a finding down, or count it again when it is known, and return it; news is logged as an error, which alerts.

    What staff resolved stays resolved as long as both sides say the same. Any number may note the same one at once.
    """
    now = clock.now()
    difference = found.difference
    said = {
        "stripe_says": difference.stripe_says[:300],
        "we_say": difference.we_say[:300],
        "stripe_minor": difference.stripe_minor,
        "our_minor": difference.our_minor,
        "currency": difference.currency,
    }
    about = {
        "kind": difference.kind,
        "subject": found.subject,
        "related_id": found.related_id,
        "purchase": found.purchase,
        "payout": found.payout,
        "happened_at": found.happened_at,
    }
    with transaction.atomic():
        row, is_news = Finding.objects.select_for_update(of=("self",)).get_or_create(
            key=found.key, defaults={**about, **said, "opened_at": now, "last_seen_at": now}
        )
        if not is_news:
            is_other = any(getattr(row, name) != value for name, value in said.items())
            is_news = not row.is_open and (row.resolved_by_id is None or is_other)
            if is_news:
                row.opened_at, row.resolved_at, row.resolved_by, row.resolution = now, None, None, ""
            for name, value in {**about, **said}.items():
                setattr(row, name, value)
            row.last_seen_at = now
            row.sightings += 1
            row.save()
    if is_news:
        log.error("reconciliation_found", key=row.key, stripe=row.stripe_says, ours=row.we_say)
    return row


def resolve_gone(*, subjects: Iterable[str], still: Iterable[str], since: datetime) -> int:
    """Resolve what a look at these subjects, begun at `since`, did not find any more, and return how many.

    `still` are the keys it did find. What somebody else noted meanwhile is left to the next look.
    """
    return (
        Finding.objects.filter(resolved_at__isnull=True, subject__in=list(subjects), last_seen_at__lt=since)
        .exclude(key__in=list(still))
        .update(resolved_at=clock.now(), resolution=GONE)
    )


def resolve_finding(*, finding_id: int, staff: User, reason: str) -> Finding:
    """Note that staff saw to a finding, and how. It opens again only when either side says something else.

    Raises OwnAccount, ValidationFailed without a reason, and InvalidState when it is resolved already.
    """
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    with transaction.atomic():
        row = Finding.objects.select_for_update(of=("self",)).get(pk=finding_id)
        require_other(row, staff)
        if not row.is_open:
            raise InvalidState
        row.resolved_at, row.resolved_by, row.resolution = clock.now(), staff, reason.strip()[:300]
        row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
        audit.record(
            actor=staff,
            action="economy.finding_resolved",
            target=row,
            reason=row.resolution,
            data={"key": row.key, "stripe": row.stripe_says, "ours": row.we_say},
        )
    return row


def require_other(row: Finding, staff: User) -> None:
    """Refuse with OwnAccount to whom the finding is about."""
    if staff.pk == row.owner_id:
        raise OwnAccount
