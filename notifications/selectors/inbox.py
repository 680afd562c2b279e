"""The inbox as its owner may see it: lines by group, the newest first (NOT-2, NOT-3, DISC-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import Error as DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import selectors as accounts
from accounts.models import User
from digis.core import clock
from digis.core.errors import NotFound
from notifications import days
from notifications.kinds import Text, get_kind, guarded_kinds, known_kinds
from notifications.models import Notification

log = structlog.get_logger(__name__)

MOST_COUNTED = 100  # the bell says 99+ from here on
RECENTLY = timedelta(minutes=2)
ORDER = ("-created_at", "-id")  # the newest first


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the inbox: a notification, or several that read as one."""

    head: Notification  # the newest
    text: Text
    count: int
    day: date
    day_words: str
    starts_day: bool = True

    @property
    def id(self) -> UUID:
        """The name of the line in the page; it stays when the group grows."""
        return self.head.group

    @property
    def is_read(self) -> bool:
        return self.head.is_read

    @property
    def created_at(self) -> datetime:
        return self.head.created_at


def _visible(person: User) -> QuerySet[Notification]:
    """Return what stands in a person's inbox: nothing by people they may not know of (DISC-1, MOD-1)."""
    known = accounts.visible_people(person).filter(pk=OuterRef("actor"))
    return Notification.objects.filter(
        Q(actor__isnull=True) | Exists(known), person=person.pk, is_listed=True, kind__in=known_kinds()
    )


def list_heads(person: User, *, unread: bool = False, category: str = "") -> QuerySet[Notification]:
    """List the newest row of every line of a person's inbox; sort it by ORDER."""
    rows = _visible(person)
    later = Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), id__gt=OuterRef("id"))
    newer = rows.filter(later, group=OuterRef("group"))
    heads = rows.filter(~Exists(newer)).select_related("actor__creator")
    if unread:
        heads = heads.filter(read_at__isnull=True)
    if category:
        heads = heads.filter(category=category)
    return heads


def count_unread(person: User | AnonymousUser) -> int:
    """Count the unread lines a person may see, up to a hundred."""
    if not isinstance(person, User):
        return 0
    unread = list_heads(person, unread=True).select_related(None).order_by()
    guarded = guarded_kinds()
    if not guarded:
        return unread[:MOST_COUNTED].count()
    count = unread.exclude(kind__in=guarded)[:MOST_COUNTED].count()
    rest = unread.filter(kind__in=guarded).order_by(*ORDER)[: MOST_COUNTED - count] if count < MOST_COUNTED else ()
    return count + sum(_may_list(person, row) for row in rest)


def may_show(person: User, row: Notification) -> bool:
    """Ask the kind whether its owner may see a notification now (NOT-2)."""
    return get_kind(row.kind).can_view(person, row)


def can_read(person: User, row: Notification) -> bool:
    """Tell whether a notification may be shown to its owner now: who caused it, and what it is about (NOT-2, MOD-1)."""
    if row.actor is not None and not accounts.can_view_profile(person, row.actor):
        return False
    return may_show(person, row)


def _may_list(person: User, row: Notification) -> bool:
    """Ask the kind; where it fails, one line is missing, not the inbox. A delivery asks `may_show` and fails as it should."""
    try:
        return may_show(person, row)
    except DatabaseError:  # the transaction may be broken: nothing after it would work
        raise
    except Exception:
        log.exception("notification_cannot_be_asked", notification=str(row.pk), kind=row.kind)
        return False


def _render_line(group: Sequence[Notification]) -> Text | None:
    """Return the words of a line, or None where its kind has none for it."""
    head = group[0]
    try:
        return get_kind(head.kind).render(group)
    except DatabaseError:
        raise
    except Exception:
        log.exception("notification_has_no_words", notification=str(head.pk), kind=head.kind)
        return None


def present_lines(person: User, heads: Iterable[Notification]) -> list[Line]:
    """Turn heads into lines with their words, in as many queries for any number of them.

    What the person may not see any more is left out, and what its kind cannot word. `starts_day` marks the first line of
    each day of their zone.
    """
    heads = list(heads)
    members = _members(person, heads)
    today = days.day_of(clock.now(), person.time_zone)
    lines: list[Line] = []
    for head in heads:
        group = [row for row in members.get(head.group, [head]) if _may_list(person, row)]
        text = _render_line(group) if group else None
        if text is None:
            continue
        day = days.day_of(group[0].created_at, person.time_zone)
        lines.append(
            Line(
                head=group[0],
                text=text,
                count=len(group),
                day=day,
                day_words=days.describe_day(day, today),
                starts_day=not lines or lines[-1].day != day,
            )
        )
    return lines


def _members(person: User, heads: Sequence[Notification]) -> dict[UUID, list[Notification]]:
    grouped = [head.group for head in heads if get_kind(head.kind).groups]
    found: dict[UUID, list[Notification]] = {}
    if grouped:
        for row in _visible(person).filter(group__in=grouped).select_related("actor__creator").order_by(*ORDER):
            found.setdefault(row.group, []).append(row)
    return found


def present_line(person: User, row: Notification) -> Line | None:
    """Return the line a notification belongs to as it reads now, or None where its owner may not see it."""
    head = list_heads(person).filter(group=row.group).first()
    lines = present_lines(person, [head]) if head is not None else []
    return lines[0] if lines else None


def list_recently_read(person: User, *, limit: int = 25) -> list[Line]:
    """Return the lines a person read a moment ago, for pages that show them still as unread."""
    heads = list_heads(person).filter(read_at__gt=clock.now() - RECENTLY).order_by("-read_at", "-id")
    return present_lines(person, heads[:limit])


def get_notification_for(person: User, *, id: UUID) -> Notification:  # noqa: A002  the house's selectors take `id`
    """Return a person's own notification. Raises NotFound, also for what they may not see any more."""
    row = Notification.objects.select_related("actor__creator").filter(person=person.pk, pk=id).first()
    if row is None or row.kind not in known_kinds() or not can_read(person, row):
        raise NotFound
    return row


def render_now(row: Notification) -> Text | None:
    """Return the words of one notification by itself, or None where its kind has none for it."""
    return _render_line([row])


def group_window() -> timedelta:
    """Return how long a line takes in more of its kind (NOT-3)."""
    return timedelta(hours=settings.NOTIFICATION_GROUP_HOURS)
