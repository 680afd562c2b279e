"""The running processes as fixtures: `stack` on this worker's test database, `drill` with servers of its own.

`stack` is for tests that need web, worker, beat and the Stripe stand-in beside the ORM. It starts once per worker;
`stack.kill("web")` and the like are part of its life. `drill` is for tests that also kill PostgreSQL or Valkey: it
has its own of both, starts once per worker too, and during the test the ORM speaks to that database.
Mark such tests `stack` and `xdist_group("stack")`, so that one worker runs them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dj_database_url
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from digis.stack.plan import Plan
from digis.stack.ports import find_free
from digis.stack.supervisor import Stack

SETTINGS = "digis.settings.test"
RUNNING: list[Stack] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of the running processes first: they take longest, and one worker runs them all."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop the processes before the first test that does not know of them: their worker would do its work for it."""
    if RUNNING and item.get_closest_marker("stack") is None:
        while RUNNING:
            RUNNING.pop().stop()
        with item.config.stash[blocking_manager_key].unblock():  # what they wrote after the last test
            call_command("flush", interactive=False, verbosity=0, reset_sequences=False)
            connection.close()


def _plan(state: Path, port: int, **changes: Any) -> Plan:
    state.mkdir(parents=True, exist_ok=True)
    return Plan(
        state=state,
        port=port,
        settings=SETTINGS,
        webhook_path=f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",
        connect_webhook_path=f"/stripe/webhook/{settings.STRIPE_CONNECT_WEBHOOK_UUID}/",
        sandbox_keys=(
            settings.STRIPE_SECRET_KEY,
            settings.STRIPE_WEBHOOK_SECRET,
            settings.STRIPE_CONNECT_WEBHOOK_SECRET,
        ),
        durable=False,
        extra={"DIGIS_STATE": os.environ["DIGIS_STATE"]},  # pictures and mail are where the test looks for them
        **changes,
    )


@pytest.fixture(scope="session")
def running_stack(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """Start web, worker, beat and the Stripe stand-in against this worker's test database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    stack = Stack(
        _plan(
            Path(os.environ["DIGIS_STATE"]) / "stack",
            int(os.environ["PORT"]),
            database_url=urlunsplit(database),
            redis_url=os.environ["REDIS_URL"],
            sandbox_port=urlsplit(settings.STRIPE_API_BASE).port or 0,
        )
    )
    with django_db_blocker.unblock():
        try:
            stack.start()
            stack.watch_aside()
            RUNNING.append(stack)
            yield stack
        finally:
            if stack in RUNNING:
                RUNNING.remove(stack)
                stack.stop()
            connection.close()


@pytest.fixture
def stack(running_stack: Stack, transactional_db: None) -> Iterator[Stack]:
    """Hand over the running processes, all of them up; rows are committed and truncated afterwards."""
    call_command("ensure_stripe_webhook", verbosity=0)
    running_stack.wait_ready()
    yield running_stack
    Path(os.environ["DIGIS_CLOCK_FILE"]).unlink(missing_ok=True)
    # The tables are about to be truncated under running processes: where both wait for one another, it is they who
    # notice first and give way.
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '20s'")


@pytest.fixture(scope="session")
def running_drill(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """Start everything, PostgreSQL and Valkey included."""
    stack = Stack(_plan(tmp_path_factory.mktemp("drill") / "state", find_free()))
    with django_db_blocker.unblock():
        try:
            stack.start()
            stack.watch_aside()
            RUNNING.append(stack)
            yield stack
        finally:
            if stack in RUNNING:
                RUNNING.remove(stack)
                stack.stop()


@pytest.fixture
def drill(running_drill: Stack, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """Hand over processes and servers, all of them up, with the ORM speaking to that database. What was written stays."""
    running_drill.wait_ready()
    here = connection.settings_dict
    there = dj_database_url.parse(running_drill.env["DATABASE_URL"])
    with django_db_blocker.unblock():
        try:
            connection.close()
            _forget_pool()
            connection.settings_dict = {
                **here,
                **{name: there[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
            }
            call_command("ensure_stripe_webhook", verbosity=0)
            yield running_drill
        finally:
            Path(os.environ["DIGIS_CLOCK_FILE"]).unlink(missing_ok=True)
            running_drill.wait_ready()
            connection.close()
            _forget_pool()
            connection.settings_dict = here


def _forget_pool() -> None:
    if connection.settings_dict.get("OPTIONS", {}).get("pool"):
        connection.close_pool()
