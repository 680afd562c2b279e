"""News from below: accounts' own, told here because accounts stands beneath. Sent inside the cause's transaction."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.signals import letter_written, people_blocked, person_followed
from digis.core.ids import uuid7
from notifications import services
from notifications.kinds.accounts import FOLLOWED, KEPT_FACTS, kind_of_letter
from notifications.services.planning import announce_count


def connect() -> None:
    """Listen to accounts."""
    person_followed.connect(on_followed, dispatch_uid="notifications.followed")
    letter_written.connect(on_letter, dispatch_uid="notifications.letter")
    people_blocked.connect(on_blocked, dispatch_uid="notifications.blocked")


def on_followed(*, follower: User, followed: User, **_kwargs: Any) -> None:
    """Tell whom somebody follows from now on; once for each of them, however often they come back."""
    services.notify(kind=FOLLOWED, person=followed, key=f"follow:{follower.pk}", actor=follower)


def on_letter(*, person: User, letter: str, facts: dict[str, Any], **_kwargs: Any) -> None:
    """Say inside what a letter about the account says by mail: security and decisions, never a code (NOT-5)."""
    kind = kind_of_letter(letter)
    if kind is not None:
        kept = {name: str(value) for name, value in facts.items() if name in KEPT_FACTS}
        services.notify(kind=kind, person=person, key=f"letter:{uuid7()}", data=kept)


def on_blocked(*, blocker: User, blocked: User, **_kwargs: Any) -> None:
    """Take what the two did to each other out of both inboxes at once (MOD-1)."""
    for person in (blocker, blocked):
        announce_count(person_id=person.pk, is_all=True)
