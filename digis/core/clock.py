"""The one clock. Python reads `now()`; SQL is handed the same value as a parameter, never calls its own.

In test settings `CLOCK_OFFSET_FILE` names a file that holds a number of seconds. Every process reads it at
each call, so web, worker and browser tests move through time together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings

_replayed: ContextVar[datetime | None] = ContextVar("replayed", default=None)


def now() -> datetime:
    """Return the present moment in UTC, shifted by the shared offset in test settings."""
    return _replayed.get() or datetime.now(UTC) + _offset()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment within this block and this thread: demo history goes through the real services."""
    token = _replayed.set(moment)
    try:
        yield
    finally:
        _replayed.reset(token)


def today() -> date:
    """Return today's date in UTC."""
    return now().date()


def _offset() -> timedelta:
    path: str = getattr(settings, "CLOCK_OFFSET_FILE", "")
    if not path:
        return timedelta(0)
    try:
        return timedelta(seconds=float(Path(path).read_text(encoding="ascii") or 0))
    except (FileNotFoundError, ValueError):
        return timedelta(0)
