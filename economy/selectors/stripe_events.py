"""What Stripe sent us, and what became of it (LEDGER-5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import QuerySet

from digis.core.models import OutboxEntry
from economy.models import StripeEvent

PROMISE: Final = "economy.stripe_event"  # the outbox's kind: its key is the event's id


def find_promises(event_ids: Iterable[str]) -> dict[str, OutboxEntry]:
    """Return the newest promise to look at each of these events; none for one handled so long ago that it was pruned."""
    found = OutboxEntry.objects.filter(kind=PROMISE, key__in=list(event_ids)).order_by("key", "-pk").distinct("key")
    return {entry.key: entry for entry in found}


def list_unhandled_events() -> QuerySet[StripeEvent]:
    """Return the events that a promise still waits, fails or is parked for."""
    open_ids = OutboxEntry.objects.filter(kind=PROMISE, done_at__isnull=True).values("key")
    found: QuerySet[StripeEvent] = StripeEvent.objects.filter(id__in=open_ids)
    return found
