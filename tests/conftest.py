"""What every test may ask for: a cast of people, their browsers, a clock that moves, and a ledger that is audited."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.servers.basehttp import WSGIServer
from django.db import connection, transaction
from django.test import Client, TransactionTestCase

from tests import make

DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
}


# ── Time ────────────────────────────────────────────────────────────────────────────────────


class MovingClock:
    """Moves `digis.core.clock` for every process of the run. Sessions and allauth's tokens keep real time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0.0
        self._write()

    def _write(self) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(str(self._offset), encoding="ascii")
        part.rename(self._path)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        self._offset += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        self._write()
        return self.now()

    def move_to(self, moment: datetime) -> datetime:
        return self.advance(seconds=(moment - self.now()).total_seconds())

    def now(self) -> datetime:
        from digis.core import clock

        return clock.now()

    def reset(self) -> None:
        self._offset = 0.0
        self._path.unlink(missing_ok=True)


@pytest.fixture
def clock() -> Generator[MovingClock]:
    moving = MovingClock(Path(django_settings.CLOCK_OFFSET_FILE))
    yield moving
    moving.reset()


# ── Each test for itself ────────────────────────────────────────────────────────────────────


@pytest.fixture(autouse=True)
def _own_limits(settings: Any) -> None:
    """Rate limits count within one test only."""
    settings.LIMITS_PREFIX = f"digis:limit:{uuid4().hex}"


@pytest.fixture(scope="session", autouse=True)
def _room_to_knock() -> Generator[None]:
    """Let as many wait at the live server's door as a test may send at one moment.

    Django's own server has room for ten. Who comes eleventh knocks again after a second, then three, then seven: on a busy
    machine the twentieth of twenty webhooks gave up before it was heard. Servers in production have room for thousands.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIServer, "request_queue_size", 128)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Generator[None]:
    """Let the runner empty tables between tests: the audit log refuses TRUNCATE from everybody else.

    Connections that threads of async tests left open are cut at the end, or the database could not be dropped.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_audit_no_truncate")
        cursor.execute("ALTER TABLE core_auditseal DISABLE TRIGGER core_seal_no_truncate")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# ── The cast ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def fan(db: None) -> Any:
    return make.make_person("fan")


@pytest.fixture
def stranger(db: None) -> Any:
    return make.make_person("stranger")


@pytest.fixture
def creator(db: None) -> Any:
    return make.make_creator("creator")


@pytest.fixture
def moderator(db: None) -> Any:
    return make.make_staff("moderator", groups=["moderator"])


def _browser_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def fan_client(fan: Any) -> Client:
    return _browser_of(fan)


@pytest.fixture
def stranger_client(stranger: Any) -> Client:
    return _browser_of(stranger)


@pytest.fixture
def creator_client(creator: Any) -> Client:
    return _browser_of(creator)


@pytest.fixture
def moderator_client(moderator: Any) -> Client:
    return _browser_of(moderator)


# ── Tables are emptied after tests that commit ──────────────────────────────────────────────

MADE_BY_MIGRATE = {  # as Django's own flush would make them again, a quarter of a second each time
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
}  # fmt: skip


OF_BEAT = "django_celery_beat_"  # a running beat reads its schedule anew every five minutes


def empty_tables(_case: TransactionTestCase) -> None:
    """Delete the few rows there are. Django's flush truncates every table, and has its signals fill some again.

    As a replica does it: without the triggers that refuse it, and without looking for rows that refer to these.
    """
    from economy.services.shelf import fill_after_migrate

    tables = [
        connection.ops.quote_name(name)
        for name in connection.introspection.table_names()
        if name not in MADE_BY_MIGRATE and not name.startswith(OF_BEAT)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608  names of our own tables
    fill_after_migrate(using="default")


@pytest.fixture(autouse=True, scope="session")
def _quick_emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


# ── The ledger is audited after every test that touched it ──────────────────────────────────

PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Run before the fixtures fold up, while the test's database can still be read."""
    names = set(getattr(item, "fixturenames", ()))
    if not item.stash.get(PASSED, False) or find_spec("economy.invariants") is None:
        return
    if item.get_closest_marker("django_db") is None and not names & DATABASE_FIXTURES:
        return
    audit_ledger(item.nodeid)


def audit_ledger(name: str) -> None:
    """Fail when the ledger's invariants do not hold (architecture.md §3); a test that expects a breach undoes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM economy_ledgertransaction)")
        if not cursor.fetchone()[0]:
            return
    breaches = list(import_module("economy.invariants").broken())
    assert not breaches, f"{name} left the ledger broken: {breaches}"
