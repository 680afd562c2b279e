"""When a delivery leaves: at once, after the quiet hours, or with the digest (NOT-8). Used inside other acts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Model

from accounts.models import User
from digis.core import outbox
from digis.core.realtime import publish_on_commit
from notifications import hours
from notifications.events import NotificationsCounted
from notifications.kinds import Kind
from notifications.models import Channel, Delivery, Digest
from notifications.selectors.choices import find_digest, find_quiet_end
from notifications.selectors.deliveries import promise_of


def name_of(target: Model | None) -> tuple[str, str]:
    """Return how a thing of any app is named in our rows: ("calls.call", its id)."""
    if target is None:
        return "", ""
    made_of = target.__class__  # also behind request.user
    return f"{made_of.__module__.partition('.')[0]}.{made_of.__name__.lower()}", str(target.pk)


def when_due(person: User, spec: Kind, channel: str, now: datetime) -> tuple[datetime, bool]:
    """Return when a delivery leaves, and whether it goes with the digest. Calls and mandatory news never wait."""
    if channel == Channel.INBOX or spec.is_urgent or spec.mandatory:
        return now, False
    digest = find_digest(person) if channel == Channel.MAIL else None
    if digest is not None:
        return next_digest_of(digest, now), True
    return find_quiet_end(person, now) or now, False


def next_digest_of(digest: Digest, now: datetime) -> datetime:
    """Return when a person's next digest goes."""
    return hours.next_digest(now, at=digest.at, weekday=digest.day, zone=digest.person.time_zone)


def promise(delivery: Delivery) -> None:
    """Have the outbox deliver it when it is due. Those of a digest share one promise per person, for the first of them.

    It may come too early for the others: `deliver_digest` promises again what it leaves waiting.
    """
    kind, key = promise_of(delivery)
    payload = {"person" if delivery.is_digest else "delivery": key}
    outbox.enqueue(kind=kind, payload=payload, key=key, not_before=delivery.due_at)


def announce_count(*, person_id: UUID, is_all: bool = False) -> None:
    """Show the bell, and what was read, as they are after the commit, in every tab of a person."""
    publish_on_commit(NotificationsCounted(person_id=person_id, is_all=is_all), to=f"user:{person_id}")
