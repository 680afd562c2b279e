"""What did not work: it stands in the delivery log and can be tried again (NOT-1)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from accounts.models import User
from digis.core import audit, clock, outbox
from digis.core.errors import InvalidState
from notifications import selectors
from notifications.models import Delivery
from notifications.services.delivering import lock
from notifications.services.planning import promise

log = structlog.get_logger(__name__)
Status: Final = Delivery.Status


@transaction.atomic
def note_failed_deliveries(*, limit: int = 200) -> int:
    """Write into the delivery log what the outbox gave up on; return how many. Repeatable."""
    parked = selectors.list_parked(limit=limit)
    for delivery, entry in parked:
        delivery.status, delivery.attempts = Status.FAILED, entry.tries
        delivery.reason = entry.last_error[:300]
        delivery.save(update_fields=["status", "attempts", "reason"])
    return len(parked)


@transaction.atomic
def promise_forgotten(*, limit: int = 200) -> int:
    """Promise once more what should have left and waits for no promise; return how many. Repeatable.

    The deliveries are what is to be done; a promise only says when to look.
    """
    forgotten = selectors.list_forgotten(now=clock.now(), limit=limit)
    for delivery in forgotten:
        promise(delivery)
    if forgotten:
        log.warning("deliveries_were_forgotten", count=len(forgotten))
    return len(forgotten)


@transaction.atomic
def retry_delivery(*, delivery_id: UUID, staff: User, reason: str = "") -> Delivery:
    """Try a failed delivery again at once; one of a digest in a letter of its own, or with what is due beside it.

    Raises InvalidState when it did not fail.
    """
    delivery = lock(delivery_id)
    if delivery is None or delivery.status != Status.FAILED:
        raise InvalidState
    delivery.status, delivery.due_at, delivery.reason = Status.WAITING, clock.now(), ""
    delivery.save(update_fields=["status", "due_at", "reason"])
    parked = selectors.list_parked_entries(delivery)
    if parked:
        outbox.unpark(entry_ids=parked)
        outbox.wake()
    else:
        promise(delivery)
    audit.record(actor=staff, action="notifications.delivery_retried", target=delivery, reason=reason)
    return delivery
