"""What a person may hear and say is asked of the database at that moment: neither a copy of the person nor a gap decides."""

from __future__ import annotations

import threading

import pytest

from accounts.models import User
from digis.core import realtime
from digis.core.realtime.hub import Hub
from digis.core.realtime.sessions import in_thread
from tests.core.test_sockets import ask, nothing_more, opened, receive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SAID: list[str] = []
OPEN: set[str] = set()
ARRIVED = threading.Event()


def is_called(user, topic_id):
    return user.display_name == topic_id


def say(user, topic_id, data):
    SAID.append(user.display_name)


def ends_while_it_is_asked(user, topic_id):
    """Allow it, and take it back before the answer is out: as somebody else's block may at that very moment."""
    if topic_id not in OPEN:
        return False
    OPEN.discard(topic_id)
    ARRIVED.clear()
    realtime.recheck_topic(f"fleeting:{topic_id}")
    assert ARRIVED.wait(10)
    return True


realtime.register_topic("named", authorize=is_called, messages={"say": say}, typing=True)
realtime.register_topic("fleeting", authorize=ends_while_it_is_asked)


def rename(person, name):
    User.objects.filter(pk=person.pk).update(display_name=name)


async def test_what_changed_a_moment_ago_decides(fan, fan_client):
    """The socket keeps a copy of the person; rights ask for the row (architecture.md §5)."""
    async with opened(fan_client) as socket:
        await in_thread(rename, fan, "Ada")
        assert (await ask(socket, type="subscribe", topic="named:Ada"))["type"] == "subscribed"
        assert (await ask(socket, type="message", topic="named:Ada", name="say", id=1))["type"] == "ack"
        await in_thread(rename, fan, "Bo")
        for frame in ({"type": "message", "name": "say", "id": 2}, {"type": "typing", "id": 3}):
            assert (await ask(socket, topic="named:Ada", **frame))["code"] == "NOT_FOUND"
        assert (await ask(socket, type="subscribe", topic="named:Ada"))["code"] == "NOT_FOUND"
    assert SAID == ["Ada"]


async def test_a_right_that_ends_while_it_is_asked_for_is_not_kept(fan_client, monkeypatch):
    control = Hub._control

    def watch(self, header):
        control(self, header)
        ARRIVED.set()

    monkeypatch.setattr(Hub, "_control", watch)
    OPEN.add("1")
    async with opened(fan_client) as socket:
        assert (await ask(socket, type="subscribe", topic="fleeting:1"))["type"] == "subscribed"
        assert await receive(socket) == {"type": "unsubscribed", "topic": "fleeting:1"}
        await in_thread(realtime.publish_signal, "fleeting:1", "said", {})
        assert await nothing_more(socket)
