"""Creators as discovery shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts import services as accounts
from accounts.models import User
from calls import services as calls
from calls.models import Call
from tests import make


def make_listed(
    handle: str,
    *,
    name: str = "",
    categories: Iterable[str] = (),
    video: int | None = 40,
    voice: int | None = 25,
    online: bool = False,
    **fields: Any,
) -> User:
    """Make an approved creator with rates, who picks up when `online`."""
    person = make.make_creator(handle, display_name=name or handle.capitalize(), categories=categories, **fields)
    calls.set_offering(creator=person, video_rate=video, voice_rate=voice)
    if online:
        calls.set_availability(creator=person, is_available=True)
        accounts.note_presence(user=person)
    return person


def seat_in_call(*, fan: User, creator: User) -> Call:
    """Put two people into a running call."""
    ring = calls.ring_creator(fan=fan, creator=creator, call_type="video", key=f"test:{fan.pk}")
    return calls.accept_ring(creator=creator, invitation_id=ring.pk)
