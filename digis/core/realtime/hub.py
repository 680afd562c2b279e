"""The hub of one process: one subscription to Valkey, one encoding of a frame, one write per socket.

It knows who listens to what and hands out what comes; who may listen was asked before, and is asked again when an app
says so or when news may have been lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
import structlog
from django.conf import settings
from prometheus_client import Gauge

from digis.core import clock
from digis.core.realtime import rights
from digis.core.realtime.census import AWAY, Census
from digis.core.realtime.frames import (
    CLOSE_SIGNED_OUT,
    CLOSE_SUSPENDED,
    CLOSE_TOO_MANY,
    CLOSE_TRY_LATER,
    MAX_TOPICS,
)
from digis.core.realtime.rooms import Room
from digis.core.realtime.sessions import in_thread
from digis.core.realtime.topics import USER, presence_hooks
from digis.core.realtime.wire import RESYNC, Frame, Message, Socket, frame_of

log = structlog.get_logger(__name__)

STALL_SECONDS = 20.0  # one write that takes so long has nobody at the other end
SOCKETS_PER_PERSON = 20
TOPICS_PER_SOCKET = MAX_TOPICS + 1  # one's own comes by itself
PRESENCE_SECONDS = 15.0  # with the tick's half of it less than ONLINE_SECONDS
QUIET_SECONDS = 75.0  # a hidden tab's timers may run once a minute; longer silence is absence
PING_SECONDS = 5.0
REMEMBERED_SECONDS = 30.0  # a page whose socket opens later than that looks again in any case
TURN_SECONDS = 0.01  # handing out may take so long before others get a turn
ASKED_AT_ONCE = 100  # sockets whose rights are looked up in one go after a gap

DEAF = frame_of({"type": "status", "live": False})

SOCKETS = Gauge("digis_realtime_sockets", "Open sockets of this process.", multiprocess_mode="livesum")


class Hub:
    """The sockets of this process (of this event loop, exactly), by topic and by person."""

    def __init__(self) -> None:
        self._by_topic: dict[str, Room] = {}
        self._by_person: dict[str, list[Socket]] = defaultdict(list)
        self._by_number: dict[int, Socket] = {}
        self._numbers = itertools.count(1)
        self._noted: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._census: Census | None = None
        self._subscribed = asyncio.Event()
        self._has_missed = False
        self._recent: dict[str, float] = {}  # when the last news of a topic came, for as long as pages take to load
        self._hears_since = math.inf
        self.orders = 0  # counts what other processes said about rights

    @property
    def is_live(self) -> bool:
        """Whether news reach this process now."""
        return self._subscribed.is_set()

    def may_have_missed(self, topic: str, *, since: float) -> bool:
        """Say whether news of a topic came after that moment, in seconds, before its listener could hear them.

        Also when this process did not hear yet then. A page reads the database first and listens afterwards.
        """
        return since < self._hears_since or self._recent.get(topic, 0.0) >= since

    # ── Coming and going ────────────────────────────────────────────────────────────────────

    async def join(self, socket: Socket) -> None:
        """Take a socket in; returns once frames reach this process, or after a second without Valkey."""
        socket.number = next(self._numbers)
        mine = self._by_person[socket.person_id]
        mine.append(socket)
        self._by_number[socket.number] = socket
        SOCKETS.inc()
        while len(mine) > SOCKETS_PER_PERSON:
            self._evict(mine[0].number)
        if not self._tasks:
            await self._start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), 1.0)
        if self.is_live and self._census is not None:
            with contextlib.suppress(*AWAY):
                await self._census.enter(socket.person_id, socket.number, opened=socket.opened_at)

    def greet(self, socket: Socket) -> None:
        """Tell a socket that has just come if news do not reach this process; it is told when they do again."""
        if not self.is_live:
            self._has_missed = True
            socket.deliver(DEAF)

    async def leave(self, socket: Socket) -> None:
        """Let a socket go; the last one takes the subscription with it."""
        self._forget(socket)
        SOCKETS.dec()
        census = self._census
        if not self._by_number:
            await self._stop()
        elif census is not None and self.is_live:
            with contextlib.suppress(*AWAY):
                await census.leave(socket.person_id, socket.number)

    async def _start(self) -> None:
        self._census = census = Census(SOCKETS_PER_PERSON, self._evict)
        # The tasks come first: whoever joins meanwhile finds them there.
        self._tasks = [asyncio.create_task(act) for act in (self._listen(), self._tick(), census.listen())]
        with contextlib.suppress(*AWAY):
            await census.show_life()

    async def _stop(self) -> None:
        tasks, census = [*self._tasks, *self._errands], self._census
        self._tasks, self._census = [], None
        self._subscribed.clear()
        self._has_missed = False
        await end_tasks(tasks)
        if census is not None:
            await census.stop()

    def _forget(self, socket: Socket) -> None:
        for topic in list(socket.topics):
            self.unsubscribe(socket, topic)
        self._by_number.pop(socket.number, None)
        mine = self._by_person.get(socket.person_id)
        if mine is not None:
            with contextlib.suppress(ValueError):
                mine.remove(socket)
            if not mine:
                del self._by_person[socket.person_id]
                self._noted.pop(socket.person_id, None)

    def _evict(self, number: int) -> None:
        """Close the oldest socket of a person who has too many."""
        if (socket := self._by_number.get(number)) is not None:
            self._forget(socket)
            socket.close(CLOSE_TOO_MANY)

    def subscribe(self, socket: Socket, topic: str) -> bool:
        """Let a socket hear a topic; False when it listens to too many already. The caller has asked whether it may."""
        if topic not in socket.topics and len(socket.topics) >= TOPICS_PER_SOCKET:
            return False
        socket.topics.add(topic)
        if (room := self._by_topic.get(topic)) is None:
            room = self._by_topic[topic] = Room()
        room.sockets.add(socket)
        return True

    def unsubscribe(self, socket: Socket, topic: str) -> None:
        """Let a socket hear a topic no longer."""
        socket.topics.discard(topic)
        room = self._by_topic.get(topic)
        if room is not None:
            room.sockets.discard(socket)
            if not room.sockets:
                room.close()
                del self._by_topic[topic]

    # ── News from Valkey ────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        """Keep the one subscription. After a gap every client is told to look again, as frames may be lost."""
        delay = 0.1
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
                    self._hears_since = clock.now().timestamp()
                    self._subscribed.set()
                    if self._has_missed:
                        self._has_missed = False
                        self._run_errand(self._recover())
                    await self._read(pubsub)
            except AWAY as error:
                log.warning("realtime_subscription_lost", error=str(error))
                self._has_missed = True
                self._hears_since = math.inf
                if self.is_live:
                    self._subscribed.clear()
                    self._tell_everybody(DEAF)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    async def _read(self, pubsub: Any) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.time()
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
                if loop.time() - turn > TURN_SECONDS:  # reading what has arrived already gives nobody else a turn
                    await asyncio.sleep(0)
                    turn = loop.time()

    def fan_out(self, message: bytes) -> None:
        """Hand one message to those it is for."""
        head, _, body = message.partition(b"\n")
        header = json.loads(head)
        if "c" in header:
            self._control(header)
            return
        topic = header["t"]
        if "e" in header:
            self._recent[topic] = clock.now().timestamp()
        room = self._by_topic.get(topic)
        if room is None:
            return
        if "e" in header:
            room.gather(body, header["e"])
        elif "y" in header:
            self._run_errand(self._tell_of_typing(topic, header["y"], Frame(body)))
        else:
            room.tell(Frame(body), exclude=header.get("x"))

    def _control(self, header: Message) -> None:
        self.orders += 1
        order, topic = header["c"], header.get("t", "")
        if order == "close":
            for socket in list(self._by_person.get(header["u"], ())):
                if header["s"] is None or header["s"] == socket.session_key:
                    socket.close(CLOSE_SIGNED_OUT)
        elif order == "drop":
            for socket in list(self._by_person.get(header["u"], ())):
                self._drop(socket, topic)
        elif order == "recheck":
            room = self._by_topic.get(topic)
            of_person = self._by_person.get(header.get("u", ""), ())
            listeners = list(room.sockets) if room is not None else list(of_person)
            if listeners:
                self._run_errand(self.ask_again(listeners, of=topic))

    def _drop(self, socket: Socket, topic: str) -> None:
        if topic in socket.topics:
            self.unsubscribe(socket, topic)
            socket.deliver(frame_of({"type": "unsubscribed", "topic": topic}))

    def _tell_everybody(self, frame: Frame) -> None:
        for socket in list(self._by_number.values()):
            socket.deliver(frame)

    def _run_errand(self, act: Coroutine[Any, Any, None]) -> None:
        """Do something that has to wait, beside handing out news."""
        task = asyncio.create_task(_survive(act))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # ── Rights, asked again ─────────────────────────────────────────────────────────────────

    async def _recover(self) -> None:
        """After a gap: have everybody look again, and let nobody hear what ended meanwhile."""
        self._tell_everybody(RESYNC)
        census = self._census
        if census is not None:
            with contextlib.suppress(*AWAY):
                await census.show_life()
        sockets = list(self._by_number.values())
        for start in range(0, len(sockets), ASKED_AT_ONCE):
            some = sockets[start : start + ASKED_AT_ONCE]
            standing = await in_thread(rights.list_standing, {socket.session_key for socket in some})
            for socket in some:
                person = standing.get(socket.session_key)
                if person is None or str(person.pk) != socket.person_id:
                    socket.close(CLOSE_SIGNED_OUT)
                elif getattr(person, "is_suspended", False):
                    socket.close(CLOSE_SUSPENDED)
                elif census is not None:
                    with contextlib.suppress(*AWAY):
                        await census.enter(socket.person_id, socket.number, opened=socket.opened_at)
            await self.ask_again(some)

    async def ask_again(self, sockets: Iterable[Socket], *, of: str = "") -> None:
        """Ask whether these sockets may hear what they listen to: one topic, a kind of topic (`call:`), or all."""
        asked = [
            (socket, topic)
            for socket in sockets
            for topic in list(socket.topics)
            if not topic.startswith(f"{USER}:")
            and (topic == of or not of or (of.endswith(":") and topic.startswith(of)))
        ]
        pairs = {(socket.person_id, topic) for socket, topic in asked}
        allowed = await in_thread(rights.list_allowed, pairs) if pairs else pairs
        for socket, topic in asked:
            if (socket.person_id, topic) not in allowed:
                self._drop(socket, topic)

    async def _tell_of_typing(self, topic: str, person_id: str, frame: Frame) -> None:
        """Tell those who listen that somebody types, if they may see it: asked now, as it is rare and private."""
        room = self._by_topic.get(topic)
        others = {socket.person_id for socket in room.sockets} - {person_id} if room is not None else set()
        if not 0 < len(others) <= rights.MOST_TOLD_OF_TYPING:
            return
        told = await in_thread(rights.list_told_of_typing, others, topic)
        room = self._by_topic.get(topic)
        if room is not None and told:
            room.tell_people(frame, told)

    # ── Presence, and readers that stand still ──────────────────────────────────────────────

    async def note_presence(self, person: Any) -> None:
        """Tell the hooks that a person is here, unless that was told in the last 15 s."""
        now = time.monotonic()
        person_id = str(person.pk)
        if now - self._noted.get(person_id, -PRESENCE_SECONDS) < PRESENCE_SECONDS:
            return
        self._noted[person_id] = now
        await in_thread(_run_presence_hooks, [person])

    def _forget_old_news(self) -> None:
        until = clock.now().timestamp() - REMEMBERED_SECONDS
        self._recent = {topic: moment for topic, moment in self._recent.items() if moment >= until}
        self._hears_since = max(self._hears_since, until)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_SECONDS / 2)
            now = time.monotonic()
            self._forget_old_news()
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
                await _survive(in_thread(_run_presence_hooks, present))
            if self._census is not None and self.is_live:
                await _survive(self._census.show_life())


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: one that waits for a thread may miss the first call."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)


async def _survive(act: Coroutine[Any, Any, None]) -> None:
    """Do something whose failure costs nobody anything: the database or Valkey may be away for a while."""
    try:
        await act
    except Exception:
        log.exception("realtime_errand_failed")


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
