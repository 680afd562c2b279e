"""The transactional outbox: what must happen after a commit, at least once.

`enqueue` writes a row in the cause's own transaction, so there is never a promise without a row nor a row without
a cause. A relay takes due rows with SKIP LOCKED and runs the kind's handler; the row is marked done in the handler's
transaction. A process that dies in between leaves the row due: handlers must bear being run again. Rows that keep
failing are parked and counted, so that one poison row never stops the others.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from prometheus_client import Counter

from digis.core import clock, valkey
from digis.core.models import OutboxEntry

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], None]

MAX_TRIES = 10
LEASE = timedelta(seconds=5)  # only bridges the moment between counting the try and locking the row
FIRST_DELAY, LONGEST_DELAY = 2.0, 3_600.0  # seconds
LONGEST_WISH = 86_400.0  # what TryLater may ask for

_handlers: dict[str, Handler] = {}

HANDLED = Counter("digis_outbox_handled_total", "Outbox entries by what became of them.", ["kind", "result"])


class TryLater(Exception):
    """Raised by a handler whose other side asks for patience: the entry waits at least so many seconds."""

    def __init__(self, why: str, *, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.seconds = min(max(seconds, 0.0), LONGEST_WISH)


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that handles a kind. It must be idempotent; it runs inside a transaction."""

    def decorate(function: Handler) -> Handler:
        known = _handlers.get(kind)
        if known is not None and (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise ImproperlyConfigured(f"Two outbox handlers want {kind!r}: rename one kind.")
        _handlers[kind] = function
        return function

    return decorate


def enqueue(
    *, kind: str, payload: dict[str, Any], key: str | None = None, not_before: datetime | None = None
) -> OutboxEntry:
    """Promise to handle `payload` after the present transaction commits.

    With a key, a promise of the same kind and key that still waits is enough: it is kept (its payload is the older
    one) and cannot run before this transaction ends. One that is being handled right now does not count, as its
    handler may have read the world before us.
    """
    with transaction.atomic():
        entry = _waiting(kind, key) if key else None
        if entry is None:
            entry = OutboxEntry.objects.create(
                kind=kind, payload=payload, key=key or "", not_before=not_before or clock.now()
            )
        elif not_before is None or not_before < entry.not_before:
            entry.not_before = not_before or min(entry.not_before, clock.now())
            entry.save(update_fields=["not_before"])
        _wake_on_commit()
    return entry


def _waiting(kind: str, key: str) -> OutboxEntry | None:
    return (
        OutboxEntry.objects.select_for_update(skip_locked=True)
        .filter(kind=kind, key=key, done_at__isnull=True, parked_at__isnull=True, tries=0)
        .first()
    )


def _wake_on_commit() -> None:
    """Ask the relay to look, once per transaction. Only a hint: beat looks every two seconds anyway."""
    connection = transaction.get_connection()
    if not any(entry[1] is wake for entry in connection.run_on_commit):
        transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Tell a worker that there is work. Does nothing when the broker is away: the row is the promise."""
    if not valkey.is_up():
        return
    from digis.core.tasks import relay_outbox

    try:
        relay_outbox.apply_async(retry=False, expires=60)
    except Exception as error:  # noqa: BLE001  a lost hint costs two seconds; it must not cost the request
        log.warning("outbox_wake_failed", error=str(error))


def relay(*, limit: int = 200, seconds: float = 20.0, kinds: list[str] | None = None) -> int:
    """Handle due entries until none is left, or so many, or for so long; return how many were handled.

    Safe to run in any number of processes at once.
    """
    handled = 0
    end = time.monotonic() + seconds
    while handled < limit and time.monotonic() < end:
        entry_id = _take(kinds)
        if entry_id is None:
            break
        if _handle(entry_id):
            handled += 1
    return handled


def _take(kinds: list[str] | None) -> int | None:
    """Count the try and commit it before the handler runs: a row that kills its worker gets parked too."""
    now = clock.now()
    with transaction.atomic():
        due = OutboxEntry.objects.filter(done_at__isnull=True, parked_at__isnull=True, not_before__lte=now)
        if kinds is not None:
            due = due.filter(kind__in=kinds)
        entry = due.select_for_update(skip_locked=True).order_by("not_before", "id").first()
        if entry is None:
            return None
        if entry.tries >= MAX_TRIES:
            _park(entry, entry.last_error or "The worker died each time.")
            return entry.pk
        entry.tries = F("tries") + 1
        entry.not_before = now + LEASE
        entry.save(update_fields=["tries", "not_before"])
        return entry.pk


def _handle(entry_id: int) -> bool:
    with transaction.atomic():
        entry = (
            # Waits: a relay that looked at the row while we took it may hold it for a moment.
            OutboxEntry.objects.select_for_update()
            .filter(pk=entry_id, done_at__isnull=True, parked_at__isnull=True)
            .first()
        )
        if entry is None:  # another relay has done it meanwhile, or it was parked
            return False
        try:
            with transaction.atomic():
                _run(entry)
        except Exception as error:  # noqa: BLE001  whatever a handler raises, the row is kept and tried again
            _postpone(entry, error)
            return False
        entry.done_at = clock.now()
        entry.payload = {}  # a mail holds a person's data and codes: kept no longer than needed
        entry.save(update_fields=["done_at", "payload"])
    HANDLED.labels(entry.kind, "done").inc()
    return True


def _run(entry: OutboxEntry) -> None:
    function = _handlers.get(entry.kind)
    if function is None:
        raise LookupError(f"No handler is registered for {entry.kind!r}.")
    function(entry.payload)


def _postpone(entry: OutboxEntry, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[:2_000]
    if entry.tries >= MAX_TRIES:
        _park(entry, text)
        log.error("outbox_parked", kind=entry.kind, entry=entry.pk, error=text, exc_info=error)
        return
    delay = min(FIRST_DELAY * 2 ** (entry.tries - 1), LONGEST_DELAY)
    delay *= random.uniform(0.8, 1.2)  # noqa: S311  spreads retries, hides nothing
    if isinstance(error, TryLater):
        delay = max(delay, error.seconds)
    entry.not_before = clock.now() + timedelta(seconds=delay)
    entry.last_error = text
    entry.save(update_fields=["not_before", "last_error"])
    HANDLED.labels(entry.kind, "failed").inc()
    log.warning("outbox_failed", kind=entry.kind, entry=entry.pk, tries=entry.tries, error=text)


def _park(entry: OutboxEntry, text: str) -> None:
    entry.parked_at = clock.now()
    entry.last_error = text
    entry.save(update_fields=["parked_at", "last_error"])
    HANDLED.labels(entry.kind, "parked").inc()


def unpark(*, entry_ids: list[int] | None = None) -> int:
    """Give parked entries (all, or those named) a fresh set of tries; return how many."""
    parked = OutboxEntry.objects.filter(parked_at__isnull=False)
    if entry_ids is not None:
        parked = parked.filter(pk__in=entry_ids)
    return parked.update(parked_at=None, tries=0, not_before=clock.now())


def prune(*, days: int = 7) -> int:
    """Delete entries done so many days ago; return how many. Parked ones stay until somebody looks."""
    deleted, _ = OutboxEntry.objects.filter(done_at__lt=clock.now() - timedelta(days=days)).delete()
    return deleted
