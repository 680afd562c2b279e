"""PostgreSQL and Valkey from wheels: plain programs on loopback that need nothing installed on the machine.

Both listen on TCP with a random password of their own, kept in files only the owner may read. A Unix socket would
be a little quicker, but its path may not be longer than 107 bytes and a state folder's may.

As whom they run, and from where, is chosen by `digis.stack.quarters`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import time
from pathlib import Path

import psycopg
import redis

from digis.stack.ports import Ports
from digis.stack.process import Child, StackError, await_end, await_true
from digis.stack.quarters import ENVIRONMENT, Quarters

NAME = "digis"  # the database, and the role that owns it
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_locks_per_transaction": "256",
    "jit": "off",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
QUICK_SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "20s"}


def _secret(file: Path) -> str:
    """Return the password kept in the file, made on the first call."""
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(24), encoding="ascii")
        fresh.rename(file)
    return file.read_text(encoding="ascii").strip()


class Postgres:
    """PostgreSQL 18 with one superuser and one database, both named digis."""

    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, state: Path, quarters: Quarters, ports: Ports, *, durable: bool = True) -> None:
        self._state = state
        self._quarters = quarters
        self._ports = ports
        self._durable = durable
        self._marker = state / "postgres.initialized"  # stands only when initdb came to its end
        self._port = 0
        self.child = Child(self.name, [], log=state / "log" / "postgres.log", env=ENVIRONMENT)

    @property
    def data(self) -> Path:
        """Return the folder of its data."""
        return self._quarters.home / "postgres" / "data"

    def url(self, database: str = NAME) -> str:
        """Return the address of a database on it, password included."""
        return f"postgres://{NAME}:{_secret(self._state / 'postgres.secret')}@127.0.0.1:{self._port}/{database}"

    def initialize(self) -> bool:
        """Make the data folder unless it stands whole already; tell whether it was made.

        A half-finished one, which an interrupted start leaves, holds nothing yet and is thrown away.
        """
        self._quarters.make("postgres")
        if self._marker.exists() and (self.data / "PG_VERSION").exists():
            return False
        if self._marker.exists():
            raise StackError(
                f"The database folder {self.data} is gone or damaged, though it was there before. "
                f"Put it back, or remove {self._marker.parent} to begin anew."
            )
        self._end_orphan()
        shutil.rmtree(self.data, ignore_errors=True)
        password = self._quarters.home / "postgres" / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(_secret(self._state / "postgres.secret"), encoding="ascii")
        self._quarters.give(password)
        try:
            result = self._quarters.run(
                self._quarters.postgres / "initdb",
                *("-D", self.data, "-U", NAME, f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8", "--no-instructions"),
                *("-c", "scram_iterations=1"),  # the password is random: stretching it would only slow connecting
                *(() if self._durable else ("--no-sync",)),
            )
        finally:
            password.unlink(missing_ok=True)
        if result.returncode != 0:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StackError(f"PostgreSQL could not make its data folder {self.data}: {reason}")
        self._marker.touch()
        return True

    def start(self, *, fresh_port: bool = False) -> None:
        """Start it on a free port; a lock file left by a kill or a power cut does not stop it."""
        self._end_orphan()
        self._port = self._ports.take(self.name, fresh=fresh_port)
        settings = {**POSTGRES_SETTINGS, **({} if self._durable else QUICK_SETTINGS), "port": str(self._port)}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        self.child.command = [self._quarters.postgres / "postgres", "-D", self.data, *flags]
        self.child.identity = self._quarters.identity
        self.child.stop_signal = signal.SIGINT  # fast shutdown: sessions are cut, data is written
        self.child.start()

    def is_ready(self) -> bool:
        """Tell whether the server on our port is our child and answers."""
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2, autocommit=True) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
                if row is None or Path(row[0]) != self.data or self._lock_pid() != self.child.pid:
                    return False
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                    connection.execute(f"CREATE DATABASE {NAME}")
        except psycopg.Error:
            return False
        return True

    def write_out(self) -> None:
        """Write what is only in memory to the disk now, so that stopping has little left to write."""
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self.url("postgres"), connect_timeout=1, autocommit=True) as connection,
        ):
            connection.execute("CHECKPOINT")

    def _lock_pid(self) -> int:
        try:
            return int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def _end_orphan(self) -> None:
        """Clear a stale postmaster.pid, and end a server of an earlier run that still holds our data."""
        pid = self._lock_pid()
        if not pid or (self.child.is_alive() and pid == self.child.pid):
            return
        if _runs(pid, "postgres", str(self.data)):
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if await_end(pid, seconds=4):
                    break
        (self.data / "postmaster.pid").unlink(missing_ok=True)


class Valkey:
    """Valkey 9 with a password; it keeps what it was told for a second's loss at most."""

    name = "valkey"
    title = "Valkey"

    def __init__(self, state: Path, quarters: Quarters, ports: Ports, *, durable: bool = True) -> None:
        self._state = state
        self._quarters = quarters
        self._ports = ports
        self._durable = durable
        self._port = 0
        self.child = Child(self.name, [], log=state / "log" / "valkey.log", env=ENVIRONMENT)

    def url(self, number: int = 0) -> str:
        """Return the address of one of its databases, password included."""
        return f"redis://:{_secret(self._state / 'valkey.secret')}@127.0.0.1:{self._port}/{number}"

    def initialize(self) -> bool:
        """Make its folder; there is nothing else to prepare."""
        self._quarters.make("valkey")
        return False

    def start(self, *, fresh_port: bool = False) -> None:
        """Start it with a configuration only its user may read, on the port it had before where that is free."""
        folder = self._quarters.make("valkey")
        self._end_orphan(folder)
        self._port = self._ports.take(self.name, fresh=fresh_port)
        config = folder / "valkey.conf"
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        lines = [
            f"port {self._port}",
            "bind 127.0.0.1",
            f"requirepass {_secret(self._state / 'valkey.secret')}",
            f'dir "{folder}"',
            f"appendonly {'yes' if self._durable else 'no'}",
            'save ""',
            "databases 64",
            "maxmemory-policy noeviction",
        ]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._quarters.give(config)
        self.child.command = [self._quarters.valkey, config]
        self.child.identity = self._quarters.identity
        self.child.start()

    def is_ready(self) -> bool:
        """Tell whether the server on our port is our child: a stranger has another process id."""
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
                about = client.info("server")
        except redis.RedisError:
            return False
        return isinstance(about, dict) and about.get("process_id") == self.child.pid

    def _end_orphan(self, folder: Path) -> None:
        """End a server of an earlier run that still writes our files; its title hides all but where it stands."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if not entry.name.isdigit() or (entry / "cwd").readlink() != folder:
                    continue
                pid = int(entry.name)
                if pid != self.child.pid and (entry / "exe").readlink().name == self._quarters.valkey.name:
                    os.kill(pid, signal.SIGKILL)
                    await_end(pid, seconds=3)


Server = Postgres | Valkey


def start_servers(servers: list[Server], *, seconds: float = 30) -> None:
    """Start the servers side by side and return when all answer; a port lost to a stranger is given up.

    Right after a kill -9 PostgreSQL may refuse while the last of its old processes lets go: it is tried again.
    """
    for server in servers:
        server.initialize()
        server.start()
    for server in servers:
        attempts = 0
        while not (_is_settled(server, seconds=seconds) and server.child.is_alive()):
            attempts += 1
            if attempts > 5:
                raise StackError(f"{server.name} does not start. Its last words:\n{server.child.tail()}")
            server.child.end(patience=1)
            time.sleep(0.2 * attempts)
            server.start(fresh_port=True)


def _is_settled(server: Server, *, seconds: float) -> bool:
    return await_true(lambda: server.is_ready() or not server.child.is_alive(), seconds=seconds)


def stop_servers(servers: list[Server]) -> None:
    """Stop the servers in the order given."""
    for server in servers:
        server.child.end(patience=3)


def _runs(pid: int, program: str, argument: str) -> bool:
    """Tell whether that process is this program with this argument, and no stranger with a recycled id."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return Path(command[0]).name == program and argument in command
