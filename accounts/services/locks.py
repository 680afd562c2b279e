"""Locks on names that may not have a row yet: an address, a handle."""

from __future__ import annotations

from django.db import connection


def lock_name(*, kind: str, name: str) -> None:
    """Hold a name until the transaction ends, so that two requests for it take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.{kind}:{name}"])
