"""Telling somebody something, inside the transaction of its cause (NOT-1 to NOT-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from accounts import selectors as accounts
from accounts.models import User
from digis.core import clock, outbox
from digis.core.ids import uuid7
from notifications import selectors
from notifications.kinds import Kind, get_kind
from notifications.models import Channel, Delivery, Notification
from notifications.selectors.inbox import ORDER, group_window
from notifications.services.planning import announce_count, name_of, promise, when_due

PART: Final = 200  # so many listeners of a bell are told in one transaction


@transaction.atomic
def notify(
    *,
    kind: str,
    person: User,
    key: str,
    actor: User | None = None,
    target: Model | None = None,
    data: dict[str, Any] | None = None,
    creator: User | None = None,
) -> Notification | None:
    """Tell a person about an event, once, by the ways they chose; call it inside the transaction of the cause (NOT-1).

    `key` names the event: told again it is the same row, which is returned. `creator` is whose bell decides. Returns None for
    one's own acts, across a block, and where everything about it is muted (NOT-3). Raises LookupError for a kind nobody
    registered.
    """
    return tell(
        kind=kind, person=person, key=key, actor=actor, target=name_of(target), data=data or {}, creator=creator
    )


def tell(
    *,
    kind: str,
    person: User,
    key: str,
    actor: User | None,
    target: tuple[str, str],
    data: dict[str, Any],
    creator: User | None = None,
) -> Notification | None:
    """Do the work of `notify`, for a thing that is known by its type and id."""
    spec = get_kind(kind)
    if not person.is_active or not _may_tell(person, actor):
        return None
    if spec.bell and (creator is None or not selectors.hears_bell(person, creator, spec.bell)):
        return None
    ways = _ways(person, spec)
    if not ways:
        return None
    now = clock.now()
    told: dict[str, Any] = {
        "id": uuid7(),
        "kind": kind,
        "category": spec.category,
        "actor": actor,
        "target_type": target[0],
        "target_id": target[1],
        "data": data,
        "is_listed": Channel.INBOX in ways,
        "expires_at": now + spec.expires_after if spec.expires_after else None,
        "created_at": now,
    }
    told["group"] = _group_of(person, told, spec)
    row, is_new = Notification.objects.get_or_create(person=person, key=key, defaults=told)
    if is_new:
        _dispatch(row, spec, ways, now)
    return row


def _may_tell(person: User, actor: User | None) -> bool:
    if actor is None:
        return True
    return actor.pk != person.pk and not accounts.is_blocked_between(person, actor)


def _ways(person: User, spec: Kind) -> set[str]:
    """Return the channels to open a delivery for; push only where a browser asked for it."""
    ways = selectors.list_wanted(person, spec)
    if Channel.PUSH in ways and not selectors.has_push(person):
        ways.discard(Channel.PUSH)
    return ways


def _group_of(person: User, told: dict[str, Any], spec: Kind) -> UUID:
    """Return the line this joins: an unread one of the same thing that took one in a short while ago, or its own (NOT-3)."""
    own: UUID = told["id"]
    if not spec.groups or not told["is_listed"]:
        return own
    subject = {name: told[name] for name in ("kind", "target_type", "target_id")}
    name = ":".join(["notifications.group", str(person.pk), *subject.values()])
    with connection.cursor() as cursor:  # two at the same moment take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    lines = Notification.objects.filter(
        person=person.pk,
        is_listed=True,
        read_at__isnull=True,
        created_at__gt=told["created_at"] - group_window(),
        **subject,
    )
    return lines.order_by(*ORDER).values_list("group", flat=True).first() or own


def _dispatch(row: Notification, spec: Kind, ways: set[str], now: datetime) -> None:
    deliveries = []
    for channel in sorted(ways):
        due_at, is_digest = when_due(row.person, spec, channel, now)
        deliveries.append(
            Delivery(notification=row, channel=channel, due_at=due_at, is_digest=is_digest, created_at=now)
        )
    for delivery in Delivery.objects.bulk_create(deliveries):
        promise(delivery)


@transaction.atomic
def notify_bells(*, kind: str, creator: User, key: str, data: dict[str, Any] | None = None) -> None:
    """Tell everybody whose bell lets this news of a creator through, after the commit and in parts, however many.

    Once per listener and `key`, like `notify`.
    """
    outbox.enqueue(
        kind="notifications.bells",
        payload={"kind": kind, "creator": str(creator.pk), "key": key, "data": data or {}, "after": 0},
    )


@transaction.atomic
def tell_bells(*, kind: str, creator_id: UUID, key: str, data: dict[str, Any], after: int) -> None:
    """Tell the next part of a creator's listeners and promise the rest. Repeatable: nobody is told twice."""
    creator = accounts.get_person(id=creator_id)
    spec = get_kind(kind)
    follows = list(selectors.list_bell_listeners(creator, needed=spec.bell, after=after)[:PART])
    for follow in follows:
        notify(
            kind=kind, person=follow.follower, key=key, actor=creator, target=creator, data=dict(data), creator=creator
        )
    if len(follows) == PART:
        payload = {"kind": kind, "creator": str(creator_id), "key": key, "data": data, "after": follows[-1].pk}
        outbox.enqueue(kind="notifications.bells", payload=payload)


@transaction.atomic
def withdraw(*, kind: str, target: Model) -> int:
    """Take back what was told of a thing and is not true any more: unread lines go, mail and push that wait are dropped.

    Returns how many notifications it concerned. Repeatable (NOT-9).
    """
    target_type, target_id = name_of(target)
    rows = Notification.objects.filter(kind=kind, target_type=target_type, target_id=target_id, read_at__isnull=True)
    found = list(rows.select_for_update().values_list("pk", "person_id"))
    ids = [pk for pk, _person in found]
    Delivery.objects.filter(notification__in=ids, status=Delivery.Status.WAITING).update(
        status=Delivery.Status.DROPPED, reason="withdrawn"
    )
    Notification.objects.filter(pk__in=ids).update(is_listed=False)
    for person_id in {person_id for _pk, person_id in found}:
        announce_count(person_id=person_id)
    return len(found)
