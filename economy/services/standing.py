"""Measuring how often creators' payments are disputed, and holding back what that calls for (PAY-6)."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from digis.core import clock
from economy.kinds import tell_of_standing
from economy.models import DisputeStanding, Reserve
from economy.selectors.standing import count_payments, list_to_measure

log = structlog.get_logger(__name__)


def measure_standings() -> int:
    """Count anew for every creator whom a dispute may concern, and return how many. Repeatable, in any number of processes."""
    people = list_to_measure()
    for creator_id in people:
        measure_standing(creator_id=creator_id)
    return len(people)


@transaction.atomic
def measure_standing(*, creator_id: UUID) -> DisputeStanding:
    """Count a creator's payments and disputes, and begin or end what follows from their rate.

    Above RESERVE_FROM_BP a part of each earning is held back for RESERVE_DAYS from its release; above STOP_FROM_BP payouts
    stop. Fewer than DISPUTES_MIN_PAYMENTS payments say nothing. What a reserve holds stays held when it ends.
    """
    creator = User.objects.select_for_update(no_key=True).get(pk=creator_id)
    payments, disputed = count_payments(creator_id)
    now = clock.now()
    before = DisputeStanding.objects.filter(creator=creator).first()
    standing = DisputeStanding(creator=creator, payments=payments, disputed=disputed, measured_at=now)
    counts = payments >= settings.DISPUTES_MIN_PAYMENTS
    standing.stops_payouts = counts and standing.disputed * 10_000 > settings.STOP_FROM_BP * payments
    standing.save(force_insert=before is None, force_update=before is not None)
    is_reserved = counts and disputed * 10_000 > settings.RESERVE_FROM_BP * payments
    has_begun = False
    if is_reserved:
        _reserve, has_begun = Reserve.objects.get_or_create(
            creator=creator, ends_at=None, defaults={"part_bp": settings.RESERVE_BP, "starts_at": now}
        )
    else:
        Reserve.objects.filter(creator=creator, ends_at=None).update(ends_at=now)
    was_stopped = before is not None and before.stops_payouts
    if has_begun or (standing.stops_payouts and not was_stopped):
        log.warning("disputes_are_many", creator=str(creator_id), payments=payments, disputed=disputed)
        tell_of_standing(standing, key=f"standing:{creator_id}:{now.isoformat()}")
    return standing
