"""Who may call whom, and the sentence that says why not (CALL-1, CALL-4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from typing_extensions import override

from accounts import permissions
from accounts import selectors as accounts
from accounts.models import User
from calls import errors
from calls.models import CallInvitation, CallOffering, CallSeat
from calls.selectors.offerings import get_offering
from digis.core import clock
from digis.core.errors import AuthRequired, DomainError, NotFound


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not possible, for a button that explains itself."""

    code: str
    sentence: str

    @override
    def __str__(self) -> str:
        return self.sentence


def can_call(viewer: User | AnonymousUser, creator: User, *, offering: CallOffering | None = None) -> Refusal | None:
    """Tell why a viewer cannot call a creator now, or None when they can, funds apart (CALL-1, CALL-4)."""
    if not isinstance(viewer, User):
        error: DomainError | None = AuthRequired()
    else:
        error = find_refusal(viewer, creator, offering=offering)
    return None if error is None else Refusal(error.code, str(error))


def find_refusal(
    fan: User,
    creator: User,
    *,
    call_type: str | None = None,
    offering: CallOffering | None = None,
    answering: CallInvitation | None = None,
) -> DomainError | None:
    """Return the error that stands between two people and a call, funds apart, or None (CALL-1, CALL-4).

    Checked at the request, and again when it is answered: pass the ring as `answering`, so that it does not count
    against itself. At the answer CALL-1's "available" is the creator's own hand on "Pick up": the switch stops new rings,
    and who turned it off while it rang may still take that one call. The kind and its rate are the quote's by then (CALL-2).
    """
    if fan.pk == creator.pk:
        return errors.NotYourself()
    checks: tuple[Callable[[], DomainError | None], ...] = (
        lambda: find_standing_refusal(fan, creator),
        lambda: None if answering else _not_offered(creator, offering or get_offering(creator), call_type),
        lambda: _busy(fan, creator, answering),
        lambda: None if answering else _too_often(fan, creator),
    )
    found = (check() for check in checks)
    return next((error for error in found if error is not None), None)


def find_standing_refusal(fan: User, creator: User) -> DomainError | None:
    """Return what stands between two people whatever else they do: blocks, age, standing, approval; or None.

    The part of CALL-1 that is asked at the request, at the answer and at the join.
    """
    if not _is_visible(fan, creator):
        return NotFound()
    obstacle = _own_obstacle(fan)
    if obstacle is not None:
        return obstacle
    return None if creator.is_adult else errors.CreatorTooYoung(name=creator.display_name)


def _not_offered(creator: User, offering: CallOffering | None, call_type: str | None) -> DomainError | None:
    rate = None if offering is None else offering.rate_for(call_type) if call_type else offering.lowest_rate
    if offering is None or rate is None:
        return errors.NotOffered(name=creator.display_name)
    return None if offering.is_available else errors.NotAvailable(name=creator.display_name)


def _is_visible(fan: User, creator: User) -> bool:
    return (
        creator.is_active
        and not creator.is_suspended
        and not creator.is_staff
        and creator.is_approved_creator
        and not accounts.is_blocked_between(fan, creator)
    )


def _own_obstacle(fan: User) -> DomainError | None:
    try:
        permissions.require_not_staff(fan)
        permissions.require_verified(fan)
        permissions.require_adult(fan)
    except DomainError as error:
        return error
    return None


def _busy(fan: User, creator: User, answering: CallInvitation | None) -> DomainError | None:
    people = [fan.pk, creator.pk]
    seated = set(
        CallSeat.objects.filter(person__in=people, released_at__isnull=True).values_list("person_id", flat=True)
    )
    if creator.pk in seated:
        return taken(fan, creator)
    if fan.pk in seated:
        return errors.YouAreBusy() if answering is None else errors.FanBusy(name=fan.display_name)
    if answering is not None:
        return None
    ringing = CallInvitation.objects.filter(status=CallInvitation.Status.PENDING, expires_at__gt=clock.now())
    if ringing.filter(fan=fan.pk).exists():
        return errors.YouAreBusy()
    if ringing.filter(creator=creator.pk).exists():
        return taken(fan, creator)
    return None


def taken(fan: User, creator: User) -> DomainError:
    """Return the refusal of a creator who talks already; where either hides being in a call, it does not say so."""
    if accounts.may_see(fan, creator, accounts.Kind.IN_CALL):
        return errors.CreatorBusy(name=creator.display_name)
    return errors.NotAvailable(name=creator.display_name)


def _too_often(fan: User, creator: User) -> DomainError | None:
    unanswered = CallInvitation.objects.filter(
        fan=fan.pk,
        creator=creator.pk,
        status__in=[CallInvitation.Status.MISSED, CallInvitation.Status.CANCELLED],
        created_at__gt=clock.now() - timedelta(hours=1),
    ).count()
    if unanswered >= settings.CALL_MAX_UNANSWERED:
        return errors.TooManyRings(name=creator.display_name)
    return None
