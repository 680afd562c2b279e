"""Start every process of Digis in order, watch them, start again what dies, and stop them in order.

Nothing here decides anything about tokens: each process may be killed at any moment, and works on from the tables.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import IO, cast
from urllib.parse import urlsplit

from digis.stack.embedded import Postgres, Server, Valkey, start_servers
from digis.stack.orphans import end_orphans
from digis.stack.plan import ROOT, SOCKET_OPTIONS, Plan, make_environment, open_state
from digis.stack.ports import Ports, is_free, listens
from digis.stack.prepared import Stamp
from digis.stack.process import Child, StackError, await_true, launch_command
from digis.stack.quarters import find_quarters

READY_SECONDS = 180.0
HEALTHY_SECONDS = 30.0  # a part that ran so long is forgiven its earlier deaths
LONGEST_PAUSE = 10.0
QUEUES = "billing,default,media"
# Stopping: what takes orders first, then what carries them out, then the servers. In seconds from the first signal:
FRONT, SERVERS = ("web", "beat", "sandbox"), ("valkey", "postgres")
WORKER_AFTER = 0.4  # the worker is asked, whether the front has ended or not
WORKER_INSISTED = 2.8  # the worker is told to drop what it does: its messages come again
FRONT_LIMIT = 3.3  # whoever still runs is killed
SERVERS_LIMIT = 1.3  # and so are the servers, counted anew; the tables survive that too
Say = Callable[[str], None]


@dataclass
class Part:
    """One process under supervision."""

    child: Child
    is_ready: Callable[[], bool]
    server: Server | None = None
    deaths: int = 0
    started: float = 0.0
    due: float = 0.0  # when it is to be started again; 0 while it runs

    def start(self) -> None:
        """Start it now."""
        self.due, self.started = 0.0, time.monotonic()
        if self.server:
            self.server.start()
        else:
            self.child.start()


class Stack:
    """All processes of one state folder. Used by `manage.py up`, and by the tests that kill what they test."""

    def __init__(self, plan: Plan, *, say: Say | None = None) -> None:
        self.plan = plan
        self._say = say or (lambda _: None)
        self._parts: dict[str, Part] = {}
        self._lock: IO[str] | None = None
        self._env: dict[str, str] = {}
        self._guard = threading.RLock()
        self._ending = threading.Event()
        self._watcher: threading.Thread | None = None
        self._preparing: subprocess.Popen[str] | None = None
        self.sandbox_url = ""

    @property
    def url(self) -> str:
        """Return the address of the pages."""
        return self.plan.url

    @property
    def env(self) -> dict[str, str]:
        """Return the environment its processes have, addresses and secrets included."""
        return dict(self._env)

    @property
    def names(self) -> list[str]:
        """Return the names of the parts that were started."""
        return list(self._parts)

    # ── Starting ────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Start everything and return when it answers; raise StackError with one clear line when it cannot."""
        open_state(self.plan.state)
        self._take_lock()
        if waited := end_orphans(self.plan.state):
            self._say(f"cleared away what an interrupted run had left ({waited} processes)")
        if not is_free(self.plan.port):
            raise StackError(
                f"Port {self.plan.port} is taken by another program. Stop it, or choose another: "
                f"PORT={self.plan.port + 1} make run"
            )
        ports = Ports(self.plan.state / "ports.json")
        sandbox_port = 0 if self.plan.stripe_key else self.plan.sandbox_port or ports.take("sandbox")
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}" if sandbox_port else ""
        self._env = make_environment(self.plan, sandbox_url=self.sandbox_url)
        if sandbox_port:
            self._add_sandbox(sandbox_port)
        is_new = self._start_servers(ports)
        self._prepare(is_new=is_new)
        self._add_web()
        self._add_worker()
        self._add_beat()
        self.wait_ready()

    def _take_lock(self) -> None:
        self._lock = (self.plan.state / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "another process"
            self._lock.close()
            self._lock = None
            raise StackError(
                f"Digis already runs from {self.plan.state} ({holder}). Stop it there with Ctrl-C, or start a second "
                "one with its own folder and port: DIGIS_STATE=.digis2 PORT=8001 make run"
            ) from None
        self._lock.truncate(0)
        self._lock.write(f"process {os.getpid()}, {self.url}")
        self._lock.flush()

    def _start_servers(self, ports: Ports) -> bool:
        """Start PostgreSQL and Valkey unless others are named; tell whether the database is new."""
        kinds: list[type[Postgres | Valkey]] = []
        if not self.plan.database_url:
            kinds.append(Postgres)
        if not self.plan.redis_url:
            kinds.append(Valkey)
        self._env.update({"DATABASE_URL": self.plan.database_url, "REDIS_URL": self.plan.redis_url})
        if not kinds:
            return False
        quarters = find_quarters(self.plan.state)
        servers = [kind(self.plan.state, quarters, ports, durable=self.plan.durable) for kind in kinds]
        is_new = False
        for server in servers:
            is_new |= server.initialize()
            self._parts[server.name] = Part(server.child, server.is_ready, server, started=time.monotonic())
        if is_new:
            self._say("made a new PostgreSQL data folder")
            (self.plan.state / "demo.loaded").unlink(missing_ok=True)
        start_servers(list(servers))
        for server in servers:
            self._env["DATABASE_URL" if isinstance(server, Postgres) else "REDIS_URL"] = server.url()
        self._say(f"{' and '.join(server.title for server in servers)} ready")
        return is_new

    def _prepare(self, *, is_new: bool) -> None:
        """Bring the tables up to date, and on a database of our own load the demo data, once."""
        marker = self.plan.state / "demo.loaded"
        is_ours = not self.plan.database_url
        wants_demo = self.plan.demo and is_ours and not marker.exists()
        stamp = Stamp(self.plan, self._env["STRIPE_WEBHOOK_SECRET"])
        if is_ours and not is_new and not wants_demo and stamp.is_current():
            self._say("tables ready")  # nothing that makes them is newer than they are
            return
        stamp.forget()
        command = [sys.executable, str(ROOT / "manage.py"), "prepare", *(["--demo"] if wants_demo else [])]
        if is_new:
            self._say("making the tables (the first time takes a little longer)")
        # What it writes can be made again: waiting for the disk once, at its end, is enough.
        hurry = {"DIGIS_EMBEDDED_DATABASE": "1", "PGOPTIONS": "-c synchronous_commit=off"} if is_ours else {}
        log = self.plan.state / "log" / "prepare.log"
        with log.open("w", encoding="utf-8") as errors:
            self._preparing = subprocess.Popen(
                launch_command(command),
                cwd=ROOT,
                env={**self._env, **hurry},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            with cast("IO[str]", self._preparing.stdout) as lines:
                for line in lines:
                    self._say(line.rstrip())
            status = self._preparing.wait()
        if status != 0:
            words = log.read_text("utf-8", "replace").strip().splitlines()
            raise StackError(f"The database could not be prepared: {words[-1] if words else status}\n    See {log}")
        if wants_demo:
            self._write_out()
            marker.touch()
        if is_ours:
            stamp.keep()

    def _add(self, name: str, command: Sequence[str], is_ready: Callable[[Child], bool]) -> None:
        child = Child(
            name,
            [sys.executable, *command],
            log=self.plan.state / "log" / f"{name}.log",
            env=self._env,
            cwd=ROOT,
        )
        part = Part(child, lambda: child.is_alive() and is_ready(child))
        self._parts[name] = part
        part.start()

    def _add_sandbox(self, port: int) -> None:
        folder = self.plan.state / "stripe"
        folder.mkdir(exist_ok=True)
        options = ["--port", str(port), "--state", str(folder), "--webhook-url", self.url + self.plan.webhook_path]
        options += ["--connect-webhook-url", self.url + self.plan.connect_webhook_path]
        options += ["--webhook-secret", self._env["STRIPE_WEBHOOK_SECRET"]]
        options += ["--connect-webhook-secret", self._env["STRIPE_CONNECT_WEBHOOK_SECRET"]]
        options += ["--clock-offset-file", clock] if (clock := self._env.get("DIGIS_CLOCK_FILE")) else []
        self._add("sandbox", ["-m", "digis.sandbox.stripe", *options], lambda child: listens(port, child.pid))

    def _add_web(self) -> None:
        def is_ready(child: Child) -> bool:
            return listens(self.plan.port, child.pid) and answers(f"{self.url}/healthz")

        # Whose address to believe is Django's to decide.
        options = ["--host", "127.0.0.1", "--port", str(self.plan.port), "--no-proxy-headers", *SOCKET_OPTIONS]
        options += ["--timeout-graceful-shutdown", "1", "--timeout-keep-alive", "75", "--log-level", "warning"]
        self._add("web", ["-m", "uvicorn", *options, "digis.asgi:application"], is_ready)

    def _add_worker(self) -> None:
        options = ["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "-Q", QUEUES]
        command = ["-m", "celery", "-A", "digis", "worker", "-n", f"{self.plan.port}@%h", *options]
        self._add("worker", command, self._has_called)

    def _add_beat(self) -> None:
        self._add("beat", ["-m", "celery", "-A", "digis", "beat", "--loglevel", "INFO", "--pidfile="], self._has_called)

    def _has_called(self, child: Child) -> bool:
        """Tell whether the Celery process has written that it is at work (digis.stack.apps)."""
        with contextlib.suppress(OSError):
            return (self.plan.state / "ready" / child.name).read_text(encoding="ascii") == str(child.pid)
        return False

    # ── Watching ────────────────────────────────────────────────────────────────────────────
    def wait_ready(self, *names: str, seconds: float = READY_SECONDS) -> None:
        """Return when the named parts, or all of them, answer."""
        for name in names or self.names:
            part = self._parts[name]

            def is_settled(part: Part = part) -> bool:
                return part.is_ready() or (self._watcher is None and not part.child.is_alive())

            if not await_true(is_settled, seconds=seconds, step=0.05) or not part.is_ready():
                raise StackError(f"{name} does not start. Its last words ({part.child.log}):\n{part.child.tail()}")
            if self._watcher is None and not part.server:
                self._say(f"{name} ready")

    def tick(self) -> None:
        """Notice the dead and start again those whose pause is over."""
        with self._guard:
            for name, part in self._parts.items():
                if self._ending.is_set():
                    return
                if part.due:
                    if time.monotonic() >= part.due:
                        part.start()
                elif not part.child.is_alive():
                    self._note_death(name, part)

    def _note_death(self, name: str, part: Part) -> None:
        if time.monotonic() - part.started > HEALTHY_SECONDS:
            part.deaths = 0
        part.deaths += 1
        pause = min(LONGEST_PAUSE, 0.1 * 2**part.deaths)
        part.due = time.monotonic() + pause
        part.child.end_group()
        self._say(f"{name} ended ({describe(part.child.status)}); it is started again in {pause:.1f} s")
        if part.deaths % 5 == 3:
            self._say(f"{name} keeps ending. Its last words ({part.child.log}):\n{part.child.tail()}")

    def watch(self) -> None:
        """Watch until `stop` is called from elsewhere, or an exception (an interrupt) ends it."""
        while not self._ending.wait(0.25):
            self.tick()

    def watch_aside(self) -> None:
        """Watch in a thread of its own. It must outlive what it starts: the kernel binds children to it."""
        self._watcher = threading.Thread(target=self.watch, name="stack-watcher", daemon=True)
        self._watcher.start()

    def pid(self, name: str) -> int:
        """Return the process id of a part."""
        return self._parts[name].child.pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a part, SIGKILL by default; return the id it had."""
        pid = self.pid(name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if number == signal.SIGKILL:
            self._parts[name].child.wait(5)
        return pid

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command in the environment of the processes; return what it printed."""
        result = subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackError(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
        return result.stdout

    # ── Stopping ────────────────────────────────────────────────────────────────────────────
    def stop(self) -> None:
        """Stop everything in order; what does not listen is killed. Done within five seconds."""
        self._ending.set()
        if self._preparing and self._preparing.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._preparing.pid, signal.SIGKILL)
            self._preparing.wait(5)
        threading.Thread(target=self._write_out, daemon=True).start()
        with self._guard:
            self._stop_processes()
            servers = self._children(SERVERS)
            for child in servers:
                child.send(child.stop_signal)
            self._end_together(servers, SERVERS_LIMIT)
        if self._watcher:
            self._watcher.join(5)
        if self._lock:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def _write_out(self) -> None:
        """Have our PostgreSQL write to the disk what it has only in memory."""
        part = self._parts.get(Postgres.name)
        if part and isinstance(part.server, Postgres) and part.child.is_alive():
            part.server.write_out()

    def _stop_processes(self) -> None:
        """Stop all that is not a server, front first."""
        began = time.monotonic()
        front, worker = self._children(FRONT), self._children(("worker",))
        for child in front:
            child.send(child.stop_signal)
        self._await_ends(front, began + WORKER_AFTER)
        for child in worker:
            child.send(child.stop_signal)
        if not self._await_ends([*front, *worker], began + WORKER_INSISTED):
            for child in worker:
                child.send(signal.SIGQUIT)
        self._end_together([*front, *worker], began + FRONT_LIMIT - time.monotonic())

    def _children(self, names: tuple[str, ...]) -> list[Child]:
        return [self._parts[name].child for name in names if name in self._parts and self._parts[name].child.pid]

    @staticmethod
    def _await_ends(children: list[Child], end: float) -> bool:
        return all(child.wait(end - time.monotonic()) for child in children)

    def _end_together(self, children: list[Child], patience: float) -> None:
        """Wait for those that were asked to stop; kill the rest, and what is left of anyone's group."""
        end = time.monotonic() + patience
        for child in children:
            if not child.wait(end - time.monotonic()):
                self._say(f"{child.name} did not stop by itself and was killed")
        for child in children:
            child.end_group()
            child.wait(2)
        if children:
            self._say(f"stopped {', '.join(child.name for child in children)}")


def answers(url: str) -> bool:
    """Tell whether the address answers 200."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def describe(status: int | None) -> str:
    """Say how a process ended."""
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
