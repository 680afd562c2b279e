"""Reading: in one tab is reading in all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from digis.core import clock
from notifications import selectors
from notifications.models import Notification
from notifications.services.planning import announce_count

KEPT_READ: Final = timedelta(days=90)
KEPT: Final = timedelta(days=365)


@transaction.atomic
def mark_read(*, person: User, ids: Iterable[UUID] | None = None, everything: bool = False) -> int:
    """Mark a person's notifications as read, with the lines they belong to, or all of them; return how many rows were unread.

    Every open tab shows it after the commit. Ids of other people, or of nothing, change nothing. Repeatable.
    """
    unread = Notification.objects.filter(person=person.pk, read_at__isnull=True, is_listed=True)
    if not everything:
        mine = Notification.objects.filter(person=person.pk, pk__in=list(ids or ()))
        unread = unread.filter(group__in=mine.values("group"))
    marked = unread.update(read_at=clock.now())
    if marked:
        announce_count(person_id=person.pk, is_all=everything)
    return marked


def open_notification(*, person: User, notification_id: UUID) -> str:
    """Mark a notification as read and return where it leads: the path of the thing, or "" where it leads nowhere.

    Raises NotFound for anybody else's, and for what the person may not see any more (NOT-2).
    """
    row = selectors.get_notification_for(person, id=notification_id)
    mark_read(person=person, ids=[row.pk])
    line = selectors.present_line(person, row)
    text = line.text if line is not None else selectors.render_now(row)
    return text.url if text is not None else ""


@transaction.atomic
def prune_notifications() -> int:
    """Delete what was read a quarter of a year ago, and everything after a year, with its delivery log; return how many."""
    now = clock.now()
    old = Notification.objects.filter(created_at__lt=now - KEPT)
    read = Notification.objects.filter(created_at__lt=now - KEPT_READ, read_at__isnull=False)
    unlisted = Notification.objects.filter(created_at__lt=now - KEPT_READ, is_listed=False)
    return sum(rows.delete()[1].get("notifications.Notification", 0) for rows in (old, read, unlisted))
