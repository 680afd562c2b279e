"""Ends that come from outside the call: blocks, suspensions, and staff looking at a parked bill."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from calls import errors
from calls.models import Call
from calls.services.billing import finish
from calls.services.clockwork import catch_up, count_to_now
from calls.services.rings import void_rings
from calls.services.runs import locked, running
from digis.core import audit


@transaction.atomic
def end_calls_between(*, first: User, second: User) -> None:
    """End rings and calls between two people at once, billed to this second: one blocked the other (MOD-1)."""
    people = [first.pk, second.pk]
    void_rings(people=people, between=True)
    _end(Q(fan__in=people, creator__in=people), Call.Reason.BLOCKED)


@transaction.atomic
def end_calls_of(*, person: User) -> None:
    """End every ring and call of a person at once, billed to this second: they were suspended (ACC-9)."""
    void_rings(people=[person.pk])
    _end(Q(fan=person.pk) | Q(creator=person.pk), Call.Reason.SUSPENDED)


def _end(whose: Q, reason: Call.Reason) -> None:
    for run in locked(list(running().filter(whose).order_by("id"))):
        catch_up(run)
        count_to_now(run)
        if not run.call.is_over:
            finish(run, reason=reason, ended_at=run.at)
        run.save()


@transaction.atomic
def retry_parked_call(*, call_id: UUID | str, staff: User, reason: str) -> Call:
    """Post a parked call's bill again, once its cause is mended; the hold goes back (CALL-5).

    Raises InvalidState when the call is not parked. A bill that fails again stays parked.
    """
    call = (
        Call.objects.select_for_update(of=("self",), no_key=True)
        .select_related("fan", "creator", "invitation")
        .filter(pk=call_id, parked_at__isnull=False)
        .first()
    )
    if call is None:
        raise errors.CallOver
    [run] = locked([call])
    ended_at = call.ended_at or run.at
    call.parked_at, call.park_note = None, ""
    finish(run, reason=Call.Reason.HUNG_UP, ended_at=ended_at)
    run.save()
    audit.record(actor=staff, action="call.retried", target=call, reason=reason, data={"charged": call.charged_tokens})
    return call
