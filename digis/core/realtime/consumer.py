"""The socket at /ws/: parses frames, asks the topic's app whether and what, forwards. It never decides.

Frames in:  subscribe, unsubscribe {topic} · message {topic, name, data, id?} · ping
Frames out: subscribed, unsubscribed {topic} · event · signal · ack {id, data} · error {code, message} · pong ·
            resync (look again: something may have been missed) · status {live}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from digis.core.errors import DomainError, Forbidden, NotFound, ValidationFailed
from digis.core.ids import uuid7
from digis.core.realtime import hub as hubs
from digis.core.realtime.hub import Hub, Socket, get_hub
from digis.core.realtime.sessions import in_thread, load_person, session_key_of
from digis.core.realtime.topics import USER, Topic, find_topic

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_FRAME = 16 * 1024
RATE, BURST = 10.0, 60.0  # frames a second sustained, and at once
TRUST_SECONDS = 3.0  # how long a session is believed without asking the database again
MAX_TEXT = 120


class Bucket:
    """Lets 10 frames a second pass, and 60 at once after a pause."""

    __slots__ = ("_left", "_seen")

    def __init__(self) -> None:
        self._left, self._seen = BURST, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._seen) * RATE)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class SocketConsumer:
    """The ASGI application of one WebSocket; stateless itself, one `_Session` per connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        session_key = session_key_of(scope.get("headers", []))
        person = await in_thread(load_person, session_key)
        if person is None:
            await _turn_away(send, hubs.CLOSE_SIGNED_OUT)
            return
        if getattr(person, "is_suspended", False):
            await _turn_away(send, hubs.CLOSE_SUSPENDED)
            return
        await send({"type": "websocket.accept"})
        await _Session(Socket(send, person, session_key), get_hub()).run(receive)


async def _turn_away(send: Send, code: int) -> None:
    """Accept, then close: only then can the browser read the code that says why."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  ASGI's signature
    """Answer every other WebSocket path."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


class _Stop(Exception):
    """Ends the session with a close code."""

    def __init__(self, code: int) -> None:
        self.code = code


class _Session:
    """One connection, from accept to close."""

    def __init__(self, socket: Socket, hub: Hub) -> None:
        self.socket, self.hub = socket, hub
        self.bucket = Bucket()
        self.believed_until = time.monotonic() + TRUST_SECONDS

    async def run(self, receive: Receive) -> None:
        socket = self.socket
        with structlog.contextvars.bound_contextvars(request_id=str(uuid7()), user_id=socket.person_id):
            try:
                await self.hub.join(socket)
                self.hub.subscribe(socket, f"{USER}:{socket.person_id}")
                self._reply({"type": "subscribed", "topic": f"{USER}:{socket.person_id}"})
                await self._note_presence()
                while (message := await receive())["type"] == "websocket.receive":
                    await self._hear(message)
            except _Stop as stop:
                socket.close(stop.code)
            except asyncio.CancelledError:
                if not socket.is_closed:  # the server stops; a socket we closed ourselves just ends here
                    raise
            finally:
                await self.hub.leave(socket)
                await socket.finish()

    def _reply(self, frame: dict[str, Any]) -> None:
        text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False, default=str)
        self.socket.deliver({"type": "websocket.send", "text": text})

    async def _hear(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if text is None:
            raise _Stop(hubs.CLOSE_UNSUPPORTED)
        if len(text) > MAX_FRAME or len(text.encode()) > MAX_FRAME:
            raise _Stop(hubs.CLOSE_TOO_BIG)
        if not self.bucket.take():
            raise _Stop(hubs.CLOSE_POLICY)
        self.socket.last_heard = time.monotonic()
        await self._check_session()
        reference: dict[str, Any] = {}
        try:
            frame = _parse(text)
            reference = {name: frame[name] for name in ("id", "topic") if name in frame}
            await self._act(frame, reference)
        except DomainError as error:
            self._reply({"type": "error", "code": error.code, "message": str(error), **reference})
        except Exception:  # a fault in an app's handler must not cost the person the connection
            log.exception("socket_message_failed")
            sentence = _("Something went wrong on our side.")
            self._reply({"type": "error", "code": "INTERNAL_ERROR", "message": sentence, **reference})

    async def _act(self, frame: dict[str, Any], reference: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "ping":
            await self._note_presence()
            self._reply({"type": "pong", **reference})
        elif kind == "subscribe":
            await self._subscribe(frame["topic"])
        elif kind == "unsubscribe":
            self.hub.unsubscribe(self.socket, frame["topic"])
            self._reply({"type": "unsubscribed", "topic": frame["topic"]})
        else:
            await self._message(frame, reference)

    async def _subscribe(self, name: str) -> None:
        topic, topic_id = _find(name)
        if not await in_thread(_may, topic, self.socket.person, topic_id):
            raise NotFound
        if self.socket.is_closed:
            return
        if not self.hub.subscribe(self.socket, name):
            raise Forbidden(_("This page listens to too much already."))
        self._reply({"type": "subscribed", "topic": name})

    async def _message(self, frame: dict[str, Any], reference: dict[str, Any]) -> None:
        topic, topic_id = _find(frame["topic"])
        if frame["topic"] not in self.socket.topics:
            raise NotFound
        result = await in_thread(_handle, topic, self.socket.person, topic_id, frame["name"], frame.get("data"))
        if "id" in frame:
            self._reply({"type": "ack", **reference, "data": result})

    async def _check_session(self) -> None:
        """Ask the database again who this is: a sign-out or a ban ends the socket even if its news was lost."""
        now = time.monotonic()
        if now < self.believed_until:
            return
        person = await in_thread(load_person, self.socket.session_key)
        if person is None or str(person.pk) != self.socket.person_id:
            raise _Stop(hubs.CLOSE_SIGNED_OUT)
        if getattr(person, "is_suspended", False):
            raise _Stop(hubs.CLOSE_SUSPENDED)
        self.socket.person = person
        self.believed_until = now + TRUST_SECONDS

    async def _note_presence(self) -> None:
        with contextlib.suppress(Exception):  # presence is told again in 20 s; it never costs the connection
            await self.hub.note_presence(self.socket.person)


def _parse(text: str) -> dict[str, Any]:
    """Read a frame, or raise ValidationFailed that says what is wrong with it."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise ValidationFailed(message=_("A frame is one JSON object.")) from None
    if not isinstance(frame, dict) or frame.get("type") not in {"ping", "subscribe", "unsubscribe", "message"}:
        raise ValidationFailed(message=_("A frame is an object with a type we know."))
    if "id" in frame and not isinstance(frame["id"], str | int):
        raise ValidationFailed(message=_("A frame's id is a text or a whole number."))
    needed = {"ping": (), "message": ("topic", "name")}.get(frame["type"], ("topic",))
    for name in needed:
        if not isinstance(frame.get(name), str) or not 0 < len(frame[name]) <= MAX_TEXT:
            raise ValidationFailed(message=_("This frame lacks its %(name)s.") % {"name": name})
    return frame


def _find(name: str) -> tuple[Topic, str]:
    found = find_topic(name)
    if found is None:
        raise NotFound
    return found


def _may(topic: Topic, person: Any, topic_id: str) -> bool:
    """Ask the app. What cannot be a topic of its kind (an id that is none) does not exist."""
    try:
        return bool(topic.authorize(person, topic_id))
    except (DomainError, ValueError, ValidationError):
        return False


def _handle(topic: Topic, person: Any, topic_id: str, name: str, data: Any) -> Any:
    """Ask again whether the person may, then hand the message to the app's handler. Runs in a thread."""
    handler = topic.messages.get(name)
    if handler is None or not _may(topic, person, topic_id):
        raise NotFound
    return handler(person, topic_id, data)
