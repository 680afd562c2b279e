"""What programs do: a ticket, a plain WebSocket, and frames they know from the published schema alone (api.md, realtime)."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import jsonschema
import pytest
import yaml
from django.contrib.sessions.models import Session
from django.test import Client
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from digis.core import limits, realtime, valkey
from digis.core.realtime import consumer, frames, publish, topics
from digis.core.realtime.sessions import in_thread
from tests.core.test_sockets import ALLOWED, Noted, nothing_more, opened, receive
from tests.core.test_sockets import ask as ask_frame
from tests.socket_server import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

SHOWS, SEES = set(), set()


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    ALLOWED.clear()
    SHOWS.clear()
    SEES.clear()
    monkeypatch.setattr(topics, "typing_rules", [])
    monkeypatch.setattr("digis.core.realtime.rights.typing_rules", topics.typing_rules)


def may_listen(user, topic_id):
    return (str(user.pk), topic_id) in ALLOWED


realtime.register_topic("talk", authorize=may_listen, messages={"echo": lambda _user, _id, data: data}, typing=True)


class Program:
    """A client that knows an address, a credential and the published schema, and nothing of our code."""

    def __init__(self, schema):
        self.schema = schema
        self.send_by = self.reader("SocketClientFrame")
        self.hear_by = self.reader("SocketServerFrame")
        self.presence = self.reader("SocketServerPresence")

    def reader(self, name):
        whole = {"$ref": f"#/components/schemas/{name}", "components": self.schema["components"]}
        return jsonschema.Draft202012Validator(whole)

    async def open(self, token):
        self.wire = await connect(f"{token['ws_url']}?ticket={token['ticket']}", proxy=None)
        return self

    async def say(self, **frame):
        self.send_by.validate(frame)
        await self.wire.send(json.dumps(frame))

    async def hear(self):
        async with asyncio.timeout(10):
            frame = json.loads(await self.wire.recv())
        self.hear_by.validate(frame)
        return frame

    async def ask(self, **frame):
        await self.say(**frame)
        return await self.hear()


def token_of(client):
    answer = client.post("/api/v1/realtime/token", content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


async def test_a_program_works_from_the_schema_alone(fan, fan_client, creator, creator_client, settings):
    ALLOWED.update({(str(fan.pk), "1"), (str(fan.pk), "2"), (str(creator.pk), "1")})
    schema = yaml.safe_load((await in_thread(Client().get, "/api/schema/")).content)
    async with serving() as address:
        settings.SITE_URL = address.replace("ws:", "http:").removesuffix("/ws/")
        mine = await Program(schema).open(await in_thread(token_of, fan_client))
        theirs = await Program(schema).open(await in_thread(token_of, creator_client))
        own = await mine.hear()
        assert own == {"type": "subscribed", "topic": f"user:{fan.pk}"}
        await theirs.hear()

        assert await mine.ask(type="ping", id="a") == {"type": "pong", "id": "a"}
        await mine.say(type="subscribe", topics=["talk:1", "talk:2", "talk:3"], id=1)
        answers = [await mine.hear() for _ in range(3)]
        assert [(a["type"], a["topic"]) for a in answers] == [
            ("subscribed", "talk:1"), ("subscribed", "talk:2"), ("error", "talk:3"),
        ]  # fmt: skip
        assert await mine.ask(type="unsubscribe", topic="talk:2") == {"type": "unsubscribed", "topic": "talk:2"}
        await theirs.ask(type="subscribe", topic="talk:1")

        answer = await mine.ask(type="message", topic="talk:1", name="echo", data=[1, None], id=2)
        assert answer == {"type": "ack", "topic": "talk:1", "id": 2, "data": [1, None]}
        answer = await mine.ask(type="message", topic="talk:1", name="none", id=3)
        assert (answer["type"], answer["code"], answer["id"]) == ("error", "NOT_FOUND", 3)

        await mine.say(type="typing", topic="talk:1")
        assert await theirs.hear() == {"type": "typing", "topic": "talk:1", "person": str(fan.pk)}
        await in_thread(realtime.publish_signal, "talk:1", "said", {"sdp": "x"})
        assert (await mine.hear())["type"] == (await theirs.hear())["type"] == "signal"

        for what in "abc":
            await in_thread(realtime.publish_on_commit, Noted(what), f"user:{fan.pk}")
        heard = []
        while len(heard) < 3:
            frame = await mine.hear()
            heard += frame.get("frames") or [frame]
        assert [frame["data"]["what"] for frame in heard] == list("abc")

        await in_thread(fan_client.post, "/sign-out/")  # the ticket hangs on the session
        with pytest.raises(ConnectionClosed):
            await mine.hear()
        assert mine.wire.close_code == 4401
        assert str(mine.wire.close_code) in schema["x-websockets"]["/ws/"]["closeCodes"]
        await theirs.wire.close()


async def test_presence_is_said_as_the_schema_says(fan, fan_client, creator):
    from accounts.events import PresenceChanged

    async with opened(fan_client) as socket:
        assert (await ask_frame(socket, type="subscribe", topic=f"presence:{creator.pk}"))["type"] == "subscribed"
        await in_thread(realtime.publish_on_commit, PresenceChanged(creator.pk), f"presence:{creator.pk}")
        frame = await receive(socket)
    jsonschema.validate(frame, frames.PRESENCE)
    assert frame["data"]["person"] == str(creator.pk)


# ── Tickets ─────────────────────────────────────────────────────────────────────────────────


async def test_a_ticket_is_good_once_for_thirty_seconds_and_stored_as_a_hash(fan, fan_client, clock):
    token = await in_thread(token_of, fan_client)
    assert token["ws_url"].endswith("/ws/")
    left = datetime.fromisoformat(token["expires_at"]) - clock.now()
    assert timedelta(seconds=20) < left <= timedelta(seconds=30)
    stored = await in_thread(lambda: list(valkey.client().keys("*:ticket:*")))
    assert stored
    assert not [key for key in stored if token["ticket"].encode() in key]
    assert 0 < await in_thread(lambda: valkey.client().ttl(stored[0])) <= 30
    query = f"ticket={token['ticket']}"
    async with opened(None, origin=None, query=query) as socket:
        assert await nothing_more(socket)
    async with opened(None, origin=None, query=query, expect=False) as again:
        assert await closed(again) == 4401


async def test_a_ticket_dies_with_its_session_and_never_borrows_a_cookie(fan_client, stranger_client):
    token = await in_thread(token_of, fan_client)
    await in_thread(Session.objects.all().delete)
    async with opened(None, origin=None, query=f"ticket={token['ticket']}", expect=False) as socket:
        assert await closed(socket) == 4401
    for query in ("ticket=", "ticket=made-up"):
        async with opened(stranger_client, query=query, expect=False) as socket:
            assert await closed(socket) == 4401


async def test_a_foreign_page_gets_nowhere_with_a_ticket(fan_client):
    token = await in_thread(token_of, fan_client)
    with pytest.raises(AssertionError):
        async with opened(None, origin=(b"origin", b"https://evil.example"), query=f"ticket={token['ticket']}"):
            pass


async def closed(socket):
    while (message := await socket.receive_output(timeout=10))["type"] != "websocket.close":
        pass
    return message["code"]


async def test_tickets_are_for_those_who_signed_in_and_limited(client, fan_client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "realtime", limits.Limit(2, limits.HOUR))
    refused = await in_thread(client.post, "/api/v1/realtime/token")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "AUTH_REQUIRED")

    def too_many():
        return [fan_client.post("/api/v1/realtime/token").status_code for _ in range(3)]

    assert await in_thread(too_many) == [200, 200, 429]


async def test_without_valkey_no_ticket_is_given(fan_client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    valkey.reset()
    try:
        answer = await in_thread(fan_client.post, "/api/v1/realtime/token")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "REALTIME_UNAVAILABLE")
    finally:
        valkey.reset()


async def test_sockets_opened_too_quickly_are_turned_away(fan_client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "socket", limits.Limit(2, limits.HOUR))
    async with opened(fan_client), opened(fan_client), opened(fan_client, expect=False) as third:
        assert await closed(third) == 4429


# ── Typing ──────────────────────────────────────────────────────────────────────────────────


async def test_typing_is_told_to_the_others_once_in_three_seconds(
    fan, fan_client, creator, creator_client, monkeypatch
):
    ALLOWED.update({(str(fan.pk), "1"), (str(creator.pk), "1")})
    monkeypatch.setattr(consumer, "TYPING_SECONDS", 0.0)  # the limit that holds in all processes together is Valkey's
    async with opened(fan_client) as mine, opened(fan_client) as my_other_tab, opened(creator_client) as theirs:
        for socket in (mine, my_other_tab, theirs):
            await ask_frame(socket, type="subscribe", topic="talk:1")
        for socket in (mine, mine, my_other_tab):
            answer = await ask_frame(socket, type="typing", topic="talk:1", id=1)
            assert answer == {"type": "ack", "topic": "talk:1", "id": 1, "data": None}
        assert await receive(theirs) == {"type": "typing", "topic": "talk:1", "person": str(fan.pk)}
        await in_thread(realtime.publish_signal, "talk:1", "marker", {})
        assert (await receive(theirs))["name"] == "marker"
        assert (await receive(mine))["name"] == "marker"
        monkeypatch.setattr(publish, "TYPING_EVERY_MS", 1)
        await in_thread(lambda: [valkey.client().delete(k) for k in valkey.client().keys("*:typing:*")])
        await ask_frame(mine, type="typing", topic="talk:1", id=2)
        assert (await receive(theirs))["type"] == "typing"


async def test_typing_is_told_only_when_both_sides_show_it(
    fan, fan_client, creator, creator_client, stranger, stranger_client
):
    """Presence is reciprocal: whoever hides that they type is not told of others'."""
    people = {str(person.pk) for person in (fan, creator, stranger)}
    ALLOWED.update((pk, "1") for pk in people)
    realtime.register_typing(may_show=lambda p: str(p.pk) in SHOWS, may_see=lambda p: str(p.pk) in SEES)
    async with opened(fan_client) as mine, opened(creator_client) as sees, opened(stranger_client) as hides:
        for socket in (mine, sees, hides):
            await ask_frame(socket, type="subscribe", topic="talk:1")
        SEES.add(str(creator.pk))
        await ask_frame(mine, type="typing", topic="talk:1", id=1)
        assert await nothing_more(sees)  # the typist hides it
        SHOWS.add(str(fan.pk))
        async with opened(fan_client) as again:
            await ask_frame(again, type="subscribe", topic="talk:1")
            await ask_frame(again, type="typing", topic="talk:1", id=2)
        assert (await receive(sees))["person"] == str(fan.pk)
        await in_thread(realtime.publish_signal, "talk:1", "marker", {})
        assert (await receive(hides))["name"] == "marker"
        await in_thread(lambda: [valkey.client().delete(k) for k in valkey.client().keys("*:typing:*")])
        ALLOWED.discard((str(creator.pk), "1"))  # blocked since
        async with opened(fan_client) as again:
            await ask_frame(again, type="subscribe", topic="talk:1")
            await ask_frame(again, type="typing", topic="talk:1", id=3)
        assert (await receive(sees))["name"] == "marker"
        assert await nothing_more(sees)


async def test_a_topic_without_typing_has_none(fan, fan_client):
    ALLOWED.add((str(fan.pk), "1"))
    async with opened(fan_client) as socket:
        answer = await ask_frame(socket, type="typing", topic="talk:1", id=1)
        assert answer["code"] == "NOT_FOUND"  # nobody listens there yet
        await ask_frame(socket, type="subscribe", topic="probe:1")
        assert (await ask_frame(socket, type="typing", topic="probe:1"))["code"] == "NOT_FOUND"


# ── Rights that end ─────────────────────────────────────────────────────────────────────────


async def test_whoever_may_no_longer_listen_is_dropped_when_an_app_says_so(fan, fan_client, creator, creator_client):
    ALLOWED.update({(str(fan.pk), "1"), (str(fan.pk), "2"), (str(creator.pk), "1")})
    async with opened(fan_client) as mine, opened(creator_client) as theirs:
        for topic in ("talk:1", "talk:2", "probe:1"):
            await ask_frame(mine, type="subscribe", topic=topic)
        await ask_frame(theirs, type="subscribe", topic="talk:1")
        ALLOWED.clear()
        ALLOWED.add((str(creator.pk), "1"))
        await in_thread(realtime.recheck_topic, "talk:1")
        assert await receive(mine) == {"type": "unsubscribed", "topic": "talk:1"}
        assert await nothing_more(theirs)
        await in_thread(realtime.recheck_person, fan.pk, "talk")
        assert await receive(mine) == {"type": "unsubscribed", "topic": "talk:2"}
        await in_thread(realtime.recheck_person, fan.pk)
        assert await receive(mine) == {"type": "unsubscribed", "topic": "probe:1"}
        assert await nothing_more(mine)
