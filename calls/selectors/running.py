"""Rings and calls that are under way, and who may look at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Q

from accounts.models import User
from calls.models import Call, CallInvitation, CallSeat
from digis.core import clock
from digis.core.errors import NotFound


def busy_ids(ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the people who sit in a call now, in one query (DISC-2)."""
    seats = CallSeat.objects.filter(person__in=list(ids), released_at__isnull=True)
    return set(seats.values_list("person_id", flat=True))


def sits_in_call(person: Any) -> Exists:
    """Return the expression that is true while a person, given as an expression, sits in a call (DISC-2)."""
    return Exists(CallSeat.objects.filter(person=person, released_at__isnull=True))


def get_active_call(person: User | AnonymousUser) -> Call | None:
    """Return the running call a person sits in, with both people, or None."""
    if person.pk is None:
        return None
    return (
        Call.objects.filter(seats__person=person.pk, seats__released_at__isnull=True)
        .exclude(status=Call.Status.ENDED)
        .select_related("fan", "creator", "invitation")
        .first()
    )


def find_ringing(creator: User | AnonymousUser) -> CallInvitation | None:
    """Return the ring a creator may still answer, with the fan, or None."""
    if creator.pk is None:
        return None
    return (
        CallInvitation.objects.filter(
            creator=creator.pk, status=CallInvitation.Status.PENDING, expires_at__gt=clock.now()
        )
        .select_related("fan", "creator")
        .first()
    )


def find_pending_ring_of(fan: User | AnonymousUser) -> CallInvitation | None:
    """Return the ring a fan is waiting on, with the creator, or None."""
    if fan.pk is None:
        return None
    return (
        CallInvitation.objects.filter(fan=fan.pk, status=CallInvitation.Status.PENDING, expires_at__gt=clock.now())
        .select_related("fan", "creator")
        .first()
    )


def get_call_for(viewer: User | AnonymousUser, *, id: UUID | str) -> Call:  # noqa: A002  # named like every other getter
    """Return a call the viewer takes or took part in, with both people. Raises NotFound for everybody else."""
    call = (
        Call.objects.filter(Q(fan=viewer.pk) | Q(creator=viewer.pk), pk=id)
        .select_related("fan", "creator", "invitation", "ended_by")
        .first()
    )
    if call is None:
        raise NotFound
    return call


def get_invitation_for(viewer: User | AnonymousUser, *, id: UUID | str) -> CallInvitation:  # noqa: A002  # as above
    """Return a ring the viewer made or meets, with both people. Raises NotFound for everybody else."""
    invitation = (
        CallInvitation.objects.filter(Q(fan=viewer.pk) | Q(creator=viewer.pk), pk=id)
        .select_related("fan", "creator", "call")
        .first()
    )
    if invitation is None:
        raise NotFound
    return invitation


def is_participant(viewer: User | AnonymousUser, call_id: UUID | str) -> bool:
    """Tell whether somebody sits in a call that is still running: the only people its topic is for."""
    if viewer.pk is None:
        return False
    if isinstance(call_id, str):
        call_id = UUID(call_id)  # what is no id raises ValueError: the topic does not exist
    return CallSeat.objects.filter(call=call_id, person=viewer.pk, released_at__isnull=True).exists()


def role_of(viewer: User, call_id: UUID | str) -> str:
    """Return which side of a call a person is: fan or creator. Raises NotFound for everybody else."""
    call = get_call_for(viewer, id=call_id)
    return "fan" if viewer.pk == call.fan_id else "creator"
