"""`manage.py up` as a person meets it: one command, clear words when it cannot, and no way to break it for good.

The tests of one run share a state folder and follow one another as a day does; each leaves it stopped.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from digis.stack.orphans import list_marked
from digis.stack.ports import find_free
from digis.stack.process import await_true, start_ticks

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "PORT", "SITE_URL", "DIGIS_", "STRIPE_", "REALTIME_", "PYTEST_", "DJANGO_")
pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("up")]


class Up:
    """One run of `manage.py up`, and what it has printed so far."""

    def __init__(self, state: Path, port: int, **extra: str) -> None:
        self.state = state
        self.port = port
        self.printed = Path(tempfile.mkdtemp(prefix="digis-up-")) / "printed"
        env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        env |= {"DIGIS_STATE": str(state), "PORT": str(port), **extra}
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", "up"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.printed.read_text()

    def await_text(self, wanted: str, *, seconds: float = 300) -> None:
        assert await_true(lambda: wanted in self.text or self.process.poll() is not None, seconds=seconds, step=0.1), (
            self.text
        )
        assert wanted in self.text, self.text

    def await_ready(self) -> None:
        self.await_text("Digis runs at")

    def refusal(self) -> str:
        """Return the one line with which it refused to start."""
        status = self.process.wait(60)
        lines = [line for line in self.text.splitlines() if not line.startswith("[")]
        assert status != 0
        assert len(lines) == 1, self.text
        return lines[0]

    def pid(self, name: str) -> int:
        """Find a part by what its command line says."""
        words = {"web": "uvicorn", "worker": "worker", "beat": "beat", "sandbox": "digis.sandbox.stripe"}
        for pid in sorted(list_marked(self.state)):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words[name].encode() in command:
                return pid
        raise AssertionError(f"no {name} is running")

    def stop(self) -> float:
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - began

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def up(state: Path, port: int = 0, **extra: str) -> Iterator[Up]:
    run = Up(state, port or find_free(), **extra)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.stop()
        shutil.rmtree(run.printed.parent)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "state"


def left_over(state: Path) -> list[int]:
    """List what still runs for that state folder, the servers included, whose environment is overwritten."""
    found = list(list_marked(state))
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + bytes((entry / "cwd").readlink())
        except OSError:
            continue
        if bytes(state) in words and start_ticks(int(entry.name)):
            found.append(int(entry.name))
    return sorted(set(found) - {os.getpid()})


def test_one_command_serves_the_pages_and_ctrl_c_ends_everything_within_five_seconds(state: Path):
    with up(state) as run:
        run.await_ready()

        page = httpx.get(f"http://127.0.0.1:{run.port}/", timeout=30)
        assert page.status_code == 200, page.text[:2000]
        assert "fan@digis.test" in run.text
        assert "digis-demo-2026" in run.text
        assert "3 accounts opened at the stand-in" in run.text
        assert re.search(r"secret [A-Z2-7]{32}", run.text)
        assert "Ctrl-C" in run.text
        assert all(re.match(r"\[ *\d+\.\d s\] ", line) for line in run.text.splitlines() if line.startswith("["))

        beside = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        audit = subprocess.run(
            [sys.executable, ROOT / "manage.py", "check_ledger"],
            env={**beside, "DIGIS_STATE": str(state)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert audit.returncode == 0, audit.stderr
        assert "The ledger balances" in audit.stdout

        took = run.stop()
        assert took < 5, f"{took:.1f} s\n{run.text}"
        assert run.process.returncode == 0
    assert await_true(lambda: not left_over(state), seconds=2), left_over(state)


@pytest.mark.nightly
def test_a_part_that_is_killed_is_started_again_and_a_second_start_is_refused(state: Path):
    with up(state) as run:
        run.await_ready()

        with up(state) as second:
            assert "already runs" in second.refusal()

        for name in ("web", "worker", "beat", "sandbox"):
            old = run.pid(name)
            os.kill(old, signal.SIGKILL)
            assert await_true(lambda old=old: not start_ticks(old), seconds=5)
            run.await_text(f"{name} ended (signal SIGKILL)")
            assert await_true(lambda name=name, old=old: _pid(run, name) not in {0, old}, seconds=20)
        assert await_true(run.answers, seconds=40)


def _pid(run: Up, name: str) -> int:
    try:
        return run.pid(name)
    except (AssertionError, OSError):
        return 0


@pytest.mark.nightly
def test_kill_minus_nine_of_every_process_at_once_leaves_a_state_that_starts_again(state: Path):
    port = find_free()
    with up(state, port) as run:
        run.await_ready()
        victims = [run.process.pid, *left_over(state)]
        assert len(victims) > 7
        for pid in victims:
            with suppress(ProcessLookupError):  # the kernel ended it with its parent
                os.kill(pid, signal.SIGKILL)
        run.process.wait(5)

    with up(state, port) as again:
        again.await_ready()
        assert again.answers()
        os.kill(again.process.pid, signal.SIGKILL)  # the supervisor alone: the kernel ends its children
        again.process.wait(5)
        assert await_true(lambda: not left_over(state), seconds=40), left_over(state)


def test_a_taken_port_is_said_in_one_line(state: Path, tmp_path: Path):
    import socket

    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen(1)
        port = stranger.getsockname()[1]
        with up(tmp_path / "state", port) as run:
            line = run.refusal()

    assert f"Port {port} is taken" in line
    assert f"PORT={port + 1}" in line


def test_a_port_that_is_no_port_is_said_in_one_line(tmp_path: Path):
    with up(tmp_path / "state", PORT="eighty") as run:
        assert "PORT is 'eighty'" in run.refusal()


def test_a_state_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    with up(tmp_path / "file" / "state") as run:
        line = run.refusal()

    assert "cannot be written" in line
    assert "DIGIS_STATE" in line


@pytest.mark.nightly
def test_databases_that_are_named_are_used_and_none_is_started(tmp_path: Path):
    name = f"named_{os.getpid()}"
    url = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        with up(tmp_path / "state", DATABASE_URL=f"{url}/{name}", REDIS_URL=os.environ["REDIS_URL"]) as run:
            run.await_text("tables ready")
            run.stop()
            assert "PostgreSQL" not in run.text
            assert "demo" not in run.text
            assert not (tmp_path / "state" / "postgres").exists()
            assert not (tmp_path / "state" / "valkey").exists()
        with psycopg.connect(f"{url}/{name}") as connection:
            row = connection.execute("SELECT count(*) FROM accounts_user").fetchone()
        assert row == (0,), "demo people must never reach a database that is not our own"
    finally:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
