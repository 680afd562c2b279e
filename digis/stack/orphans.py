"""Processes that an earlier run of the same state folder left behind, after a kill that it could not answer."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from digis.stack.plan import MARK
from digis.stack.process import await_true, start_ticks


def list_marked(state: Path) -> Iterator[int]:
    """Yield the processes whose environment says that they belong to that state folder, without ourselves."""
    mark = f"{MARK}={state}".encode()
    ours = _ancestors()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in ours:
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def _ancestors() -> set[int]:
    """Return this process and those it descends from: one started from inside a stack must not end its parents."""
    found = {os.getpid()}
    pid = os.getpid()
    while pid > 1:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            break
        pid = int(stat.rpartition(")")[2].split()[1])
        found.add(pid)
    return found


def end_orphans(state: Path, *, patience: float = 5) -> int:
    """Wait for what is stopping by itself, then kill the rest; return how many had to be waited for."""
    found = [(pid, start_ticks(pid)) for pid in list_marked(state)]
    alive = [(pid, ticks) for pid, ticks in found if ticks]

    def gone() -> bool:
        return all(start_ticks(pid) != ticks for pid, ticks in alive)

    if alive and not await_true(gone, seconds=patience):
        for pid, ticks in alive:
            if start_ticks(pid) == ticks:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await_true(gone, seconds=2)
    return len(alive)
