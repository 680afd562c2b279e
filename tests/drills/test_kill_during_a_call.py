"""kill -9 of every process while two people talk: nothing lost, nothing charged twice, the meter goes on (CALL-5, CALL-6)."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx
import psycopg
import pytest
from django.db import DatabaseError, connection

from calls import meter, services
from calls.models import Call, CallMinute
from digis.stack.supervisor import Stack
from economy import invariants
from tests.calls import cast
from tests.chromium import session_cookie

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

T = TypeVar("T")
TROUBLE = (httpx.HTTPError, DatabaseError, psycopg.Error)
VICTIMS = ("worker", "web", "postgres", "valkey", "beat")


class Speaker:
    """One side of a call as its browser without a socket: a heartbeat every second over HTTP, whatever happens."""

    def __init__(self, stack: Stack, person: object, call: Call) -> None:
        self.http = httpx.Client(base_url=stack.url, timeout=5)
        cookie = session_cookie(person, stack.url)
        self.http.cookies.set(cookie["name"], cookie["value"], domain="127.0.0.1")
        self.path = f"/calls/{call.pk}"
        self.heard = 0
        self.silent = threading.Event()
        self.thread = threading.Thread(target=self._speak, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.silent.set()
        if self.thread.is_alive():
            self.thread.join(10)

    def _speak(self) -> None:
        while not self.silent.wait(0.5):
            with suppress(httpx.HTTPError):
                token = self._token()
                answer = self.http.post(f"{self.path}/beat/", data={"connected": "1", "csrfmiddlewaretoken": token})
                self.heard += answer.status_code == 200

    def _token(self) -> str:
        from django.conf import settings

        name = settings.CSRF_COOKIE_NAME
        if name not in self.http.cookies:
            self.http.get("/wallet/")
        return self.http.cookies.get(name, "")

    def hang_up(self) -> None:
        answer = self.http.post(f"{self.path}/end/", data={"csrfmiddlewaretoken": self._token()})
        assert answer.status_code == 303


def wait_for(read: Callable[[], T], wanted: Callable[[T], bool], *, seconds: float = 40, what: str = "") -> T:
    """Read until it is as wanted; trouble on the way is what a drill is about."""
    end = time.monotonic() + seconds
    value: T | None = None
    while time.monotonic() < end:
        with suppress(*TROUBLE):
            connection.close_if_unusable_or_obsolete()
            value = read()
            if wanted(value):
                return value
        if connection.connection is not None and connection.connection.closed:
            connection.close()
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what or wanted}; last seen: {value!r}")


def seconds_of(call_id: object) -> int:
    return Call.objects.get(pk=call_id).seconds


def test_a_call_survives_the_death_of_every_process(drill: Stack, clock):
    """LEDGER-2, CALL-5, CALL-6: each part is killed in turn while both sides keep sending heartbeats."""
    fan, creator = cast.make_person("drilled", tokens=5_000), cast.make_creator("drill", video=30)
    call = cast.open_call(fan, creator)
    speakers = [Speaker(drill, person, call) for person in (fan, creator)]
    for speaker in speakers:
        speaker.start()
    try:
        wait_for(lambda: seconds_of(call.pk), lambda s: s >= 1, what="the meter to start")
        for victim in VICTIMS:
            before = wait_for(lambda: seconds_of(call.pk), lambda s: s >= 0, what="a reading")
            drill.kill(victim)
            drill.wait_ready()
            for step in itertools.count():  # a minute of the call in a few real seconds, in steps under the gap
                now = wait_for(lambda: seconds_of(call.pk), lambda s: s >= 0, what="a reading")
                if now >= before + 40 or step > 30:
                    break
                clock.advance(seconds=4)
                heard = [speaker.heard for speaker in speakers]
                wait_for(
                    lambda heard=heard: [s.heard > h for s, h in zip(speakers, heard, strict=True)],
                    all,
                    what=f"both to be heard after the {victim} died",
                )
            assert now > before, f"the meter stood still after the {victim} was killed"
        speakers[0].stop()
        speakers[0].hang_up()
    finally:
        for speaker in speakers:
            speaker.stop()
            speaker.http.close()

    ended = wait_for(lambda: Call.objects.get(pk=call.pk), lambda c: c.is_over, what="the end")
    assert ended.end_reason == Call.Reason.HUNG_UP
    terms = meter.Terms((meter.Step(0, 30),))
    assert ended.charged_tokens == meter.charge_for(ended.billed_seconds, terms)
    assert ended.seconds >= len(VICTIMS) * 30
    posted = list(CallMinute.objects.filter(call=call).values_list("minute", "amount"))
    assert sum(amount for _, amount in posted) == ended.charged_tokens
    assert len({minute for minute, _ in posted}) == len(posted)
    assert invariants.broken() == []


def test_a_call_whose_people_never_come_back_ends_at_the_last_common_heartbeat(drill: Stack, clock):
    """CALL-6: everything dies, both browsers too; the sweeper of the restarted worker ends the orphan."""
    fan, creator = cast.make_person("lost", tokens=500), cast.make_creator("gone", video=30)
    call = cast.open_call(fan, creator)
    for _ in range(8):
        for person in (fan, creator):
            services.heartbeat(person=person, call_id=call.pk)
        clock.advance(seconds=4)
    seconds = seconds_of(call.pk)
    assert seconds == 28
    for victim in ("worker", "beat", "web", "valkey"):
        drill.kill(victim)
    clock.advance(seconds=200)
    drill.wait_ready()
    ended = wait_for(lambda: Call.objects.get(pk=call.pk), lambda c: c.is_over, what="the sweeper")
    assert ended.seconds == seconds
    assert ended.charged_tokens == 30
    assert invariants.broken() == []
