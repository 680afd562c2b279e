"""Reminders: once for a kind, a thing, a person and a slot, and never when the cause is gone (NOT-9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from digis.core import clock, outbox
from notifications.kinds import get_kind
from notifications.models import Reminder
from notifications.services.planning import name_of
from notifications.services.telling import tell

Status = Reminder.Status


@transaction.atomic
def schedule_reminder(
    *, kind: str, person: User, target: Model, slot: str, due_at: datetime, data: dict[str, Any] | None = None
) -> Reminder:
    """Promise to tell a person of a thing at a moment, inside the cause's transaction. Repeatable (NOT-9).

    One that waits, or was canceled, moves to the new moment; one that was told is not told again. Raises LookupError for a
    kind nobody registered.
    """
    get_kind(kind)
    target_type, target_id = name_of(target)
    reminder, is_new = Reminder.objects.select_for_update().get_or_create(
        kind=kind,
        target_type=target_type,
        target_id=target_id,
        person=person,
        slot=slot,
        defaults={"due_at": due_at, "data": data or {}, "created_at": clock.now()},
    )
    if not is_new and reminder.status != Status.SENT:
        reminder.due_at, reminder.data, reminder.status, reminder.done_at = due_at, data or {}, Status.WAITING, None
        reminder.save(update_fields=["due_at", "data", "status", "done_at"])
    if reminder.status == Status.WAITING:
        _promise(reminder)
    return reminder


@transaction.atomic
def cancel_reminders(*, target: Model, slot: str | None = None, but: str | None = None) -> int:
    """Cancel what waits to be told of a thing, of one slot of it, or of all `but` one; return how many. Repeatable (NOT-9)."""
    target_type, target_id = name_of(target)
    waiting = Reminder.objects.filter(target_type=target_type, target_id=target_id, status=Status.WAITING)
    if slot is not None:
        waiting = waiting.filter(slot=slot)
    if but is not None:
        waiting = waiting.exclude(slot=but)
    return waiting.update(status=Status.CANCELLED, done_at=clock.now())


@transaction.atomic
def fire_reminder(*, reminder_id: UUID) -> Reminder | None:
    """Tell a person what they wanted to be reminded of, if it is due and still so; return the reminder, None where it is gone.

    Once, however often this runs. One that was moved waits for its new moment; one whose cause has gone is canceled: its
    kind is asked (NOT-9).
    """
    reminder = Reminder.objects.select_for_update(of=("self",)).select_related("person").filter(pk=reminder_id).first()
    if reminder is None or reminder.status != Status.WAITING:
        return reminder
    now = clock.now()
    if reminder.due_at > now:
        _promise(reminder)
        return reminder
    is_due = get_kind(reminder.kind).is_still_due(reminder)
    reminder.status = Status.SENT if is_due else Status.CANCELLED
    reminder.done_at = now
    reminder.save(update_fields=["status", "done_at"])
    if is_due:
        tell(
            kind=reminder.kind,
            person=reminder.person,
            key=f"reminder:{reminder.pk}",
            actor=None,
            target=(reminder.target_type, reminder.target_id),
            data=dict(reminder.data),
        )
    return reminder


def _promise(reminder: Reminder) -> None:
    outbox.enqueue(
        kind="notifications.remind",
        payload={"reminder": str(reminder.pk)},
        key=str(reminder.pk),
        not_before=reminder.due_at,
    )
