"""The audit log: rows that nobody can change, chained by hash once they are committed.

`record` writes in the caller's transaction, so an act and its trace stand or fall together. Hashing there would
make every act wait for the one before it; instead a sealer links committed rows afterwards, one chain for all.
A row that is altered, removed or slipped in later breaks the chain at its place (`manage.py verify_audit`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection, models, transaction

from digis.core import clock
from digis.core.models import AuditEntry, AuditSeal

GENESIS = "0" * 64
_SEALER_LOCK = 4_077_114_305  # the sealer's advisory lock: one link at a time, or the chain would fork
_BATCH = 500


def record(
    *, actor: Any, action: str, target: Any = None, reason: str = "", data: dict[str, Any] | None = None
) -> AuditEntry:
    """Note who did what to what, in the present transaction. `actor` None is the system itself.

    `target` is a row, or a pair (type, id) for what is no row of ours.
    """
    target_type, target_id = _name(target)
    return AuditEntry.objects.create(
        actor_id=getattr(actor, "pk", None),
        actor_label=str(actor)[:120] if actor is not None else "system",
        action=action,
        target_type=target_type,
        target_id=target_id,
        reason=reason,
        data=data or {},
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )


def _name(target: Any) -> tuple[str, str]:
    if target is None:
        return "", ""
    if isinstance(target, tuple):
        return str(target[0]), str(target[1])
    if isinstance(target, models.Model):
        return target.__class__._meta.label_lower, str(target.pk)  # noqa: SLF001  Django's documented name
    return type(target).__name__.lower(), str(target)


def hash_of(entry: AuditEntry, previous: str) -> str:
    """Return the link of an entry: SHA-256 over the previous link and every field, in one canonical form."""
    fields = {
        "id": entry.pk,
        "actor_id": str(entry.actor_id or ""),
        "actor_label": entry.actor_label,
        "action": entry.action,
        "target_type": entry.target_type,
        "target_id": entry.target_id,
        "reason": entry.reason,
        "data": entry.data,
        "request_id": entry.request_id,
        "created_at": entry.created_at.isoformat(),
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def seal(*, limit: int = 5_000) -> int:
    """Link committed entries that have no link yet; return how many. A second sealer leaves at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        last = AuditSeal.objects.order_by("-position").first()
        position, previous = (last.position, last.hash) if last else (0, GENESIS)
        now = clock.now()
        seals = []
        for entry in AuditEntry.objects.filter(seal__isnull=True).order_by("id")[:limit]:
            position += 1
            link = hash_of(entry, previous)
            seals.append(AuditSeal(position=position, entry=entry, previous_hash=previous, hash=link, sealed_at=now))
            previous = link
        AuditSeal.objects.bulk_create(seals, batch_size=_BATCH)
    return len(seals)


@dataclass(frozen=True, slots=True)
class Breach:
    """A place where the chain does not hold."""

    position: int
    what: str


def verify() -> Iterator[Breach]:
    """Walk the whole chain and yield each place where it does not hold; nothing when all is well."""
    expected, previous = 1, GENESIS
    for link in AuditSeal.objects.order_by("position").select_related("entry").iterator(chunk_size=_BATCH):
        if link.position != expected:
            yield Breach(expected, f"links {expected} to {link.position - 1} are missing")
        if link.previous_hash != previous:
            yield Breach(link.position, "it does not follow from the link before it")
        if hash_of(link.entry, link.previous_hash) != link.hash:
            yield Breach(link.position, f"entry {link.entry_id} is not what was sealed")
        expected, previous = link.position + 1, link.hash
    yield from _lost_entries()


def _lost_entries() -> Iterator[Breach]:
    """Find links that point nowhere: a superuser could delete behind the foreign key's back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.position, s.entry_id FROM core_auditseal s LEFT JOIN core_auditentry e ON e.id = s.entry_id "
            "WHERE e.id IS NULL ORDER BY s.position"
        )
        for position, entry_id in cursor.fetchall():
            yield Breach(position, f"entry {entry_id} was deleted")
