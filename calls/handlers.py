"""What the outbox does for calls after the commit."""

from __future__ import annotations

from typing import Any

from calls import services
from digis.core import outbox


def connect() -> None:
    """Register the outbox's kinds of this room."""
    outbox.handler("calls.tell_missed")(tell_missed)


def tell_missed(payload: dict[str, Any]) -> None:
    """Tell creators what they missed."""
    services.tell_missed_rings(ring_ids=payload["rings"])
