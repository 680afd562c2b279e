"""The hub of one process: one subscription to Valkey, one encoding of a frame, one write per socket.

A socket whose reader is slow gets a bounded queue; when that is full, the queue is thrown away and the client told
to look again (`resync`), since everything it missed stands in the database. One that does not read at all is closed.
Nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
import redis.exceptions
import structlog
from django.conf import settings
from prometheus_client import Counter, Gauge

from digis.core.realtime.sessions import in_thread
from digis.core.realtime.topics import presence_hooks

log = structlog.get_logger(__name__)

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

MAX_QUEUE = 256  # frames a slow reader may be behind
MAX_QUEUE_BYTES = 1_000_000
STALL_SECONDS = 20.0  # one write that takes so long has nobody at the other end
SOCKETS_PER_PERSON = 20
TOPICS_PER_SOCKET = 50
PRESENCE_SECONDS = 20.0
QUIET_SECONDS = 75.0  # a hidden tab's timers may run once a minute; longer silence is absence
PING_SECONDS = 10.0

CLOSE_SIGNED_OUT = 4401
CLOSE_SUSPENDED = 4403
CLOSE_TOO_MANY = 4429
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_UNSUPPORTED = 1003
CLOSE_TRY_LATER = 1013

RESYNC = json.dumps({"type": "resync"})

SOCKETS = Gauge("digis_realtime_sockets", "Open sockets of this process.", multiprocess_mode="livesum")
DELIVERED = Counter("digis_realtime_delivered_total", "Frames handed to sockets.")
LAGGED = Counter("digis_realtime_lagged_total", "Times a slow reader's queue was thrown away.")
CLOSED = Counter("digis_realtime_closed_total", "Sockets closed by us.", ["code"])


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


class Socket:
    """One open WebSocket, as the hub sees it. All of its writes pass through `deliver`, in order."""

    __slots__ = (
        "_bytes",
        "_queue",
        "_send",
        "_task",
        "_writer",
        "is_closed",
        "last_heard",
        "person",
        "person_id",
        "session_key",
        "stalled_since",
        "topics",
    )

    def __init__(self, send: Send, person: Any, session_key: str) -> None:
        self._send = send
        self._queue: deque[Message] = deque()
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self.person = person
        self.person_id = str(person.pk)
        self.session_key = session_key
        self.topics: set[str] = set()
        self.last_heard = time.monotonic()
        self.stalled_since: float | None = None
        self.is_closed = False

    def deliver(self, message: Message) -> None:
        """Write now if the reader keeps up, else queue; never wait.

        The first step of the write is taken right here: with an idle reader that is all of it, and costs no task.
        """
        if self.is_closed:
            return
        if self._writer is not None:
            self._enqueue(message)
            return
        coroutine = self._write(message)
        try:
            waiting_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  the peer is gone; its own receive() will say so
            log.debug("socket_write_failed", error=str(error))
            return
        self.stalled_since = time.monotonic()
        self._writer = asyncio.get_running_loop().create_task(self._drain(_Resumed(coroutine, waiting_for)))

    async def _write(self, message: Message) -> None:
        await self._send(message)

    def _enqueue(self, message: Message) -> None:
        size = len(message.get("text") or "")
        if len(self._queue) >= MAX_QUEUE or self._bytes + size > MAX_QUEUE_BYTES:
            LAGGED.inc()
            self._queue.clear()
            self._bytes = 0
            message = {"type": "websocket.send", "text": RESYNC}
            size = len(RESYNC)
        self._queue.append(message)
        self._bytes += size

    async def _drain(self, first: _Resumed) -> None:
        try:
            await first
            while self._queue:
                message = self._queue.popleft()
                self._bytes -= len(message.get("text") or "")
                self.stalled_since = time.monotonic()
                await self._write(message)
        except Exception as error:  # noqa: BLE001  the peer is gone; its own receive() will say so
            log.debug("socket_write_failed", error=str(error))
            self._queue.clear()
        finally:
            self.stalled_since = None
            self._writer = None

    def close(self, code: int) -> None:
        """Close the socket and end its consumer, wherever that waits."""
        if self.is_closed:
            return
        CLOSED.labels(str(code)).inc()
        self._queue.clear()
        self.deliver({"type": "websocket.close", "code": code})
        self.is_closed = True
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def finish(self) -> None:
        """Leave no task behind: give a pending write a moment, then drop it."""
        writer = self._writer
        if writer is not None:
            _, pending = await asyncio.wait([writer], timeout=1.0)
            if pending:
                writer.cancel()
                await asyncio.wait([writer], timeout=1.0)
        self.is_closed = True


class Hub:
    """The sockets of this process (of this event loop, exactly), by topic and by person."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Socket]] = {}
        self._by_person: dict[str, list[Socket]] = defaultdict(list)
        self._noted: dict[str, float] = {}
        self._listening: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    # ── Coming and going ────────────────────────────────────────────────────────────────────

    async def join(self, socket: Socket) -> None:
        """Take a socket in; returns once frames reach this process, or after a second without Valkey."""
        mine = self._by_person[socket.person_id]
        mine.append(socket)
        SOCKETS.inc()
        while len(mine) > SOCKETS_PER_PERSON:
            oldest = mine.pop(0)
            self._forget(oldest)
            oldest.close(CLOSE_TOO_MANY)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen(), name="realtime hub")
            self._ticking = asyncio.create_task(self._tick(), name="realtime presence")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), 1.0)

    async def leave(self, socket: Socket) -> None:
        """Let a socket go; the last one takes the subscription with it."""
        self._forget(socket)
        mine = self._by_person.get(socket.person_id)
        if mine is not None:
            with contextlib.suppress(ValueError):
                mine.remove(socket)
            if not mine:
                del self._by_person[socket.person_id]
                self._noted.pop(socket.person_id, None)
        SOCKETS.dec()
        if not self._by_person:
            tasks = [task for task in (self._listening, self._ticking) if task is not None]
            self._listening = self._ticking = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, socket: Socket) -> None:
        for topic in list(socket.topics):
            self.unsubscribe(socket, topic)

    def subscribe(self, socket: Socket, topic: str) -> bool:
        """Let a socket hear a topic; False when it listens to too many already. The caller has asked whether it may."""
        if topic not in socket.topics and len(socket.topics) >= TOPICS_PER_SOCKET:
            return False
        socket.topics.add(topic)
        self._by_topic.setdefault(topic, set()).add(socket)
        return True

    def unsubscribe(self, socket: Socket, topic: str) -> None:
        socket.topics.discard(topic)
        listeners = self._by_topic.get(topic)
        if listeners is not None:
            listeners.discard(socket)
            if not listeners:
                del self._by_topic[topic]

    # ── News from Valkey ────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        """Keep the one subscription. After a gap every client is told to look again, as frames may be lost."""
        delay = 0.1
        was_heard = False
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    store = redis.asyncio.Redis.from_url(
                        settings.REDIS_URL, socket_connect_timeout=2.0, socket_timeout=PING_SECONDS * 2
                    )
                    stack.push_async_callback(store.aclose)
                    pubsub = store.pubsub(ignore_subscribe_messages=True)
                    stack.push_async_callback(pubsub.aclose)
                    await pubsub.subscribe(settings.REALTIME_CHANNEL)
                    delay = 0.1
                    self._subscribed.set()
                    if was_heard:
                        self._tell_everybody({"type": "resync"})
                    was_heard = True
                    await self._read(pubsub)
            except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
                log.warning("realtime_subscription_lost", error=str(error))
                if self._subscribed.is_set():
                    self._subscribed.clear()
                    self._tell_everybody({"type": "status", "live": False})
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    async def _read(self, pubsub: Any) -> None:
        unanswered = False
        while True:
            message = await pubsub.get_message(timeout=PING_SECONDS)
            if message is None:
                if unanswered:
                    raise TimeoutError("Valkey does not answer.")
                await pubsub.ping()
                unanswered = True
                continue
            unanswered = False
            if message["type"] == "message":
                try:
                    self.fan_out(message["data"])
                except Exception:  # one bad message must not silence the process
                    log.exception("realtime_message_failed")

    def fan_out(self, message: bytes) -> None:
        """Hand one message to those it is for."""
        head, _, body = message.partition(b"\n")
        header = json.loads(head)
        if "c" in header:
            self._control(header)
            return
        listeners = self._by_topic.get(header["t"])
        if not listeners:
            return
        frame = {"type": "websocket.send", "text": body.decode()}
        exclude = header.get("x")
        targets = [s for s in listeners if s.person_id != exclude] if exclude else list(listeners)
        for socket in targets:
            socket.deliver(frame)
        DELIVERED.inc(len(targets))

    def _control(self, header: Message) -> None:
        for socket in list(self._by_person.get(header["u"], ())):
            if header["c"] == "close":
                if header["s"] is None or header["s"] == socket.session_key:
                    socket.close(CLOSE_SIGNED_OUT)
            elif header["c"] == "drop":
                self.unsubscribe(socket, header["t"])

    def _tell_everybody(self, frame: Message) -> None:
        text = json.dumps(frame)
        for sockets in list(self._by_person.values()):
            for socket in list(sockets):
                socket.deliver({"type": "websocket.send", "text": text})

    # ── Presence, and readers that stand still ──────────────────────────────────────────────

    async def note_presence(self, person: Any) -> None:
        """Tell the hooks that a person is here, unless that was told in the last 20 s."""
        now = time.monotonic()
        person_id = str(person.pk)
        if now - self._noted.get(person_id, -PRESENCE_SECONDS) < PRESENCE_SECONDS:
            return
        self._noted[person_id] = now
        await in_thread(_run_presence_hooks, [person])

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_SECONDS / 2)
            now = time.monotonic()
            present = []
            for person_id, sockets in list(self._by_person.items()):
                for socket in list(sockets):
                    if socket.stalled_since is not None and now - socket.stalled_since > STALL_SECONDS:
                        socket.close(CLOSE_TRY_LATER)
                heard = max((socket.last_heard for socket in sockets), default=0.0)
                if now - heard < QUIET_SECONDS and now - self._noted.get(person_id, 0.0) >= PRESENCE_SECONDS:
                    self._noted[person_id] = now
                    present.append(sockets[-1].person)
            if present:
                try:
                    await in_thread(_run_presence_hooks, present)
                except Exception:  # the database may be away for a while; presence is told again
                    log.exception("presence_failed")


def _run_presence_hooks(people: list[Any]) -> None:
    for person in people:
        for hook in presence_hooks:
            hook(person)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def get_hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
