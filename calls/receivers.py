"""What calls do on news about people. Sent inside the cause's transaction."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.signals import people_blocked, person_suspended
from calls import services


def connect() -> None:
    """Listen for blocks and suspensions: both end calls at once (CALL-14, ACC-9)."""
    people_blocked.connect(on_blocked, dispatch_uid="calls.blocked")
    person_suspended.connect(on_suspended, dispatch_uid="calls.suspended")


def on_blocked(*, blocker: User, blocked: User, **_kwargs: Any) -> None:
    """End what runs or rings between the two, billed to this second."""
    services.end_calls_between(first=blocker, second=blocked)


def on_suspended(*, person: User, **_kwargs: Any) -> None:
    """End what runs or rings for this person, billed to this second."""
    services.end_calls_of(person=person)
