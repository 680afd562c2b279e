"""Who listens to a topic in this process, and how its news reach them.

News of one topic that follow each other within 50 ms leave together: the first at once, the others as one frame when
the time is up. That is one write and one wake-up per listener instead of one per piece of news. Signals wait for
nothing; what was gathered before them leaves before them, so that the order within a topic stays.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterable

from prometheus_client import Counter

from digis.core.realtime.wire import Frame, Socket

WINDOW_SECONDS = 0.05
MAX_GATHERED = 64  # pieces of news that wait together; more leave earlier
MAX_GATHERED_BYTES = 64_000

DELIVERED = Counter("digis_realtime_delivered_total", "Frames handed to sockets.")
GATHERED = Counter("digis_realtime_gathered_total", "Pieces of news that left in a frame with others.")
OUTDATED = Counter("digis_realtime_outdated_total", "Pieces of news dropped for a later one that says it all.")


def join_frames(bodies: Iterable[bytes]) -> Frame:
    """Put encoded frames into one, without encoding any of them again."""
    return Frame(b'{"type":"batch","frames":[' + b",".join(bodies) + b"]}")


class Room:
    """The listeners of one topic, and what is gathered for them."""

    __slots__ = ("_gathered", "_last", "_numbers", "_size", "_timer", "sockets")

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self._gathered: dict[str | int, bytes] = {}
        self._numbers = itertools.count()
        self._size = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, frame: Frame, *, exclude: str | None = None) -> None:
        """Hand a frame to everybody at once, after what was gathered before it."""
        self.flush()
        self._hand_out(frame, [s for s in self.sockets if s.person_id != exclude] if exclude else list(self.sockets))

    def gather(self, body: bytes, key: str | None) -> None:
        """Tell a piece of news at once if the last is long ago, else together with the next ones.

        `key` names what it tells the whole truth about: of several with one key only the last is told.
        """
        loop = asyncio.get_running_loop()
        due = self._last + WINDOW_SECONDS - loop.time()
        if due <= 0 and not self._gathered:
            self._hand_out(Frame(body), list(self.sockets))
            self._last = loop.time()  # after the work: in a large room that itself takes its part of the window
            return
        if key is not None and (older := self._gathered.pop(key, None)) is not None:
            self._size -= len(older)
            OUTDATED.inc()
        self._gathered[next(self._numbers) if key is None else key] = body
        self._size += len(body)
        if len(self._gathered) >= MAX_GATHERED or self._size > MAX_GATHERED_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(due, self.flush)

    def flush(self) -> None:
        """Let what was gathered go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._gathered:
            return
        bodies = list(self._gathered.values())
        self._gathered.clear()
        self._size = 0
        if len(bodies) > 1:
            GATHERED.inc(len(bodies))
        self._hand_out(Frame(bodies[0]) if len(bodies) == 1 else join_frames(bodies), list(self.sockets))
        self._last = asyncio.get_running_loop().time()

    def tell_people(self, frame: Frame, people: Collection[str]) -> None:
        """Hand a frame to these people's sockets among the listeners."""
        self._hand_out(frame, [s for s in self.sockets if s.person_id in people])

    def close(self) -> None:
        """Nobody listens any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hand_out(self, frame: Frame, listeners: list[Socket]) -> None:
        for socket in listeners:
            socket.deliver(frame)
        DELIVERED.inc(len(listeners))
