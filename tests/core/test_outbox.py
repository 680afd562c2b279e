"""What must happen after a commit happens, at least once, whoever dies on the way."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from digis.core import clock as house_clock
from digis.core import outbox
from digis.core.models import AuditEntry, OutboxEntry

RAN = []


@outbox.handler("test.note")
def note(payload):
    RAN.append(payload["n"])
    AuditEntry.objects.create(action="test.note", actor_label="test", target_id=str(payload["n"]))


@outbox.handler("test.poison")
def poison(payload):
    AuditEntry.objects.create(action="test.poison", actor_label="test")
    raise RuntimeError("never works")


@outbox.handler("test.flaky")
def flaky(payload):
    RAN.append(payload["n"])
    if RAN.count(payload["n"]) < 3:
        raise ConnectionError("not yet")


@pytest.fixture(autouse=True)
def _nothing_ran():
    RAN.clear()


def notes():
    return AuditEntry.objects.filter(action="test.note").count()


@pytest.mark.django_db
def test_a_promise_is_kept_once():
    outbox.enqueue(kind="test.note", payload={"n": 1})
    assert outbox.relay() == 1
    assert outbox.relay() == 0
    assert RAN == [1]
    entry = OutboxEntry.objects.get()
    assert entry.done_at is not None
    assert entry.payload == {}


@pytest.mark.django_db(transaction=True)
def test_a_promise_of_a_rolled_back_cause_is_none():
    @transaction.atomic
    def act():
        outbox.enqueue(kind="test.note", payload={"n": 1})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert outbox.relay() == 0
    assert not OutboxEntry.objects.exists()


@pytest.mark.django_db
def test_a_later_promise_waits_for_its_time(clock):
    outbox.enqueue(kind="test.note", payload={"n": 1}, not_before=clock.now() + timedelta(hours=1))
    assert outbox.relay() == 0
    clock.advance(hours=1)
    assert outbox.relay() == 1


@pytest.mark.django_db
def test_a_failure_is_tried_again_later_and_later(clock):
    outbox.enqueue(kind="test.flaky", payload={"n": 1})
    outbox.relay()
    assert RAN == [1]
    outbox.relay()
    assert RAN == [1]
    clock.advance(seconds=3)
    outbox.relay()
    assert RAN == [1, 1]
    clock.advance(seconds=3)
    assert RAN == [1, 1]
    clock.advance(seconds=3)
    assert outbox.relay() == 1
    assert OutboxEntry.objects.get().done_at is not None


@pytest.mark.django_db
def test_a_poison_row_is_parked_and_the_others_pass(clock):
    outbox.enqueue(kind="test.poison", payload={"n": 0})
    for n in range(1, 4):
        outbox.enqueue(kind="test.note", payload={"n": n})
    outbox.relay()
    assert sorted(RAN) == [1, 2, 3]
    for _ in range(outbox.MAX_TRIES):
        clock.advance(hours=2)
        outbox.relay()
    bad = OutboxEntry.objects.get(kind="test.poison")
    assert bad.parked_at is not None
    assert bad.tries == outbox.MAX_TRIES
    assert "never works" in bad.last_error
    assert not AuditEntry.objects.filter(action="test.poison").exists()  # what a failed try wrote is undone
    assert outbox.unpark(entry_ids=[bad.pk]) == 1
    bad.refresh_from_db()
    assert (bad.parked_at, bad.tries) == (None, 0)


@pytest.mark.django_db
def test_a_kind_nobody_handles_does_not_stop_the_relay():
    outbox.enqueue(kind="test.unknown", payload={})
    outbox.enqueue(kind="test.note", payload={"n": 1})
    outbox.relay()
    assert RAN == [1]
    assert "No handler" in OutboxEntry.objects.get(kind="test.unknown").last_error


@pytest.mark.django_db(transaction=True)
def test_eight_relays_share_the_work_and_double_nothing():
    for n in range(60):
        outbox.enqueue(kind="test.note", payload={"n": n})

    def one(_):
        try:
            return outbox.relay()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        handled = sum(pool.map(one, range(8)))
    assert handled == 60
    assert sorted(RAN) == list(range(60))
    assert notes() == 60


@pytest.mark.django_db(transaction=True)
def test_a_key_that_waits_is_enough():
    with transaction.atomic():
        first = outbox.enqueue(kind="test.note", key="p1", payload={"n": 1})
        second = outbox.enqueue(kind="test.note", key="p1", payload={"n": 2})
    assert first.pk == second.pk
    outbox.relay()
    assert RAN == [1]
    outbox.enqueue(kind="test.note", key="p1", payload={"n": 3})  # the first is done: this is news
    outbox.relay()
    assert RAN == [1, 3]


@pytest.mark.django_db(transaction=True)
def test_news_that_comes_while_its_key_is_handled_is_not_lost():
    started, may_end = threading.Event(), threading.Event()

    @outbox.handler("test.slow")
    def slow(payload):
        RAN.append(payload["n"])
        if payload["n"] == 1:
            started.set()
            may_end.wait(10)

    def work():
        try:
            outbox.relay(kinds=["test.slow"])
        finally:
            connection.close()

    outbox.enqueue(kind="test.slow", key="p1", payload={"n": 1})
    worker = threading.Thread(target=work)
    worker.start()
    started.wait(10)
    outbox.enqueue(kind="test.slow", key="p1", payload={"n": 2})
    may_end.set()
    worker.join(20)
    outbox.relay(kinds=["test.slow"])
    assert RAN == [1, 2]


KILLED_IN_THE_HANDLER = """
import os, signal
import django
django.setup()
from digis.core import outbox
from digis.core.models import AuditEntry

@outbox.handler("test.note")
def note(payload):
    AuditEntry.objects.create(action="test.note", actor_label="dying")
    os.kill(os.getpid(), signal.SIGKILL)

outbox.relay()
"""


def environment_of_this_database():
    database = settings.DATABASES["default"]
    name, user, password = connection.settings_dict["NAME"], database["USER"], database.get("PASSWORD", "")
    host, port = database.get("HOST") or "", database.get("PORT") or ""
    secret = f":{password}" if password else ""
    where = f"{host}:{port}" if not host.startswith("/") else ""
    url = f"postgresql://{user}{secret}@{where}/{name}" + (f"?host={host}&port={port}" if host.startswith("/") else "")
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "digis.settings.test"}


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(clock):
    """The drill of reliability R6, on the outbox: kill -9 inside the handler."""
    outbox.enqueue(kind="test.note", payload={"n": 1})
    died = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_HANDLER], env=environment_of_this_database(), timeout=60, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert notes() == 0  # its half-done work was rolled back
    clock.advance(seconds=10)
    assert outbox.relay() == 1
    assert notes() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_kills_its_worker_every_time_is_parked(clock):
    entry = outbox.enqueue(kind="test.note", payload={"n": 1})
    OutboxEntry.objects.filter(pk=entry.pk).update(tries=outbox.MAX_TRIES - 1)
    subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_HANDLER], env=environment_of_this_database(), timeout=60, check=False
    )
    clock.advance(seconds=10)
    outbox.relay()
    entry.refresh_from_db()
    assert entry.parked_at is not None
    assert RAN == []


@pytest.mark.django_db
def test_done_rows_are_forgotten_after_a_week_and_parked_ones_never(clock):
    outbox.enqueue(kind="test.note", payload={"n": 1})
    outbox.relay()
    OutboxEntry.objects.create(kind="test.poison", parked_at=house_clock.now())
    clock.advance(days=8)
    assert outbox.prune() == 1
    assert OutboxEntry.objects.get().kind == "test.poison"


def test_two_handlers_for_one_kind_are_a_mistake():
    with pytest.raises(ImproperlyConfigured):

        @outbox.handler("test.note")
        def other(payload): ...


@pytest.mark.django_db(transaction=True)
def test_a_commit_wakes_the_worker_once_and_a_dead_broker_delays_nobody(django_capture_on_commit_callbacks, settings):
    with transaction.atomic():
        for n in range(5):
            outbox.enqueue(kind="test.note", payload={"n": n})
        waiting = [entry[1] for entry in connection.run_on_commit]
        assert waiting.count(outbox.wake) == 1
    assert OutboxEntry.objects.count() == 5
