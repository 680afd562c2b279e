"""What the two people in a call say to the server over the topic `call:<id>`, and to each other through it."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from calls import selectors, services
from digis.core.errors import ValidationFailed
from digis.core.limits import check_limit
from digis.core.realtime import publish_signal, register_topic

SIGNALS = {"hello", "offer", "answer", "candidate", "bye"}
SIGNAL_MAX = 16_000  # characters of JSON; a session description is about 4 000


def connect() -> None:
    """Open the topic to the two people of a call, while it runs."""
    register_topic(
        "call",
        authorize=selectors.is_participant,
        messages={"signal": on_signal, "beat": on_beat, "media": on_media, "leave": on_leave},
    )


def on_signal(person: User, call_id: str, data: Any) -> None:
    """Hand a WebRTC description or candidate to the other side; it is never stored."""
    if not isinstance(data, dict) or data.get("kind") not in SIGNALS or len(json.dumps(data)) > SIGNAL_MAX:
        raise ValidationFailed(message=_("This is no signal of a call."))
    _relay(person, call_id, "signal", data)


def on_media(person: User, call_id: str, data: Any) -> None:
    """Tell the other side whether one's camera and microphone are on."""
    state = {name: bool(data.get(name)) for name in ("camera", "microphone")} if isinstance(data, dict) else {}
    if not state:
        raise ValidationFailed(message=_("This is no signal of a call."))
    _relay(person, call_id, "media", state)


def _relay(person: User, call_id: str, name: str, data: dict[str, Any]) -> None:
    role = selectors.role_of(person, call_id)
    publish_signal(f"call:{call_id}", name, {**data, "from": role})


def on_beat(person: User, call_id: str, data: Any) -> None:
    """Take in a heartbeat; anything but an explicit no counts as connected."""
    check_limit("call_beat", f"person:{person.pk}")
    is_connected = not isinstance(data, dict) or data.get("connected", True) is True
    services.heartbeat(person=person, call_id=call_id, is_connected=is_connected)


def on_leave(person: User, call_id: str, data: Any) -> None:  # noqa: ARG001  the topic's signature
    """Take in that the page is closing."""
    services.leave_call(person=person, call_id=call_id)
