"""What creators' minutes cost, and how far a fan's tokens reach (CALL-2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from calls.models import CallInvitation, CallOffering, CallType
from economy import selectors as economy


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one kind of call for one fan, as it is shown before ringing."""

    call_type: str
    rate: int
    spendable: int
    whole_minutes: bool
    free_seconds: int
    min_seconds: int

    @property
    def needed(self) -> int:
        """Tokens the fan must have, and that are set aside when the creator picks up (CALL-3)."""
        return 2 * self.rate

    @property
    def shortfall(self) -> int:
        """Tokens missing until the call may ring."""
        return max(0, self.needed - self.spendable)

    @property
    def is_affordable(self) -> bool:
        """Whether the fan has what the call needs to ring."""
        return self.shortfall == 0

    @property
    def seconds_left(self) -> int:
        """How long the fan's tokens last."""
        return self.spendable * 60 // self.rate

    @property
    def minutes_left(self) -> int:
        """How many whole minutes the fan's tokens last."""
        return self.spendable // self.rate

    @property
    def rest_after_hold(self) -> int:
        """What stays spendable once the hold is taken."""
        return max(0, self.spendable - self.needed)


def get_offering(creator: User | UUID) -> CallOffering | None:
    """Return what a creator offers, or None when they never set a rate."""
    return CallOffering.objects.filter(pk=getattr(creator, "pk", creator)).first()


def offerings_for(creator_ids: Iterable[UUID]) -> dict[UUID, CallOffering]:
    """Return the offerings of many creators in one query, by creator id."""
    return CallOffering.objects.in_bulk(list(creator_ids))


def get_quote(viewer: User | AnonymousUser, offering: CallOffering | None, call_type: str) -> Quote | None:
    """Return the quote for one kind of call, or None when the creator does not offer it (CALL-2)."""
    return next((quote for quote in list_quotes(viewer, offering) if quote.call_type == call_type), None)


def list_quotes(viewer: User | AnonymousUser, offering: CallOffering | None) -> list[Quote]:
    """Return a quote for every kind of call the creator offers, video first (CALL-2)."""
    if offering is None:
        return []
    spendable = economy.get_spendable(viewer) if isinstance(viewer, User) and not viewer.is_staff else 0
    return [
        Quote(
            call_type=kind,
            rate=rate,
            spendable=spendable,
            whole_minutes=offering.bill_whole_minutes,
            free_seconds=settings.CALL_FREE_SECONDS,
            min_seconds=settings.CALL_MIN_SECONDS,
        )
        for kind in CallType.values
        if (rate := offering.rate_for(kind)) is not None
    ]


def quote_of(invitation: CallInvitation) -> Quote:
    """Return the quote a ring was made with; later changes of the rate do not touch it (CALL-2)."""
    return Quote(
        call_type=invitation.call_type,
        rate=invitation.rate,
        spendable=invitation.minutes_quoted * invitation.rate,
        whole_minutes=invitation.whole_minutes,
        free_seconds=invitation.free_seconds,
        min_seconds=invitation.min_seconds,
    )
