"""The socket at /ws/: who may open it, what may be said, and when it closes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

import jsonschema
import pytest
from channels.testing import WebsocketCommunicator
from django.db import transaction
from django.test import Client

from digis.core import clock, realtime
from digis.core.errors import Forbidden
from digis.core.realtime import consumer, frames, hub
from digis.core.realtime.sessions import in_thread
from digis.sockets import websocket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
assert (hub.SOCKETS_PER_PERSON, consumer.RATE, consumer.BURST, consumer.MAX_FRAME) == (20, 10, 60, 16_384)

HOST = (b"host", b"127.0.0.1:8000")
ORIGIN = (b"origin", b"http://127.0.0.1:8000")
ALLOWED: set[tuple[str, str]] = set()
HEARD: list[tuple[str, str, object]] = []


def may_listen(user, topic_id):
    return (str(user.pk), topic_id) in ALLOWED


def say(user, topic_id, data):
    HEARD.append((str(user.pk), topic_id, data))
    realtime.publish_signal(f"probe:{topic_id}", "said", data, exclude=user)
    return {"heard": data}


def refuse(user, topic_id, data):
    raise Forbidden("Not that.")


def crash(user, topic_id, data):
    raise RuntimeError("planted")


realtime.register_topic("probe", authorize=may_listen, messages={"say": say, "refuse": refuse, "crash": crash})


@dataclass(frozen=True)
class Noted(realtime.Event):
    name: ClassVar[str] = "probe.noted"
    template: ClassVar[str] = "core/parts/fields.html"
    what: str

    def context(self):
        return {"fields": [{"name": self.what}]}

    def data(self):
        return {"what": self.what}


@pytest.fixture(autouse=True)
def _fresh():
    ALLOWED.clear()
    HEARD.clear()


@asynccontextmanager
async def opened(client: Client | None, *, expect=True, origin=ORIGIN, query=""):
    headers = [HOST, *([origin] if origin else [])]
    if client is not None:
        headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    socket = WebsocketCommunicator(websocket, f"/ws/?{query}" if query else "/ws/", headers=headers)
    is_open, _ = await socket.connect(timeout=10)
    assert is_open
    if expect:
        hello = await receive(socket)
        assert hello["type"] == "subscribed"
        assert hello["topic"].startswith("user:")
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=10)


async def receive(socket):
    """Return the next frame, which is as the schema says."""
    return checked(await socket.receive_json_from(timeout=10))


def checked(frame):
    schema = frames.SERVER[frame["type"]]
    jsonschema.validate(frame, schema, jsonschema.Draft202012Validator)
    assert frame.keys() <= schema["properties"].keys(), f"not in the schema: {frame}"
    for inner in frame.get("frames", ()):
        checked(inner)
    return frame


async def closed_with(socket):
    while True:
        message = await socket.receive_output(timeout=10)
        if message["type"] == "websocket.close":
            return message["code"]


async def ask(socket, **frame):
    await socket.send_json_to(frame)
    return await receive(socket)


async def nothing_more(socket):
    """Say whether nothing is on its way: then a ping sent now is answered next."""
    return await ask(socket, type="ping") == {"type": "pong"}


def publish(event, to):
    realtime.publish_on_commit(event, to=to)


# ── Opening ─────────────────────────────────────────────────────────────────────────────────


async def test_a_signed_out_socket_is_closed_with_a_code_the_page_can_read(client):
    async with opened(None, expect=False) as socket:
        assert await closed_with(socket) == 4401


async def test_an_invented_session_is_nobody(fan_client):
    fan_client.cookies["sessionid"] = "x" * 32
    async with opened(fan_client, expect=False) as socket:
        assert await closed_with(socket) == 4401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        (b"origin", b"https://evil.example"),
        (b"origin", b"null"),
        (b"origin", b"http://127.0.0.1:9999"),
        (b"origin", b"https://127.0.0.1:8000"),
        (b"origin", b"http://127.0.0.1"),
    ],
)
async def test_another_sites_page_cannot_open_one(fan_client, origin):
    with pytest.raises(AssertionError):
        async with opened(fan_client, origin=origin):
            pass


async def test_another_path_is_refused(fan_client):
    socket = WebsocketCommunicator(websocket, "/ws/else/", headers=[HOST, ORIGIN])
    is_open, code = await socket.connect(timeout=10)
    assert (is_open, code) == (False, 4404)


async def test_a_suspended_person_has_no_socket(fan, fan_client):
    def suspend():
        type(fan).objects.filter(pk=fan.pk).update(suspended_at=fan.created_at)

    await in_thread(suspend)
    async with opened(fan_client, expect=False) as socket:
        assert await closed_with(socket) == 4403


# ── Events ──────────────────────────────────────────────────────────────────────────────────


async def test_a_person_hears_their_own_topic_without_asking(fan, fan_client):
    async with opened(fan_client) as socket:
        await in_thread(publish, Noted("one"), f"user:{fan.pk}")
        frame = await receive(socket)
    assert frame["type"] == "event"
    assert frame["name"] == "probe.noted"
    assert frame["data"] == {"what": "one"}
    assert "<code>one</code>" in frame["html"]
    assert frame["seq"] > 0


async def test_an_event_leaves_after_its_commit_and_once(fan, fan_client):
    def twice_and_a_rollback():
        with transaction.atomic():
            publish(Noted("kept"), f"user:{fan.pk}")
            publish(Noted("kept"), f"user:{fan.pk}")
        with transaction.atomic():
            publish(Noted("lost"), f"user:{fan.pk}")
            transaction.set_rollback(True)

    async with opened(fan_client) as socket:
        await in_thread(twice_and_a_rollback)
        assert (await receive(socket))["data"] == {"what": "kept"}
        assert await nothing_more(socket)


async def test_news_between_the_reading_of_a_page_and_its_socket_have_it_look_again(fan, fan_client):
    async with opened(fan_client) as early:  # from here on this process hears
        await in_thread(ALLOWED.add, (str(fan.pk), "1"))
        before = int(clock.now().timestamp() * 1000)
        await in_thread(publish, Noted("missed"), f"user:{fan.pk}")
        await in_thread(publish, Noted("missed too"), "probe:1")
        assert (await receive(early))["data"] == {"what": "missed"}
        after = int(clock.now().timestamp() * 1000) + 1
        for since, is_missed in ((before, True), (after, False), (before - 3_600_000, True), ("soon", False)):
            async with opened(fan_client, query=f"since={since}") as socket:
                assert (await ask(socket, type="ping"))["type"] == ("resync" if is_missed else "pong")
        for since, is_missed in ((before, True), (after, False)):
            assert (await ask(early, type="subscribe", topic="probe:1", since=since))["type"] == "subscribed"
            assert (await ask(early, type="ping"))["type"] == ("resync" if is_missed else "pong")
            if is_missed:
                assert (await receive(early))["type"] == "pong"


async def test_nobody_hears_anothers_topic(fan, fan_client, stranger_client):
    async with opened(fan_client), opened(stranger_client) as socket:
        answer = await ask(socket, type="subscribe", topic=f"user:{fan.pk}")
        assert (answer["type"], answer["code"]) == ("error", "NOT_FOUND")
        await in_thread(publish, Noted("private"), f"user:{fan.pk}")
        assert await nothing_more(socket)


async def test_later_truth_has_the_higher_number(fan, fan_client):
    async with opened(fan_client) as socket:
        numbers = []
        for what in "abc":
            await in_thread(publish, Noted(what), f"user:{fan.pk}")
            numbers.append((await receive(socket))["seq"])
    assert numbers == sorted(set(numbers))


# ── Topics ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("topic", ["probe:1", "nonsense:1", "nonsense", "probe:", "call:not-an-id", ":", "probe"])
async def test_what_one_may_not_hear_does_not_exist(fan_client, topic):
    async with opened(fan_client) as socket:
        answer = await ask(socket, type="subscribe", topic=topic)
        assert (answer["code"], answer["topic"]) == ("NOT_FOUND", topic)


async def test_the_right_to_speak_is_asked_at_each_message(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        assert await ask(socket, type="subscribe", topic="probe:1") == {"type": "subscribed", "topic": "probe:1"}
        answer = await ask(socket, type="message", topic="probe:1", name="say", data={"n": 1}, id=7)
        assert answer == {"type": "ack", "id": 7, "topic": "probe:1", "data": {"heard": {"n": 1}}}
        ALLOWED.clear()
        answer = await ask(socket, type="message", topic="probe:1", name="say", data={"n": 2}, id=8)
        assert (answer["type"], answer["code"], answer["id"]) == ("error", "NOT_FOUND", 8)
    assert [data for _, _, data in HEARD] == [{"n": 1}]


async def test_only_who_listens_may_speak(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        answer = await ask(socket, type="message", topic="probe:1", name="say", data={})
        assert answer["code"] == "NOT_FOUND"
    assert HEARD == []


async def test_a_signal_reaches_the_others_and_not_its_sender(fan, fan_client, creator, creator_client):
    ALLOWED.update({(str(fan.pk), "1"), (str(creator.pk), "1")})
    async with opened(fan_client) as mine, opened(fan_client) as my_other_tab, opened(creator_client) as theirs:
        for socket in (mine, my_other_tab, theirs):
            await ask(socket, type="subscribe", topic="probe:1")
        await mine.send_json_to({"type": "message", "topic": "probe:1", "name": "say", "data": {"sdp": "x"}})
        assert await receive(theirs) == {"type": "signal", "topic": "probe:1", "name": "said", "data": {"sdp": "x"}}
        assert await nothing_more(mine)
        assert await nothing_more(my_other_tab)


async def test_a_subscription_can_be_taken_away(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        await ask(socket, type="subscribe", topic="probe:1")
        await in_thread(realtime.drop_subscription, "probe:1", fan.pk)
        assert await receive(socket) == {"type": "unsubscribed", "topic": "probe:1"}
        await in_thread(realtime.publish_signal, "probe:1", "said", {})
        assert await nothing_more(socket)


async def test_unsubscribing_ends_it(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        await ask(socket, type="subscribe", topic="probe:1")
        assert (await ask(socket, type="unsubscribe", topic="probe:1"))["type"] == "unsubscribed"
        await in_thread(realtime.publish_signal, "probe:1", "said", {})
        assert await nothing_more(socket)


async def test_a_page_listens_to_so_much_and_no_more(fan, fan_client, monkeypatch):
    monkeypatch.setattr(hub, "TOPICS_PER_SOCKET", 3)
    ALLOWED.update((str(fan.pk), str(n)) for n in range(5))
    async with opened(fan_client) as socket:
        answers = [(await ask(socket, type="subscribe", topic=f"probe:{n}"))["type"] for n in range(3)]
    assert answers == ["subscribed", "subscribed", "error"]


# ── What goes wrong ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '"ping"',
        "{}",
        '{"type": 5}',
        '{"type": "publish"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "topic": 5}',
        '{"type": "subscribe", "topic": ""}',
        '{"type": "message", "topic": "probe:1"}',
        '{"type": "ping", "id": {}}',
        '{"type": "ping", "id": "\\ud800"}',
        '{"type": "subscribe", "topic": "probe:\\udfff"}',
        '{"type": "subscribe", "topic": "%s"}' % ("x" * 200),
        "[" * 5_000,
    ],
)
async def test_a_frame_that_is_none_gets_an_error_and_the_socket_goes_on(fan_client, text):
    async with opened(fan_client) as socket:
        await socket.send_to(text_data=text)
        assert (await receive(socket))["code"] == "VALIDATION_ERROR"
        assert await nothing_more(socket)


async def test_a_refusal_and_a_crash_are_errors_and_the_socket_goes_on(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        await ask(socket, type="subscribe", topic="probe:1")
        refused = await ask(socket, type="message", topic="probe:1", name="refuse")
        assert (refused["code"], refused["message"]) == ("FORBIDDEN", "Not that.")
        crashed = await ask(socket, type="message", topic="probe:1", name="crash")
        assert crashed["code"] == "INTERNAL_ERROR"
        assert "planted" not in json.dumps(crashed)
        unknown = await ask(socket, type="message", topic="probe:1", name="unknown")
        assert unknown["code"] == "NOT_FOUND"
        assert await nothing_more(socket)


async def test_a_flood_ends_the_socket_within_a_second(fan_client):
    async with opened(fan_client) as socket:
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            await socket.send_json_to({"type": "subscribe", "topic": "nonsense:1"})
        assert await closed_with(socket) == 1008
        assert asyncio.get_running_loop().time() - began < 5


async def test_sixty_at_once_are_no_flood(fan_client):
    async with opened(fan_client) as socket:
        for _ in range(60):
            await socket.send_json_to({"type": "ping"})
        for _ in range(60):
            assert (await receive(socket))["type"] == "pong"


async def test_a_frame_too_big_ends_the_socket(fan_client):
    async with opened(fan_client) as socket:
        await socket.send_json_to({"type": "ping", "pad": "x" * 16_384})
        assert await closed_with(socket) == 1009


async def test_a_binary_frame_ends_the_socket(fan_client):
    async with opened(fan_client) as socket:
        await socket.send_to(bytes_data=b"x")
        assert await closed_with(socket) == 1003
