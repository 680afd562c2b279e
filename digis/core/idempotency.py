"""One act per key, however often it is asked for (LEDGER-4).

A money form carries a key made when the page was rendered; the API takes its `Idempotency-Key` header. The record
is written in the same transaction as the act: either both are there or neither. Refusals leave no record, so that
topping up and pressing the same button again works.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from digis.core import clock
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.ids import uuid7
from digis.core.models import IdempotencyRecord

T = TypeVar("T")

MAX_KEY = 255

_CLAIM = """
INSERT INTO core_idempotencyrecord (person_id, scope, key, fingerprint, ref, created_at)
VALUES (%(person)s, %(scope)s, %(key)s, %(fingerprint)s, '', %(now)s)
ON CONFLICT (person_id, scope, key) DO NOTHING
RETURNING id
"""


def form_key() -> str:
    """Return a fresh key for a form's hidden `idempotency_key` field."""
    return str(uuid7())


def request_key(given: str | None, *, prefix: str = "", room: int = MAX_KEY) -> str:
    """Return what to store for a program's `Idempotency-Key`, or a fresh key where none was given.

    Any string up to 255 is honored (api.md); what does not fit the column's `room` is kept by its digest, so that two keys
    are never taken for one. A longer one raises ValidationFailed.
    """
    if not given:
        return form_key()
    if len(given) > MAX_KEY:
        raise ValidationFailed({"Idempotency-Key": [_("A key has 255 characters at most.")]})
    whole = f"{prefix}:{given}" if prefix else given
    return whole if len(whole) <= room else f"{prefix}#{hashlib.sha256(given.encode()).hexdigest()}"


def fingerprint_of(**parts: Any) -> str:
    """Return a digest of what was asked for: equal requests have equal fingerprints, whatever the order of fields."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def run_once(
    *,
    person: Any,
    scope: str,
    key: str,
    fingerprint: str,
    act: Callable[[], T],
    load: Callable[[str], T],
    ref: Callable[[T], str],
) -> tuple[T, bool]:
    """Run `act` once for (person, scope, key) and return (result, is_replay).

    All in one transaction: the same key with the same fingerprint gives the committed result again through
    `load(ref)`; a concurrent twin waits for the first to commit or fail; the same key with another fingerprint raises
    IdempotencyConflict. An act that raises leaves nothing behind.
    """
    if not key or len(key) > MAX_KEY:
        raise ValidationFailed({"idempotency_key": [_("Open the page again: its form has lost its key.")]})
    person_id: UUID = getattr(person, "pk", person)
    digest = fingerprint if len(fingerprint) <= 64 else hashlib.sha256(fingerprint.encode()).hexdigest()
    with transaction.atomic():
        record_id = _claim(person_id, scope, key, digest)
        if record_id is None:
            record = IdempotencyRecord.objects.get(person_id=person_id, scope=scope, key=key)
            if record.fingerprint != digest:
                raise IdempotencyConflict
            return load(record.ref), True
        result = act()
        IdempotencyRecord.objects.filter(pk=record_id).update(ref=ref(result))
        return result, False


def _claim(person_id: UUID, scope: str, key: str, fingerprint: str) -> int | None:
    """Insert the record, or return None when it is there. Waits while a twin's transaction is open."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {"person": person_id, "scope": scope, "key": key, "fingerprint": fingerprint, "now": clock.now()},
        )
        row = cursor.fetchone()
    return row[0] if row else None
