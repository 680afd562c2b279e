"""What a creator's minute costs, and whether they pick up."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.permissions import require_creator, require_not_staff
from accounts.services import announce_presence
from calls.errors import NotOffered
from calls.kinds import tell_of_availability
from calls.models import RATE_MAX, CallOffering
from digis.core import clock
from digis.core.errors import CreatorOnly, ValidationFailed


@transaction.atomic
def set_offering(
    *, creator: User, video_rate: int | None, voice_rate: int | None, bill_whole_minutes: bool = False
) -> CallOffering:
    """Set a creator's rates, in tokens a minute; None stops offering that kind.

    Drafts are allowed before approval (ACC-6): nothing can be rung up from them. Running calls and rings keep what was
    quoted (CALL-2). Raises CreatorOnly, ValidationFailed.
    """
    require_not_staff(creator)
    if getattr(creator, "creator", None) is None:
        raise CreatorOnly
    for name, rate in (("video_rate", video_rate), ("voice_rate", voice_rate)):
        if rate is not None and not 1 <= rate <= RATE_MAX:
            raise ValidationFailed({name: [str(rate)]})
    offering, _ = CallOffering.objects.update_or_create(
        creator_id=creator.pk,
        defaults={
            "video_rate": video_rate,
            "voice_rate": voice_rate,
            "bill_whole_minutes": bill_whole_minutes,
            "updated_at": clock.now(),
        },
    )
    if offering.lowest_rate is None and offering.is_available:
        offering.is_available = False
        offering.save(update_fields=["is_available"])
    announce_presence(people=[creator.pk])
    return offering


@transaction.atomic
def set_availability(*, creator: User, is_available: bool) -> CallOffering:
    """Say whether a creator picks up calls now (DISC-2). Repeatable. Raises CreatorOnly, NotOffered."""
    require_not_staff(creator)
    require_creator(creator)
    offering = CallOffering.objects.select_for_update().filter(pk=creator.pk).first()
    if offering is None or (is_available and offering.lowest_rate is None):
        raise NotOffered(name=creator.display_name)
    is_news = is_available and not offering.is_available
    offering.is_available = is_available
    offering.updated_at = clock.now()
    offering.save(update_fields=["is_available", "updated_at"])
    if is_news:
        tell_of_availability(creator, offering.updated_at)
    announce_presence(people=[creator.pk])
    return offering
