"""The socket at /ws/: parses frames, asks the topic's app whether and what, forwards. It never decides.

What the frames are stands in `frames`. What a person says is counted as it arrives and done in order, one frame at a
time, beside the reading: whoever floods is gone before the first of it is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.utils.translation import gettext as _

from digis.core.errors import DomainError, Forbidden, NotFound, RateLimited
from digis.core.ids import uuid7
from digis.core.limits import check_limit
from digis.core.realtime import frames, rights
from digis.core.realtime.frames import MAX_FRAME, read_frame
from digis.core.realtime.hub import Hub, get_hub
from digis.core.realtime.sessions import in_thread, load_person, session_key_of
from digis.core.realtime.tickets import redeem_ticket, since_of, ticket_of
from digis.core.realtime.topics import USER, Topic, find_topic
from digis.core.realtime.wire import RESYNC, Socket, frame_of

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

RATE, BURST = 10.0, 60.0  # frames a second sustained, and at once
TRUST_SECONDS = 3.0  # how long a session is believed without asking the database again
MOST_WAITING = 64  # frames that were counted and wait to be done; more are not read yet
LAST_WORDS_SECONDS = 5.0  # for what was said before the page went
TYPING_SECONDS = 3.0


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
        ticket = ticket_of(scope.get("query_string", b""))
        try:
            person, session_key = await in_thread(_admit, ticket, session_key_of(scope.get("headers", [])))
        except RateLimited:
            await _turn_away(send, frames.CLOSE_TOO_MANY)
            return
        if person is None:
            await _turn_away(send, frames.CLOSE_SIGNED_OUT)
            return
        if getattr(person, "is_suspended", False):
            await _turn_away(send, frames.CLOSE_SUSPENDED)
            return
        await send({"type": "websocket.accept"})
        since = since_of(scope.get("query_string", b""))
        await _Session(Socket(send, person, session_key), get_hub()).run(receive, since=since)


def _admit(ticket: str | None, session_key: str) -> tuple[Any | None, str]:
    """Return who opens a socket, and on which session: by a ticket alone if there is one, else by the cookie."""
    owner = ""
    if ticket is not None:
        owner, session_key = redeem_ticket(ticket) or ("", "")
    person = load_person(session_key)
    if person is None or (ticket is not None and str(person.pk) != owner):
        return None, ""
    check_limit("socket", f"person:{person.pk}")
    return person, session_key


async def _turn_away(send: Send, code: int) -> None:
    """Accept, then close: only then can the browser read the code that says why."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  ASGI's signature
    """Answer every other WebSocket path."""
    await receive()
    await send({"type": "websocket.close", "code": frames.CLOSE_UNKNOWN})


class _Stop(Exception):
    """Ends the session with a close code."""

    def __init__(self, code: int, *, is_hostile: bool = False) -> None:
        self.code, self.is_hostile = code, is_hostile


class _Session:
    """One connection, from accept to close."""

    __slots__ = ("_believed_until", "_bucket", "_hub", "_said", "_socket", "_typed", "_worker")

    def __init__(self, socket: Socket, hub: Hub) -> None:
        self._socket, self._hub = socket, hub
        self._bucket = Bucket()
        self._believed_until = time.monotonic() + TRUST_SECONDS
        self._said: deque[str] = deque()
        self._typed: dict[str, float] = {}
        self._worker: asyncio.Task[None] | None = None

    async def run(self, receive: Receive, *, since: int | None = None) -> None:
        socket, hub = self._socket, self._hub
        own = f"{USER}:{socket.person_id}"
        with structlog.contextvars.bound_contextvars(request_id=str(uuid7()), user_id=socket.person_id):
            try:
                await hub.join(socket)
                hub.subscribe(socket, own)
                self._reply({"type": "subscribed", "topic": own})
                hub.greet(socket)
                self._make_up([own], since)
                await self._note_presence()
                while (message := await receive())["type"] == "websocket.receive":
                    self._hear(message)
                    if len(self._said) >= MOST_WAITING and self._worker is not None:
                        await asyncio.wait([self._worker])
                await self._finish_work()
            except _Stop as stop:
                socket.close(stop.code, is_hostile=stop.is_hostile)
            except asyncio.CancelledError:
                if not socket.is_closed:  # the server stops; a socket we closed ourselves just ends here
                    raise
            finally:
                if self._worker is not None:
                    self._worker.cancel()
                await hub.leave(socket)
                await socket.finish()

    def _reply(self, content: dict[str, Any]) -> None:
        self._socket.deliver(frame_of(content))

    def _hear(self, message: dict[str, Any]) -> None:
        """Count a frame as it arrives, and have it done in its turn."""
        text = message.get("text")
        if text is None:
            raise _Stop(frames.CLOSE_UNSUPPORTED)
        if len(text) > MAX_FRAME or len(text.encode()) > MAX_FRAME:
            raise _Stop(frames.CLOSE_TOO_BIG, is_hostile=True)
        if not self._bucket.take():
            raise _Stop(frames.CLOSE_POLICY, is_hostile=True)
        self._socket.last_heard = time.monotonic()
        self._said.append(text)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._said and not self._socket.is_closed:
                await self._do(self._said.popleft())
        except _Stop as stop:
            self._socket.close(stop.code)
        finally:
            self._worker = None

    async def _finish_work(self) -> None:
        """Do what was said before the page went: it may have said goodbye."""
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=LAST_WORDS_SECONDS)

    async def _do(self, text: str) -> None:
        reference: dict[str, Any] = {}
        try:
            await self._check_session()
            frame = read_frame(text)
            reference = {name: frame[name] for name in ("id", "topic") if name in frame}
            await self._act(frame, reference)
        except _Stop:
            raise
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
            await self._subscribe(frame)
        elif kind == "unsubscribe":
            self._hub.unsubscribe(self._socket, frame["topic"])
            self._reply({"type": "unsubscribed", **reference})
        elif kind == "typing":
            await self._typing(frame["topic"])
            self._acknowledge(reference, None)
        else:
            self._acknowledge(reference, await self._message(frame))

    def _acknowledge(self, reference: dict[str, Any], data: Any) -> None:
        if "id" in reference:
            self._reply({"type": "ack", **reference, "data": data})

    async def _subscribe(self, frame: dict[str, Any]) -> None:
        names = list(dict.fromkeys([*([frame["topic"]] if "topic" in frame else []), *frame.get("topics", [])]))
        orders = self._hub.orders
        hearable = await in_thread(rights.list_hearable_now, self._socket.person_id, names)
        if self._socket.is_closed:
            return
        reference = {"id": frame["id"]} if "id" in frame else {}
        for name in names:
            if name not in hearable:
                self._refuse(NotFound(), name, reference)
            elif not self._hub.subscribe(self._socket, name):
                self._refuse(Forbidden(_("This page listens to too much already.")), name, reference)
            else:
                self._reply({"type": "subscribed", "topic": name, **reference})
        if self._hub.orders != orders:  # a right may have ended after it was asked for and before it was used
            await self._hub.ask_again([self._socket])
        self._make_up([name for name in names if name in self._socket.topics], frame.get("since"))

    def _make_up(self, names: list[str], since: int | None) -> None:
        """Have a page look again when news came after it was read and before it listened."""
        if since is not None and any(self._hub.may_have_missed(name, since=since / 1000) for name in names):
            self._socket.deliver(RESYNC)

    def _refuse(self, error: DomainError, topic: str, reference: dict[str, Any]) -> None:
        self._reply({"type": "error", "code": error.code, "message": str(error), "topic": topic, **reference})

    async def _message(self, frame: dict[str, Any]) -> Any:
        topic, topic_id = self._heard_topic(frame["topic"])
        said = frame["name"], frame.get("data")
        return await in_thread(rights.handle_message, topic, self._socket.person_id, topic_id, *said)

    async def _typing(self, name: str) -> None:
        topic, topic_id = self._heard_topic(name)
        now = time.monotonic()
        if now - self._typed.get(name, -TYPING_SECONDS) < TYPING_SECONDS:
            return
        self._typed = {name: now}
        await in_thread(rights.tell_typing, topic, self._socket.person_id, topic_id)

    def _heard_topic(self, name: str) -> tuple[Topic, str]:
        """Return a topic that this socket listens to; only who listens may speak."""
        found = find_topic(name)
        if found is None or name not in self._socket.topics:
            raise NotFound
        return found

    async def _check_session(self) -> None:
        """Ask the database again who this is: a sign-out or a ban ends the socket even if its news was lost."""
        now = time.monotonic()
        if now < self._believed_until:
            return
        person = await in_thread(load_person, self._socket.session_key)
        if person is None or str(person.pk) != self._socket.person_id:
            raise _Stop(frames.CLOSE_SIGNED_OUT)
        if getattr(person, "is_suspended", False):
            raise _Stop(frames.CLOSE_SUSPENDED)
        self._socket.person = person
        self._believed_until = now + TRUST_SECONDS

    async def _note_presence(self) -> None:
        with contextlib.suppress(Exception):  # presence is told again in 15 s; it never costs the connection
            await self._hub.note_presence(self._socket.person)
