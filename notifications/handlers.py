"""What the outbox does for notifications after the commit. Each may run again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from digis.core import outbox
from notifications import services


def connect() -> None:
    """Register the outbox's kinds of this room."""
    outbox.handler("notifications.deliver")(deliver)
    outbox.handler("notifications.push_rest")(push_rest)
    outbox.handler("notifications.digest")(deliver_digest)
    outbox.handler("notifications.bells")(tell_bells)
    outbox.handler("notifications.remind")(fire_reminder)


def deliver(payload: dict[str, Any]) -> None:
    """Deliver one notification by one channel."""
    services.deliver(delivery_id=UUID(payload["delivery"]))


def push_rest(payload: dict[str, Any]) -> None:
    """Push to the browsers that could not be reached the first time."""
    services.push_rest(delivery_id=UUID(payload["delivery"]), only=[UUID(text) for text in payload["only"]])


def deliver_digest(payload: dict[str, Any]) -> None:
    """Send a person's digest."""
    services.deliver_digest(person_id=UUID(payload["person"]))


def tell_bells(payload: dict[str, Any]) -> None:
    """Tell the next part of a creator's listeners."""
    services.tell_bells(
        kind=payload["kind"],
        creator_id=UUID(payload["creator"]),
        key=payload["key"],
        data=payload["data"],
        after=int(payload["after"]),
    )


def fire_reminder(payload: dict[str, Any]) -> None:
    """Tell or cancel a reminder whose moment has come."""
    services.fire_reminder(reminder_id=UUID(payload["reminder"]))
