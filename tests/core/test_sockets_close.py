"""When the server closes a socket, and that somebody is there as long as one is open."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from digis.core import realtime
from digis.core.realtime import consumer, hub, topics
from digis.core.realtime.sessions import in_thread
from tests.core.test_sockets import closed_with, nothing_more, opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


# ── Closing ─────────────────────────────────────────────────────────────────────────────────


async def test_signing_out_closes_the_sockets_of_that_session_only(fan, fan_client):
    other_device = Client()
    await in_thread(other_device.force_login, fan)
    async with opened(fan_client) as here, opened(other_device) as there:
        await in_thread(fan_client.post, "/sign-out/")
        assert await closed_with(here) == 4401
        assert await nothing_more(there)


async def test_a_suspension_closes_them_all(fan, fan_client):
    other_device = Client()
    await in_thread(other_device.force_login, fan)
    async with opened(fan_client) as one, opened(other_device) as two:
        await in_thread(realtime.close_sockets, fan.pk)
        assert await closed_with(one) == 4401
        assert await closed_with(two) == 4401


async def test_a_lost_sign_out_is_noticed_at_the_next_message(fan_client, monkeypatch):
    monkeypatch.setattr(consumer, "TRUST_SECONDS", 0.0)
    async with opened(fan_client) as socket:
        await in_thread(Session.objects.all().delete)
        await socket.send_json_to({"type": "ping"})
        assert await closed_with(socket) == 4401


async def test_a_ban_whose_news_was_lost_is_noticed_at_the_next_message(fan, fan_client, monkeypatch):
    monkeypatch.setattr(consumer, "TRUST_SECONDS", 0.0)

    def ban():
        type(fan).objects.filter(pk=fan.pk).update(is_active=False)

    async with opened(fan_client) as socket:
        await in_thread(ban)
        await socket.send_json_to({"type": "subscribe", "topic": "probe:1"})
        assert await closed_with(socket) == 4401


async def test_the_oldest_of_too_many_sockets_closes(fan_client, monkeypatch):
    monkeypatch.setattr(hub, "SOCKETS_PER_PERSON", 3)
    async with opened(fan_client) as first, opened(fan_client), opened(fan_client), opened(fan_client) as last:
        assert await closed_with(first) == 4429
        assert await nothing_more(last)


# ── Presence ────────────────────────────────────────────────────────────────────────────────


async def test_presence_is_told_at_once_and_then_rarely(fan, fan_client, monkeypatch):
    seen = []
    monkeypatch.setattr(topics, "presence_hooks", [])
    monkeypatch.setattr(hub, "presence_hooks", [lambda user: seen.append(str(user.pk))])
    async with opened(fan_client) as socket, opened(fan_client) as other:
        for _ in range(3):
            assert await nothing_more(socket)
            assert await nothing_more(other)
    assert seen == [str(fan.pk)]


async def test_a_presence_hook_that_fails_costs_nobody_the_socket(fan_client, monkeypatch):
    def broken(user):
        raise RuntimeError("planted")

    monkeypatch.setattr(hub, "presence_hooks", [broken])
    async with opened(fan_client) as socket:
        assert await nothing_more(socket)
