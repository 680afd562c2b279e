"""A pytest plugin: PostgreSQL and Valkey for one run of the tests, started before Django is, gone after it.

The process that was called as `pytest` starts both, unless DATABASE_URL and REDIS_URL name others. The workers of
pytest-xdist inherit them; each has its own database (pytest-django names it), Valkey database, realtime channel,
clock and state folder, so that no test sees another worker's doings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from digis.stack.embedded import Postgres, Server, Valkey, start_servers, stop_servers
from digis.stack.ports import Ports, find_free
from digis.stack.quarters import find_quarters
from tests import database_template

pytest_plugins = ["tests.stack_fixtures"]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
UNSTARTED = {"--help", "-h", "--version", "-V", "--markers", "--fixtures"}
# Removes the folder when the pipe to us closes, however we end; the servers' own end is tied to ours by the kernel.
SWEEPER = """
import shutil, sys, time
sys.stdin.read()
for _ in range(50):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    try:
        open(sys.argv[1]).close()
    except FileNotFoundError:
        break
    except OSError:
        time.sleep(0.2)
"""


class Services:
    """What one run of the tests started, and how to end it."""

    def __init__(self) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="digis-tests-"))
        self._sweeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SWEEPER, str(self.state)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._servers: list[Server] = []

    def start(self, *, with_tables: bool = False) -> None:
        wanted = [
            kind for kind, name in ((Postgres, "DATABASE_URL"), (Valkey, "REDIS_URL")) if not os.environ.get(name)
        ]
        if not wanted:
            return
        quarters = find_quarters(self.state)
        ports = Ports(self.state / "ports.json")
        self._servers = [kind(self.state, quarters, ports, durable=False) for kind in wanted]
        postgres = next((server for server in self._servers if isinstance(server, Postgres)), None)
        key = database_template.fingerprint()
        is_kept = bool(postgres and with_tables and database_template.restore(self.state, postgres, key))
        start_servers(self._servers)
        if postgres and with_tables and not is_kept:
            is_kept = database_template.make(self.state, postgres, key)
        os.environ["DIGIS_TEST_TABLES"] = database_template.NAME if is_kept else ""
        for server in self._servers:
            os.environ["DATABASE_URL" if isinstance(server, Postgres) else "REDIS_URL"] = server.url()

    def stop(self) -> None:
        stop_servers(self._servers)
        shutil.rmtree(self.state, ignore_errors=True)
        if self._sweeper.stdin:
            self._sweeper.stdin.close()
        self._sweeper.wait(15)


def settle_environment(state: Path) -> None:
    """Give this process its own share of what the run has: state, clock, Valkey database, realtime channel."""
    number = int(WORKER.removeprefix("gw")) + 1 if WORKER else 0
    own = state / (WORKER or "main")
    for name in ("static", "media"):
        (own / name).mkdir(parents=True, exist_ok=True)
    redis = urlsplit(os.environ["REDIS_URL"])
    os.environ["DIGIS_STATE"] = str(own)
    os.environ["DIGIS_CLOCK_FILE"] = str(own / "clock")
    os.environ["REDIS_URL"] = urlunsplit(redis._replace(path=f"/{(int(redis.path.strip('/') or 0) + number) % 64}"))
    os.environ["REALTIME_CHANNEL"] = f"digis:hub:{state.name}:{WORKER or 'main'}"
    # Twenty webhooks at one moment, and the test beside them: nobody waits for a connection, however busy the machine is.
    os.environ["DATABASE_POOL"] = "24"
    os.environ["PORT"] = str(find_free())
    os.environ["SITE_URL"] = f"http://127.0.0.1:{os.environ['PORT']}"
    os.environ["STRIPE_SECRET_KEY"] = "sk_test_" + "digistests" * 3
    os.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_" + "digistests" * 3
    os.environ["STRIPE_CONNECT_WEBHOOK_SECRET"] = "whsec_" + "connecting" * 3
    os.environ["STRIPE_API_BASE"] = os.environ["STRIPE_SANDBOX_URL"] = f"http://127.0.0.1:{find_free()}"


def pytest_configure() -> None:
    """Have the test databases made from the kept template, if this run has one."""
    if template := os.environ.get("DIGIS_TEST_TABLES"):
        from django.db import connections

        connections["default"].settings_dict["TEST"].update({"TEMPLATE": template, "MIGRATE": False})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None]:
    """Start the servers before pytest-django reads the settings."""
    if UNSTARTED & set(args):
        return (yield)
    if WORKER:
        settle_environment(Path(os.environ["DIGIS_TEST_RUN"]))
        return (yield)
    services = Services()
    early_config.add_cleanup(services.stop)
    services.start(with_tables=True)
    os.environ["DIGIS_TEST_RUN"] = str(services.state)
    settle_environment(services.state)
    return (yield)
