"""The programs of a run: started bound to our life, asked what they used, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from digis.stack.ports import listens
from digis.stack.process import await_true, launch_command

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parents[2]


class ProgramError(Exception):
    """Say in one line what is wrong and what to do about it."""


class Program:
    """One program with a log; what it is told goes to its standard input."""

    def __init__(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                launch_command(command, death_signal=signal.SIGKILL),
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if "publisher" in name else errors,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def await_port(self, port: int) -> None:
        """Wait until it listens."""
        if not await_true(lambda: listens(port, self.pid) or self._process.poll() is not None, seconds=60):
            raise ProgramError(f"{self.name} did not start within a minute. {self._last_words()}")
        self.check()

    def await_ready(self) -> None:
        """Wait until it says that it is ready."""
        if self._process.stdout is None or self._process.stdout.readline() != b"ready\n":
            raise ProgramError(f"{self.name} did not start. {self._last_words()}")

    def check(self) -> None:
        """Make sure that it still runs."""
        if self._process.poll() is not None:
            raise ProgramError(f"{self.name} ended by itself. {self._last_words()}")

    def tell(self, line: str) -> None:
        """Hand it a line."""
        if self._process.stdin is not None:
            os.write(self._process.stdin.fileno(), line.encode())

    def cpu_seconds(self) -> float:
        """Return the processor time it has used, all threads, in user and kernel together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Return its resident memory in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")

    def end(self) -> None:
        """End it at once: it holds nothing that anybody needs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _last_words(self) -> str:
        time.sleep(0.1)
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"Its last words: {lines[-1] if lines else 'none'}"
