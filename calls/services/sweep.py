"""The sweep: bills due minutes, ends what has ended, for all calls at once. A hint may start it any time, any number of times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q

from calls import meter
from calls.models import Call, CallBeat
from calls.services.billing import post_minutes
from calls.services.clockwork import catch_up
from calls.services.rings import expire_due_rings
from calls.services.runs import locked, running
from digis.core import clock

log = structlog.get_logger(__name__)

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    rings: int
    minutes: int
    moved: int


def sweep_calls() -> Swept:
    """Bill every due minute of every call, pause and end what time has paused and ended (CALL-4 to CALL-7).

    Derived from the tables alone: late, repeated and concurrent sweeps charge each minute once (CALL-5). Calls that another
    worker holds are left to it. The number of queries follows how many minutes a call is late, not how many calls run.
    """
    return Swept(rings=expire_due_rings(), minutes=_bill_due_minutes(), moved=_move_on())


def _bill_due_minutes() -> int:
    """Post one minute of every call that owes one, again until none does: in order, whatever was missed."""
    count = 0
    while True:
        try:
            found = _bill_one_round()
        except OperationalError:
            log.warning("call_billing_retry", exc_info=True)  # the same minutes are due at the next sweep
            return count
        if not found:
            return count
        count += found


@transaction.atomic
def _bill_one_round() -> int:
    due = list(
        running(skip_locked=True)
        .filter(billable_us__gte=(F("minutes_posted") + 1) * meter.MINUTE * meter.SECOND)
        .order_by("id")[:BATCH]
    )
    if due:
        post_minutes(locked(due))
    return len(due)


def _move_on() -> int:
    """Let calls whose time has come pause or end; each in its own transaction, so that one cannot hold up the rest."""
    moved = 0
    for call_id in _due_ids():
        try:
            with transaction.atomic():
                call = running(skip_locked=True).filter(pk=call_id).first()
                if call is None:
                    continue
                [run] = locked([call])
                before = call.status
                catch_up(run)
                if call.status != before:
                    run.save()
                    moved += 1
        except OperationalError:
            log.warning("call_sweep_retry", call=str(call_id))
    return moved


def _due_ids() -> list[UUID]:
    now = clock.now()
    silent = now - timedelta(seconds=settings.CALL_LOST_SECONDS)
    gone = CallBeat.objects.filter(call=OuterRef("pk"), joined_at__isnull=False).filter(
        Q(last_at__lt=silent) | Q(is_here=False)
    )
    return list(
        Call.objects.exclude(status=Call.Status.ENDED)
        .filter(
            Q(status=Call.Status.JOINING, accepted_at__lte=now - timedelta(seconds=settings.CALL_JOIN_SECONDS))
            | Q(status=Call.Status.PAUSED, resume_by__lte=now)
            | Q(status=Call.Status.GRACE)
            | Q(Exists(gone), status=Call.Status.ACTIVE)
        )
        .order_by("id")
        .values_list("pk", flat=True)
    )
