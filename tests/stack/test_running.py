"""The fixtures `stack` and `drill`: what tests of the whole house stand on."""

from __future__ import annotations

import httpx
import pytest
from django.db import connection

from accounts.models import User
from digis.core.models import WorkerHeartbeat
from digis.stack.process import await_true
from digis.stack.supervisor import Stack
from tests.make import make_person

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def is_well(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def test_the_test_and_the_running_processes_see_the_same_rows(stack: Stack):
    """Beat tells the worker, the worker writes its heartbeat, and the test reads it."""
    assert await_true(WorkerHeartbeat.objects.exists, seconds=60, step=0.2)
    assert await_true(lambda: is_well(stack), seconds=30, step=0.2)


@pytest.mark.parametrize(
    "name", ["web", "worker", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("beat", "sandbox"))]
)
def test_a_killed_part_is_back_under_another_id(stack: Stack, name: str):
    old = stack.kill(name)

    assert await_true(lambda: stack.pid(name) != old, seconds=30)
    stack.wait_ready(name)
    assert await_true(lambda: is_well(stack), seconds=60, step=0.2)


def test_killed_servers_come_back_with_every_row_and_the_processes_find_them_again(drill: Stack):
    kept = make_person()

    for name in ("postgres", "valkey"):
        old = drill.kill(name)
        assert await_true(lambda name=name, old=old: drill.pid(name) != old, seconds=30)
        drill.wait_ready(name)

    assert await_true(lambda: is_well(drill), seconds=60, step=0.2)
    connection.close()  # it went down with the server
    assert User.objects.get(pk=kept.pk) == kept
