"""The topic `call:<id>`: who may speak there, what it moves, and what both pages are told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client

from calls import services
from calls.models import Call
from digis.core.realtime.sessions import in_thread
from digis.sockets import websocket
from tests.calls import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture
def fan(clock, transactional_db):
    return cast.make_person("fan", tokens=1_000)


@pytest.fixture
def creator(clock, transactional_db):
    return cast.make_creator()


@pytest.fixture
def talk(clock, fan, creator):
    return cast.Talk(clock, cast.open_call(fan, creator))


@pytest.fixture
def cookies():
    """Sign people in before the event loop runs."""

    def of(person) -> str:
        client = Client()
        client.force_login(person)
        return client.cookies["sessionid"].value

    return of


class Tab:
    """An open page: what came is kept until it is asked for, in order."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket, self.waiting = socket, []

    async def next(self, kind: str, name: str = "") -> dict:
        """Return the next frame of a kind, and of a name where one is given."""
        async with asyncio.timeout(20):
            while True:
                for place, frame in enumerate(self.waiting):
                    if frame["type"] == kind and name in {"", frame.get("name")}:
                        return self.waiting.pop(place)
                came = await self.socket.receive_json_from(timeout=20)
                self.waiting += came["frames"] if came["type"] == "batch" else [came]

    async def send(self, **frame) -> None:
        await self.socket.send_json_to(frame)

    async def say(self, topic: str, name: str, data) -> None:
        await self.send(type="message", topic=topic, name=name, data=data, id=1)


@asynccontextmanager
async def opened(cookie: str, topic: str = ""):
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"origin", b"http://127.0.0.1:8000"),
        (b"cookie", f"sessionid={cookie}".encode()),
    ]
    socket = WebsocketCommunicator(websocket, "/ws/", headers=headers)
    assert (await socket.connect(timeout=20))[0]
    tab = Tab(socket)
    await tab.next("subscribed")
    if topic:
        await tab.send(type="subscribe", topic=topic)
        assert (await tab.next("subscribed"))["topic"] == topic
    try:
        yield tab
    finally:
        await socket.disconnect(timeout=20)


async def test_only_the_two_may_listen(talk, cookies):
    stranger = await in_thread(lambda: cookies(cast.make_person("stranger")))
    async with opened(stranger) as socket:
        await socket.send(type="subscribe", topic=f"call:{talk.call_id}")
        assert (await socket.next("error"))["code"] == "NOT_FOUND"
        await socket.send(type="subscribe", topic="call:no-id")
        assert (await socket.next("error"))["code"] == "NOT_FOUND"


async def test_a_signal_reaches_the_other_side_and_says_whose_it_is(talk, cookies):
    topic = f"call:{talk.call_id}"
    fans, creators = [await in_thread(cookies, person) for person in (talk.fan, talk.creator)]
    async with opened(fans, topic) as one, opened(creators, topic) as two:
        await one.say(topic, "signal", {"kind": "offer", "sdp": "v=0", "from": "creator"})
        heard = await two.next("signal", "signal")
        assert heard["data"] == {"kind": "offer", "sdp": "v=0", "from": "fan"}, "who it is from is the server's word"
        await two.say(topic, "media", {"camera": False, "microphone": True})
        heard = await one.next("signal", "media")
        assert heard["data"] == {"camera": False, "microphone": True, "from": "creator"}


@pytest.mark.parametrize("data", [{"kind": "shout"}, "offer", None, {"kind": "offer", "sdp": "x" * 15_980}])
async def test_what_is_no_signal_is_refused(talk, cookies, data):
    topic = f"call:{talk.call_id}"
    async with opened(await in_thread(cookies, talk.fan), topic) as socket:
        await socket.say(topic, "signal", data)
        assert (await socket.next("error"))["code"] == "VALIDATION_ERROR"


async def test_heartbeats_move_the_meter_and_both_pages_see_it(clock, talk, cookies):
    """CALL-5: the socket's heartbeat is the service's; each side gets its own view."""
    topic = f"call:{talk.call_id}"
    fans, creators = [await in_thread(cookies, person) for person in (talk.fan, talk.creator)]
    async with opened(fans, topic) as one, opened(creators, topic) as two:
        for second in range(0, 31, 5):
            clock.to(second + (0.5 if second else 0))
            for socket in (one, two):
                await socket.say(topic, "beat", {"connected": True})
                await socket.next("ack")
        call = await in_thread(lambda: Call.objects.get(pk=talk.call_id))
        assert (call.status, call.seconds) == ("active", 30)
        seen = {}
        for name, socket in (("fan", one), ("creator", two)):
            frame = await socket.next("event", "call.meter")
            while frame["data"]["elapsed"] < 25:
                frame = await socket.next("event", "call.meter")
            assert 'id="call-meter"' in frame["html"]
            seen[name] = frame["data"]
        assert (seen["fan"]["cost"], seen["creator"]["cost"]) == (20, 16)
        assert seen["creator"]["seconds_left"] is None, "how much the fan has left is the fan's to know"

        clock.to(33)
        await in_thread(lambda: services.hang_up(person=talk.fan, call_id=talk.call_id))
        for socket in (one, two):
            over = await socket.next("event", "call.ended")
            assert over["data"]["url"] == f"/calls/{talk.call_id}/summary/"
        await one.say(topic, "beat", {"connected": True})
        assert (await one.next("error"))["code"] == "NOT_FOUND", "an ended call takes no more messages"


async def test_the_ring_reaches_every_tab_and_its_end_too(clock, fan, creator, cookies):
    """CALL-4: the creator's sheet comes with the ring and goes with its end; the caller hears the answer."""
    fans, creators = [await in_thread(cookies, person) for person in (fan, creator)]
    async with opened(creators) as tab, opened(creators) as other_tab, opened(fans) as caller:
        ring = await in_thread(cast.ring, fan, creator)
        for socket in (tab, other_tab):
            frame = await socket.next("event", "call.ringing")
            assert frame["data"]["invitation"] == str(ring.pk)
            assert 'id="ring-sheet"' in frame["html"]
        await in_thread(lambda: services.decline_ring(creator=creator, invitation_id=ring.pk))
        for socket in (tab, other_tab):
            frame = await socket.next("event", "call.ring_ended")
            assert 'id="ring-sheet"' in frame["html"]
        frame = await caller.next("event", "call.declined")
        assert 'id="ring-status"' in frame["html"]
