"""One open WebSocket, as the hub sees it: frames that are encoded once, and writes that never wait.

Under uvicorn, which production and development use, a frame goes to the socket's transport as ready bytes: encoding
it again for each of a thousand listeners would cost more than writing it does. Under any other server the way is
ASGI's. Either way a reader that does not keep up gets a bounded queue; when that is full the queue is thrown away and
the client told to look again (`resync`), since everything it missed stands in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol

import structlog
from prometheus_client import Counter
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from digis.core import clock

log = structlog.get_logger(__name__)

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

MAX_QUEUE = 256  # frames a slow reader may be behind
MAX_QUEUE_BYTES = 1_000_000
GRACE_SECONDS = 1.0  # how long a peer may take to answer our closing before the line is cut
HOSTILE_GRACE_SECONDS = 0.25
READ_AT_ONCE = 4_096  # bytes; a flood of tiny frames is parsed in small helpings, between which others get their turn

LAGGED = Counter("digis_realtime_lagged_total", "Times a slow reader's queue was thrown away.")
CLOSED = Counter("digis_realtime_closed_total", "Sockets closed by us.", ["code"])


class Frame:
    """One text frame for any number of sockets. Each form is made when first needed, and once."""

    __slots__ = ("_message", "_wire", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._wire: bytes | None = None
        self._message: Message | None = None

    @property
    def wire(self) -> bytes:
        """The bytes of a whole WebSocket frame from a server: final, text, not masked, not compressed."""
        if self._wire is None:
            size = len(self.body)
            if size < 126:
                head = bytes((0x81, size))
            elif size < 65_536:
                head = b"\x81\x7e" + size.to_bytes(2, "big")
            else:
                head = b"\x81\x7f" + size.to_bytes(8, "big")
            self._wire = head + self.body
        return self._wire

    @property
    def message(self) -> Message:
        """The frame as ASGI has it."""
        if self._message is None:
            self._message = {"type": "websocket.send", "text": self.body.decode()}
        return self._message


def frame_of(content: Message) -> Frame:
    """Encode a frame."""
    return Frame(json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=str).encode())


RESYNC = frame_of({"type": "resync"})


class Wire(Protocol):
    """How frames leave."""

    def write(self, frame: Frame) -> Awaitable[Any] | None:
        """Write now. What is returned, if anything, ends when the next frame may follow."""

    async def close(self, code: int, *, is_hostile: bool) -> None:
        """Say goodbye."""

    def cut(self) -> None:
        """End the connection now, whatever the peer does."""


class _Resumed:
    """Awaits the rest of a coroutine whose first step was already taken."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting_for: Any) -> None:
        self.coroutine, self.waiting_for = coroutine, waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        waiting_for = self.waiting_for
        try:
            while True:
                try:
                    value = yield waiting_for
                except BaseException as error:  # noqa: BLE001  everything, cancellation too, belongs to the coroutine
                    waiting_for = self.coroutine.throw(error)
                else:
                    waiting_for = self.coroutine.send(value)
        except StopIteration:
            return


class AsgiWire:
    """The way of any ASGI server. With an idle reader a write costs no task: its first step is all of it."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def write(self, frame: Frame) -> Awaitable[Any] | None:
        coroutine = self._pass(frame.message)
        try:
            waiting_for = coroutine.send(None)
        except StopIteration:
            return None
        return _Resumed(coroutine, waiting_for)

    async def _pass(self, message: Message) -> None:
        await self._send(message)

    async def close(self, code: int, *, is_hostile: bool) -> None:  # noqa: ARG002  the server's own way is the only one
        await self._send({"type": "websocket.close", "code": code})

    def cut(self) -> None:
        """Leave it to the server, which cuts in its own time."""


class DirectWire:
    """The way past uvicorn's encoder, for frames that are ready. Opening and closing stay uvicorn's."""

    __slots__ = ("_protocol", "_transport", "_writable")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._writable = protocol.writable
        if hasattr(self._transport, "max_size"):  # asyncio's own transport: how much it reads in one go
            self._transport.max_size = READ_AT_ONCE

    def write(self, frame: Frame) -> Awaitable[Any] | None:
        transport = self._transport
        if transport.is_closing():
            return None
        transport.write(frame.wire)
        return None if self._writable.is_set() else self._writable.wait()

    async def close(self, code: int, *, is_hostile: bool) -> None:
        await self._protocol.send({"type": "websocket.close", "code": code})
        if is_hostile and not self._transport.is_closing():
            self._transport.pause_reading()  # what it still says is not even read

    def cut(self) -> None:
        self._transport.abort()


def find_wire(send: Send) -> Wire:
    """Return the shortest way that the server behind `send` has."""
    protocol = getattr(send, "__self__", None)
    return DirectWire(protocol) if isinstance(protocol, WebSocketsSansIOProtocol) else AsgiWire(send)


class Socket:
    """One open WebSocket. All of its frames pass through `deliver`, in order."""

    __slots__ = (
        "_bytes",
        "_queue",
        "_task",
        "_wire",
        "_write",
        "_writer",
        "is_closed",
        "last_heard",
        "number",
        "opened_at",
        "person",
        "person_id",
        "session_key",
        "stalled_since",
        "topics",
    )

    def __init__(self, send: Send, person: Any, session_key: str) -> None:
        self._wire = find_wire(send)
        self._write = self._wire.write
        self._queue: deque[Frame] | None = None
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self.number = 0
        self.opened_at = clock.now().timestamp()
        self.person = person
        self.person_id = str(person.pk)
        self.session_key = session_key
        self.topics: set[str] = set()
        self.last_heard = time.monotonic()
        self.stalled_since: float | None = None
        self.is_closed = False

    def deliver(self, frame: Frame) -> None:
        """Write now if the reader keeps up, else queue; never wait."""
        if self._writer is not None:
            self._enqueue(frame)
            return
        if self.is_closed:
            return
        try:
            rest = self._write(frame)
        except Exception as error:  # noqa: BLE001  the peer is gone; its own receive() will say so
            log.debug("socket_write_failed", error=str(error))
            return
        if rest is not None:
            self.stalled_since = time.monotonic()
            self._writer = asyncio.get_running_loop().create_task(self._drain(rest))

    def _enqueue(self, frame: Frame) -> None:
        if self.is_closed:
            return
        if self._queue is None:
            self._queue = deque()
        size = len(frame.body)
        if len(self._queue) >= MAX_QUEUE or self._bytes + size > MAX_QUEUE_BYTES:
            LAGGED.inc()
            self._queue.clear()
            self._bytes = 0
            frame, size = RESYNC, len(RESYNC.body)
        self._queue.append(frame)
        self._bytes += size

    async def _drain(self, rest: Awaitable[Any]) -> None:
        try:
            await rest
            while self._queue:
                frame = self._queue.popleft()
                self._bytes -= len(frame.body)
                self.stalled_since = time.monotonic()
                following = self._write(frame)
                if following is not None:
                    await following
        except Exception as error:  # noqa: BLE001  the peer is gone; its own receive() will say so
            log.debug("socket_write_failed", error=str(error))
        finally:
            self._queue = None
            self._bytes = 0
            self.stalled_since = None
            if self._writer is asyncio.current_task():
                self._writer = None

    def close(self, code: int, *, is_hostile: bool = False) -> None:
        """Close the socket and end its consumer, wherever that waits. A hostile peer is not listened to any more."""
        if self.is_closed:
            return
        CLOSED.labels(str(code)).inc()
        self.is_closed = True
        if self._queue is not None:
            self._queue.clear()
        loop = asyncio.get_running_loop()
        self._writer = loop.create_task(self._say_goodbye(self._writer, code, is_hostile=is_hostile))
        loop.call_later(HOSTILE_GRACE_SECONDS if is_hostile else GRACE_SECONDS, self._wire.cut)
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def _say_goodbye(self, writer: asyncio.Task[None] | None, code: int, *, is_hostile: bool) -> None:
        if writer is not None:
            _, pending = await asyncio.wait([writer], timeout=GRACE_SECONDS / 2)
            for unread in pending:
                unread.cancel()
        with contextlib.suppress(Exception):  # the peer is gone already
            await self._wire.close(code, is_hostile=is_hostile)

    async def finish(self) -> None:
        """Leave no task behind: give a pending write a moment, then drop it."""
        self.is_closed = True
        writer = self._writer
        if writer is not None:
            _, pending = await asyncio.wait([writer], timeout=GRACE_SECONDS)
            if pending:
                writer.cancel()
                await asyncio.wait([writer], timeout=GRACE_SECONDS)
