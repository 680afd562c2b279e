"""PostgreSQL and Valkey from wheels: whatever was done to them, the next start works or says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from digis.stack import ports
from digis.stack.embedded import Postgres, Server, Valkey, start_servers, stop_servers
from digis.stack.process import StackError, await_true, start_ticks
from digis.stack.quarters import find_quarters

Make = Callable[..., tuple[Postgres, Valkey]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make servers for one state folder; all are stopped at the end."""
    made: list[Server] = []

    def make_servers(state: Path = tmp_path, *, refuse_namespace: bool = False) -> tuple[Postgres, Valkey]:
        state.mkdir(parents=True, exist_ok=True)
        (state / "log").mkdir(exist_ok=True)
        quarters = find_quarters(state, refuse_namespace=refuse_namespace)
        kept = ports.Ports(state / "ports.json")
        postgres, valkey = (kind(state, quarters, kept, durable=False) for kind in (Postgres, Valkey))
        made.extend((postgres, valkey))
        return postgres, valkey

    yield make_servers
    stop_servers(made)


def keep_a_row(server: Postgres) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")


def read_the_row(server: Postgres) -> int:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT number FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_rows_outlive_kill_minus_nine_of_postgresql_and_a_new_start(make: Make, tmp_path: Path):
    postgres, _ = make()
    start_servers([postgres])
    keep_a_row(postgres)
    postgres.child.send(signal.SIGKILL)
    assert postgres.child.wait(5)

    again, _ = make()
    start_servers([again])

    assert read_the_row(again) == 7


def test_a_half_finished_initdb_is_thrown_away(make: Make, tmp_path: Path):
    postgres, _ = make()
    postgres.data.mkdir(parents=True)
    (postgres.data / "PG_VERSION").write_text("18\n")
    (postgres.data / "half-written").touch()

    start_servers([postgres])

    assert not (postgres.data / "half-written").exists()
    assert postgres.is_ready()


def test_a_data_folder_that_vanished_is_not_replaced_by_an_empty_one(make: Make, tmp_path: Path):
    postgres, _ = make()
    start_servers([postgres])
    stop_servers([postgres])
    postgres.data.rename(tmp_path / "elsewhere")

    with pytest.raises(StackError, match="gone or damaged"):
        start_servers([postgres])


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_postgresql(make: Make):
    postgres, _ = make()
    start_servers([postgres])
    stop_servers([postgres])
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n1\n5432\n\n127.0.0.1\n")
    postgres._quarters.give(postgres.data / "postmaster.pid")

    start_servers([postgres])

    assert postgres.is_ready()


def test_a_server_of_an_earlier_run_is_ended_before_its_data_is_used_again(make: Make):
    old_postgres, old_valkey = make()
    start_servers([old_postgres, old_valkey])

    postgres, valkey = make()
    start_servers([postgres, valkey])

    assert postgres.is_ready()
    assert valkey.is_ready()
    assert await_true(lambda: not start_ticks(old_postgres.child.pid), seconds=5)
    assert await_true(lambda: not start_ticks(old_valkey.child.pid), seconds=5)


def test_a_port_that_a_stranger_took_in_between_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch):
    first, first_valkey = make()
    start_servers([first, first_valkey])
    taken = int(first.url().rpartition(":")[2].split("/")[0])
    taken_valkey = int(first_valkey.url().rpartition(":")[2].split("/")[0])
    postgres, valkey = make(first._state.parent / "second")
    answers = iter([taken, taken_valkey])
    real = ports.find_free
    monkeypatch.setattr(ports, "find_free", lambda: next(answers, None) or real())

    start_servers([postgres, valkey])

    assert postgres.is_ready()
    assert valkey.is_ready()
    assert first.is_ready()
    assert first_valkey.is_ready()


def test_both_run_from_a_state_path_longer_than_a_socket_path_may_be(make: Make, tmp_path: Path):
    postgres, valkey = make(tmp_path / ("long-" * 20) / ("path " * 10).strip())

    start_servers([postgres, valkey])

    assert postgres.is_ready()
    assert valkey.is_ready()


def test_without_namespaces_they_run_below_closed_folders_and_never_as_root(make: Make, tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres, valkey = make(closed / "state", refuse_namespace=True)

    start_servers([postgres, valkey])

    try:
        assert postgres.is_ready()
        assert valkey.is_ready()
        assert Path(f"/proc/{postgres.child.pid}").stat().st_uid != 0
        assert (closed in postgres.data.parents) == (os.geteuid() != 0)  # root hands them a folder they can reach
    finally:
        stop_servers([postgres, valkey])
        subprocess.run(["rm", "-rf", postgres._quarters.home], check=True)


def test_root_runs_them_in_a_namespace_or_as_nobody_and_others_as_themselves(make: Make):
    postgres, _ = make()

    assert postgres._quarters.identity in ({"namespace", "nobody"} if os.geteuid() == 0 else {"self"})


def test_valkey_asks_for_its_password(make: Make):
    _, valkey = make()
    start_servers([valkey])
    with (
        redis.Redis.from_url(valkey.url().replace(valkey.url().split("@")[0] + "@", "redis://")) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_secrets_are_readable_by_their_owner_only(make: Make, tmp_path: Path):
    postgres, valkey = make()
    start_servers([postgres, valkey])

    for file in (tmp_path / "postgres.secret", tmp_path / "valkey.secret", tmp_path / "valkey" / "valkey.conf"):
        assert file.stat().st_mode & 0o077 == 0, file
