"""The servers that the tests themselves run on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import redis

from digis.stack.process import await_true

ROOT = Path(__file__).resolve().parents[2]


def test_a_test_run_has_postgresql_18_of_its_own():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.info.server_version >= 180000
        row = connection.execute("SELECT datlocprovider FROM pg_database WHERE datname = 'digis'").fetchone()
    assert row == ("b",)


def test_a_test_run_has_a_valkey_of_its_own():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        about = client.info("server")
    assert isinstance(about, dict)
    assert about["server_name"] == "valkey"


def test_a_test_run_that_is_killed_leaves_neither_processes_nor_files(tmp_path: Path):
    """The kernel ends the servers with the run, a sweeper removes their folder."""
    script = tmp_path / "run.py"
    script.write_text(
        "from tests.services import Services\n"
        "services = Services()\n"
        "services.start()\n"
        "pids = [server.child.pid for server in services._servers]\n"
        "print(services.state, *pids, flush=True)\n"
        "input()\n"
    )
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with subprocess.Popen(
        [sys.executable, script],
        env={**env, "PYTHONPATH": str(ROOT), "TMPDIR": tempfile.gettempdir()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        state, *pids = process.stdout.readline().split()
        assert len(pids) == 2
        process.send_signal(signal.SIGKILL)
    paths = [Path(state), *(Path("/proc", pid) for pid in pids)]
    assert await_true(lambda: not any(path.exists() for path in paths), seconds=15), paths
