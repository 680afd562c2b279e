"""Being here: noted by every heartbeat, told to open pages once when it begins and once when it has ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.events import PresenceChanged
from accounts.models import Presence, User
from digis.core import clock
from digis.core.realtime import publish_on_commit

AT_ONCE: Final = 200  # people who left, told of in one transaction


def note_presence(*, user: User) -> None:
    """Note that a person's browser was heard just now (DISC-2). One statement, two when they have just come.

    Open pages hear of a coming, not of each heartbeat: a tab that is loaded anew within the minute changes nothing.
    """
    now = clock.now()
    since = now - timedelta(seconds=settings.ONLINE_SECONDS)
    here = Presence.objects.filter(user=user.pk, is_announced=True, last_seen_at__gte=since)
    if here.update(last_seen_at=now):
        return
    with transaction.atomic():
        Presence.objects.bulk_create(
            [Presence(user_id=user.pk, last_seen_at=now, is_announced=True)],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["last_seen_at", "is_announced"],
        )
        announce_presence(people=[user.pk])


def settle_presence() -> int:
    """Tell open pages who has been silent for a minute; return how many. Repeatable, in any number of processes."""
    total = 0
    while gone := _settle_some():
        total += gone
    return total


@transaction.atomic
def _settle_some() -> int:
    until = clock.now() - timedelta(seconds=settings.ONLINE_SECONDS)
    silent = Presence.objects.filter(is_announced=True, last_seen_at__lt=until).order_by("last_seen_at")
    people = list(silent.select_for_update(skip_locked=True).values_list("user_id", flat=True)[:AT_ONCE])
    Presence.objects.filter(user__in=people).update(is_announced=False)
    announce_presence(people=people)
    return len(people)


def announce_presence(*, people: Iterable[UUID]) -> None:
    """Show open pages how people's presence stands once the present transaction has committed.

    For whatever changes it: coming and going, a call taken or ended, availability, a switch. What is sent is read then,
    so that a repetition does no harm.
    """
    for person_id in people:
        publish_on_commit(PresenceChanged(person_id), to=f"presence:{person_id}")
