"""Identifiers: UUIDv7, which sort by the moment they were made."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """Return a new time-ordered UUID."""
    return _uuid7()


def is_uuid(text: object) -> bool:
    """Tell whether a word from outside can be an id of ours at all; what cannot is asked of no table."""
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
