"""Sockets over real TCP, served as production serves them: ready frames, readers that stop, peers that flood."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from digis.core import realtime
from digis.core.realtime import hub as hubs
from digis.core.realtime import publish, rooms, wire
from digis.core.realtime.hub import get_hub
from digis.core.realtime.sessions import in_thread
from tests.core.test_hub import until
from tests.core.test_sockets import ALLOWED, Noted
from tests.socket_server import ask, cookie_of, hear, open_deaf, serving, speaking

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def sockets_of(person):
    return get_hub()._by_person.get(str(person.pk), [])


async def test_production_writes_ready_frames_past_the_servers_encoder(fan, fan_client):
    async with serving() as address, speaking(address, cookie_of(fan_client)) as line:
        [socket] = sockets_of(fan)
        assert isinstance(socket._wire, wire.DirectWire)
        await in_thread(realtime.publish_on_commit, Noted("one"), f"user:{fan.pk}")
        assert (await hear(line))["data"] == {"what": "one"}
        assert await ask(line, type="ping", id=1) == {"type": "pong", "id": 1}


async def test_frames_of_any_size_arrive_whole(fan, fan_client):
    async with serving() as address, speaking(address, cookie_of(fan_client), max_size=None) as line:
        [socket] = sockets_of(fan)
        for size in (0, 125, 126, 65_535, 65_536, 200_000):
            body = json.dumps({"type": "signal", "data": "é"}, ensure_ascii=False).encode()
            socket.deliver(wire.Frame(body + b" " * (size - len(body))))
            assert (await hear(line))["data"] == "é"


async def test_a_reader_that_stops_costs_nobody_else_and_little_memory(fan, fan_client, creator, creator_client):
    """The queue's bound holds over a real connection: what the peer does not read is not kept, it is told to look again."""
    ALLOWED.update({(str(fan.pk), "1"), (str(creator.pk), "1")})
    async with serving() as address, speaking(address, cookie_of(creator_client)) as quick:
        deaf = await asyncio.to_thread(open_deaf, address, cookie_of(fan_client))
        try:
            await until(lambda: len(sockets_of(fan)) == 1)
            [socket] = sockets_of(fan)
            hub = get_hub()
            hub.subscribe(socket, "probe:1")
            await ask(quick, type="subscribe", topic="probe:1")
            for n in range(4_000):
                frame = {"type": "signal", "topic": "probe:1", "name": "said", "data": [n, "x" * 4_000]}
                hub.fan_out(publish.encode({"t": "probe:1"}, frame))
                assert (await hear(quick))["data"][0] == n  # 16 MB pass by without delay
                assert len(socket._queue or ()) <= wire.MAX_QUEUE
                assert socket._bytes <= wire.MAX_QUEUE_BYTES
                assert socket._wire._transport.get_write_buffer_size() < 200_000
            assert socket.stalled_since is not None
            kinds, last = await asyncio.to_thread(read_all, deaf)
            assert "resync" in kinds
            assert last[0] == 3_999
        finally:
            deaf.close()


def read_all(line):
    """Read frames until the last of the flood; return their types, and what the last held."""
    kinds, buffer, deadline = [], b"", time.monotonic() + 20
    while time.monotonic() < deadline:
        buffer += line.recv(65_536)
        while len(buffer) >= 4:
            assert buffer[0] == 0x80 | Opcode.TEXT
            start = {126: 4, 127: 10}.get(buffer[1], 2)
            size = int.from_bytes(buffer[2:start], "big") if start > 2 else buffer[1]
            if len(buffer) < start + size:
                break
            frame = json.loads(buffer[start : start + size])
            buffer = buffer[start + size :]
            kinds.append(frame["type"])
            if frame["type"] == "signal" and frame["data"][0] == 3_999:
                return kinds, frame["data"]
    raise AssertionError(f"the last frame never came; {len(kinds)} did")


async def test_a_reader_that_never_reads_again_is_cut(fan, fan_client, monkeypatch):
    monkeypatch.setattr(hubs, "STALL_SECONDS", 0.1)
    monkeypatch.setattr(hubs, "PRESENCE_SECONDS", 0.1)
    monkeypatch.setattr(wire, "GRACE_SECONDS", 0.2)
    async with serving() as address:
        deaf = await asyncio.to_thread(open_deaf, address, cookie_of(fan_client))
        await until(lambda: len(sockets_of(fan)) == 1)
        [socket] = sockets_of(fan)
        while socket.stalled_since is None:
            socket.deliver(wire.frame_of({"type": "signal", "data": "x" * 60_000}))
        await until(lambda: not sockets_of(fan))
        await until(socket._wire._transport.is_closing)
        assert socket.is_closed
        deaf.close()


async def test_who_floods_is_closed_within_a_second_and_then_cut(fan, fan_client):
    async with serving() as address, speaking(address, cookie_of(fan_client)) as line:
        [socket] = sockets_of(fan)
        began = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            await flood(line)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert time.monotonic() - began < 1.0 + 0.5  # the machine's own slowness aside
        await until(socket._wire._transport.is_closing)


async def flood(line):
    for _ in range(200):
        await line.send('{"type":"subscribe","topic":"nonsense:1"}')
    async with asyncio.timeout(10):
        while True:
            await line.recv()


async def test_no_path_opens_to_a_foreign_page(fan_client):
    async with serving() as address:
        for path in ("/ws/", "/ws/?ticket=x", "/ws/live/1/watch/", "/else/", "/ws"):
            for origin in (None, "https://evil.example", "null", "http://127.0.0.1.evil.example"):
                if origin is None and "ticket" in path:
                    continue  # a program; tests/core/test_socket_clients.py
                with pytest.raises(InvalidStatus) as refused:
                    await plain(address.removesuffix("/ws/") + path, cookie_of(fan_client), origin)
                assert refused.value.response.status_code == 403, (path, origin)


def plain(address, cookie, origin):
    from websockets.asyncio.client import connect

    return connect(address, origin=origin, additional_headers={"Cookie": cookie}, proxy=None)


async def test_news_in_quick_succession_are_one_write_for_each_listener(fan, fan_client, monkeypatch):
    monkeypatch.setattr(rooms, "WINDOW_SECONDS", 0.2)
    async with serving() as address, speaking(address, cookie_of(fan_client)) as line:
        for what in "abc":
            await in_thread(realtime.publish_on_commit, Noted(what), f"user:{fan.pk}")
        assert (await hear(line))["data"] == {"what": "a"}
        batch = await hear(line)
    assert batch["type"] == "batch"
    assert [frame["data"]["what"] for frame in batch["frames"]] == ["b", "c"]
