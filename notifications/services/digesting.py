"""Digests: what a person asked to get in one letter, when that is due (NOT-1, NOT-8)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction

from accounts.models import User
from digis.core import clock
from notifications import letters, unsubscribe
from notifications.kinds import DIGEST, Text, get_kind
from notifications.models import Delivery
from notifications.selectors.choices import find_quiet_end
from notifications.services.delivering import note, reason_to_drop, words_of
from notifications.services.planning import promise

log = structlog.get_logger(__name__)
Status: Final = Delivery.Status


@transaction.atomic
def deliver_digest(*, person_id: UUID) -> int:
    """Send what a person asked to get by digest and is due, in one letter; return how many it holds.

    What they have read meanwhile, muted or may not see any more is left out. Nothing is sent where nothing is left.
    What waits on has a promise of its own afterwards, whenever this ran.
    """
    now = clock.now()
    due = list(
        Delivery.objects.select_for_update(of=("self",))
        .select_related("notification__person", "notification__actor__creator")
        .filter(notification__person=person_id, is_digest=True, status=Status.WAITING, due_at__lte=now)
        .order_by("-notification__created_at", "-notification_id")
    )
    count = _deliver_due(due, now) if due else 0
    _promise_rest(person_id)
    return count


def _deliver_due(due: list[Delivery], now: datetime) -> int:
    person = due[0].notification.person
    if until := find_quiet_end(person, now):
        for delivery in due:
            delivery.due_at = until
        Delivery.objects.bulk_update(due, ["due_at"])
        return 0
    kept = [(delivery, text) for delivery in due if (text := _prepare(delivery, now)) is not None]
    if kept:
        _send_digest(person, due, kept)
    return len(kept)


def _prepare(delivery: Delivery, now: datetime) -> Text | None:
    """Return the words of one of a digest, or None where it is left out, which stands in the log.

    One that cannot be worded fails alone: the others go, and staff may try it again.
    """
    delivery.attempts += 1
    try:
        with transaction.atomic():  # what its kind asked of the database is undone, and the others may go on asking
            if reason := reason_to_drop(delivery, get_kind(delivery.notification.kind), now):
                note(delivery, Status.DROPPED, reason=reason)
                return None
            return words_of(delivery.notification)
    except (OperationalError, InterfaceError):  # the database's trouble, not the row's: the whole digest is tried again
        raise
    except Exception as error:
        log.exception("digest_row_failed", delivery=str(delivery.pk), kind=delivery.notification.kind)
        note(delivery, Status.FAILED, reason=f"{type(error).__name__}: {error}")
        return None


def _promise_rest(person_id: UUID) -> None:
    # The promise that runs now may have been made for an earlier moment than theirs, and ends with this transaction.
    rest = Delivery.objects.filter(notification__person=person_id, is_digest=True, status=Status.WAITING)
    first = rest.select_related("notification").order_by("due_at").first()
    if first is not None:
        promise(first)


def _send_digest(person: User, due: list[Delivery], kept: list[tuple[Delivery, Text]]) -> None:
    provider_id = letters.send_digest(
        person=person,
        due=due,
        texts=[text for _delivery, text in kept],
        unsubscribe_url=unsubscribe.make_url(person=person, category=DIGEST),
    )
    for delivery, _text in kept:
        if provider_id:
            note(delivery, Status.SENT, provider_id=provider_id)
        else:
            note(delivery, Status.BOUNCED, reason="no such mailbox")
