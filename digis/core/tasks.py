"""What beat asks of the core. Each task may be lost or repeated without harm."""

from __future__ import annotations

import socket
from datetime import timedelta

from celery import shared_task

from digis.core import audit, clock, outbox
from digis.core.models import IdempotencyRecord, LimitHit, WorkerHeartbeat

KEEP_KEYS_DAYS = 30  # api.md promises 24 hours; the ledger's own keys never expire


@shared_task(name="digis.core.tasks.relay_outbox")
def relay_outbox() -> None:
    outbox.relay()


@shared_task(name="digis.core.tasks.seal_audit")
def seal_audit() -> None:
    audit.seal()


@shared_task(name="digis.core.tasks.note_worker_heartbeat")
def note_worker_heartbeat() -> None:
    """Leave a mark that /readyz reads: beat sent this, the broker carried it, a worker ran it."""
    WorkerHeartbeat.objects.update_or_create(name=socket.gethostname(), defaults={"beat_at": clock.now()})


@shared_task(name="digis.core.tasks.prune")
def prune() -> None:
    """Delete what has served its time: done outbox rows, old keys, spent limit windows, hosts long gone."""
    now = clock.now()
    outbox.prune()
    IdempotencyRecord.objects.filter(created_at__lt=now - timedelta(days=KEEP_KEYS_DAYS)).delete()
    LimitHit.objects.filter(expires_at__lt=now).delete()
    WorkerHeartbeat.objects.filter(beat_at__lt=now - timedelta(days=1)).delete()
