"""One child process of ours: started bound to our life, watched, stopped, and its whole group ended with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

Identity = Literal["self", "namespace", "nobody"]
LAUNCH = Path(__file__).with_name("launch.py")
LOG_LIMIT = 5_000_000  # bytes of an old log that are worth keeping


class StackError(Exception):
    """Say in one line what is wrong and what to do about it."""


def launch_command(
    command: Sequence[str | Path], *, identity: Identity = "self", death_signal: int = signal.SIGTERM
) -> list[str]:
    """Wrap a command so that it runs under an identity and dies with this process."""
    wrapped = [sys.executable, "-I", "-S", LAUNCH, identity, os.getpid(), int(death_signal), *command]
    return [str(part) for part in wrapped]


class Child:
    """A program with a name, a log and a way to be asked to stop."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | str = "/",
        stop_signal: int = signal.SIGTERM,
        identity: Identity = "self",
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.env = dict(env)
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.identity = identity
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id of the present or last run; 0 before the first."""
        return self._process.pid if self._process else 0

    @property
    def status(self) -> int | None:
        """Return the exit status of the last run, None while it runs."""
        return self._process.poll() if self._process else None

    def is_alive(self) -> bool:
        """Tell whether it runs now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it in a session of its own; what an earlier run left of its group is ended first."""
        self.end_group()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                launch_command(self.command, identity=self.identity, death_signal=self.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.cwd,
                env=self.env,
                start_new_session=True,
            )

    def send(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; tell whether it came."""
        if not self._process:
            return True
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, *, patience: float) -> bool:
        """Ask it to stop, then insist; tell whether asking was enough."""
        self.send(self.stop_signal)
        asked = self.wait(patience)
        self.end_group()
        self.wait(5)
        return asked

    def end_group(self) -> None:
        """Kill what is left of its process group: a Celery parent's pool outlives it otherwise."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def tail(self, lines: int = 8) -> str:
        """Return the last lines of its log, to show beside a failure."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def start_ticks(pid: int) -> str:
    """Return when the kernel started that process, which with its id names it for good; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def await_true(condition: Callable[[], bool], *, seconds: float, step: float = 0.03) -> bool:
    """Wait until the condition holds; tell whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def await_end(pid: int, *, seconds: float) -> bool:
    """Wait until that process is gone; tell whether it went in time."""
    return await_true(lambda: not start_ticks(pid), seconds=seconds)
