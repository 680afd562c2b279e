"""The stand-in's own time: the wall clock plus an offset that tests may push forward."""

import threading
import time
from pathlib import Path


class Clock:
    """`shared` names a file that holds a number of seconds, which other processes of a test read as well."""

    def __init__(self, offset: float = 0.0, shared: Path | None = None) -> None:
        self._offset = offset
        self._shared = shared
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        return self._offset

    def now(self) -> int:
        return int(self.steady() + self._shared_offset())

    def steady(self) -> float:
        """Return the time that deliveries are planned in: it never goes back when a test gives its shared file up."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._offset += seconds

    def reset(self) -> None:
        with self._lock:
            self._offset = 0.0

    def _shared_offset(self) -> float:
        if self._shared is None:
            return 0.0
        try:
            return float(self._shared.read_text() or 0)
        except (OSError, ValueError):
            return 0.0


def wall() -> int:
    """Read the real time, which receivers compare a signature's timestamp with."""
    return int(time.time())
