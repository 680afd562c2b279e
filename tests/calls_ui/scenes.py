"""Scenes of calls, set by the real services: a pair that can talk, a ring, a running call, a finished one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests import make


def pair(
    *, tokens: int = 500, video: int | None = 20, voice: int | None = 10, available: bool = True
) -> tuple[Any, Any]:
    """Make a fan with tokens and a creator who picks up."""
    from calls import services as calls
    from economy import services as economy
    from economy.selectors import get_balance

    fan = make.make_person("dev", display_name="Dev Anand", birth_date="1990-05-05")
    creator = make.make_creator("ana", display_name="Ana Ferreira", birth_date="1988-03-03")
    fan.refresh_from_db()
    creator.refresh_from_db()
    calls.set_offering(creator=creator, video_rate=video, voice_rate=voice)
    calls.set_availability(creator=creator, is_available=available)
    missing = tokens - get_balance(fan).spendable  # a proven address may have come with a gift
    if missing > 0:
        economy.grant_promotional(person=fan, amount=missing, key=f"scene:{uuid4()}", reason="A scene of a test")
    return fan, creator


def ring(fan: Any, creator: Any, *, call_type: str = "video", message: str = "") -> Any:
    """Let the fan ring the creator."""
    from calls import services as calls

    return calls.ring_creator(fan=fan, creator=creator, call_type=call_type, key=uuid4().hex, message=message)


def call(fan: Any, creator: Any, *, call_type: str = "video") -> Any:
    """Let the creator pick up."""
    from calls import services as calls

    return calls.accept_ring(creator=creator, invitation_id=ring(fan, creator, call_type=call_type).pk)


def beat_both(running: Any, *, connected: bool = True) -> None:
    """Let both sides be heard once."""
    from calls import services as calls

    for person in (running.fan, running.creator):
        calls.heartbeat(person=person, call_id=running.pk, is_connected=connected)


def talk(running: Any, clock: Any, *, seconds: int) -> None:
    """Let both sides be heard every five seconds for so long."""
    beat_both(running)
    for _ in range(seconds // 5):
        clock.advance(seconds=5)
        beat_both(running)


def finished(fan: Any, creator: Any, clock: Any, *, seconds: int, call_type: str = "video") -> Any:
    """Let them talk for so long; the fan hangs up."""
    from calls import services as calls

    running = call(fan, creator, call_type=call_type)
    talk(running, clock, seconds=seconds)
    return calls.hang_up(person=fan, call_id=running.pk)
