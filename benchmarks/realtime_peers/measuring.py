"""What is done with one peer, once: a room of each size, idle, at a fixed rate and as fast as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.realtime_peers.crowd import Crowd, CrowdError
from benchmarks.realtime_peers.peers import Peer
from benchmarks.realtime_peers.processes import Program, ProgramError
from digis.stack.ports import find_free

FEW = 20  # sockets that are open before memory is counted: what a server loads for its first ones is not theirs
NAP = 0.004
DRAIN_SECONDS = 8.0
STUCK_SECONDS = 3.0  # messages that are under way for so long without any arriving will not arrive
Figures = dict[str, float]


@dataclass(frozen=True)
class Lengths:
    """How long each part takes, in seconds."""

    warm: float
    full: float
    moderate: float


class Session:
    """One server, one publisher and one crowd, from start to end."""

    def __init__(self, peer: Peer, logs: Path) -> None:
        self.peer = peer
        self.published = 0
        self.port = find_free()
        command = [word.replace("{port}", str(self.port)) for word in peer.server]
        log = logs / f"{peer.name}.log"
        self.server = Program(f"{peer.title} server", command, env={**peer.env, "PORT": str(self.port)}, log=log)
        self.publisher: Program | None = None
        try:
            self.server.await_port(self.port)
            self.publisher = Program(f"{peer.title} publisher", peer.publisher, env=peer.env, log=log)
            self.publisher.await_ready()
        except BaseException:
            self.end()
            raise
        self.crowd = Crowd(peer.dialect, self.port)

    def end(self) -> None:
        """End all of it."""
        if hasattr(self, "crowd"):
            self.crowd.close()
        for program in (self.publisher, self.server):
            if program is not None:
                program.end()

    def publish(self, kind: str = "event", count: int = 1) -> None:
        """Have the publisher publish."""
        assert self.publisher is not None
        self.publisher.tell(f"{kind} {count}\n")
        self.published += count

    # ── The parts ───────────────────────────────────────────────────────────────────────────
    def measure(self, sizes: Sequence[int], lengths: Lengths) -> dict[int, Figures]:
        """Return the figures of this run by size of the room."""
        found: dict[int, Figures] = {}
        self.crowd.grow(FEW)
        self.crowd.listen(0.5)
        empty, cpu = self.server.memory(), self.server.cpu_seconds()
        for size in sizes:
            self.crowd.grow(size)
            self.crowd.listen(1.0)
            figures: Figures = {}
            if size == sizes[0]:
                figures["bytes_per_socket"] = (self.server.memory() - empty) / (size - FEW)
                figures["connect_cpu_ms"] = (self.server.cpu_seconds() - cpu) / (size - FEW) * 1e3
            figures |= self.saturate(lengths)
            figures |= self.pace(lengths.moderate)
            if self.peer.name == "digis":
                figures |= {f"signal_{name}": value for name, value in self.saturate(lengths, kind="signal").items()}
            found[size] = figures
        return found

    def saturate(self, lengths: Lengths, kind: str = "event") -> Figures:
        """Keep a fixed number of messages under way; count while it flows."""
        crowd, size = self.crowd, len(self.crowd)
        base, before = crowd.deliveries, self.published
        given_up, seen, seen_at = 0, base, time.monotonic()

        def pump() -> None:
            nonlocal given_up, seen, seen_at
            under_way = self.published - before - given_up - (crowd.deliveries - base) // size
            if crowd.deliveries != seen:
                seen, seen_at = crowd.deliveries, time.monotonic()
            elif time.monotonic() - seen_at > STUCK_SECONDS:
                given_up, under_way, seen_at = given_up + under_way, 0, time.monotonic()
            if under_way < self.peer.window:
                self.publish(kind, self.peer.window - under_way)

        crowd.listen(lengths.warm, pump=pump, nap=NAP)
        deliveries, frames, volume = crowd.deliveries, crowd.frames, crowd.bytes
        cpu, own, began = self.server.cpu_seconds(), time.process_time(), time.monotonic()
        crowd.listen(lengths.full, pump=pump, nap=NAP)
        seconds, own = time.monotonic() - began, time.process_time() - own
        cpu = self.server.cpu_seconds() - cpu
        deliveries, frames, volume = crowd.deliveries - deliveries, crowd.frames - frames, crowd.bytes - volume
        self._server_must_live()
        if not deliveries:
            raise CrowdError("nothing arrived")
        lost = self._drain(base + (self.published - before) * size)
        return {
            "deliveries_per_s": deliveries / seconds,
            "frames_per_s": frames / seconds,
            "cpu_us": cpu / deliveries * 1e6,
            "cpu_us_per_frame": cpu / max(frames, 1) * 1e6,
            "busy": cpu / seconds,
            "crowd_busy": own / seconds,
            "bytes_per_delivery": volume / deliveries,
            "lost": lost,
        }

    def pace(self, seconds: float) -> Figures:
        """Publish at the peer's moderate rate; take every delivery's time from the publisher's hand to the reader's."""
        crowd, size, rate = self.crowd, len(self.crowd), self.peer.rate
        base, before = crowd.deliveries, self.published
        began = due = time.monotonic()

        def pump() -> None:
            nonlocal due
            if (now := time.monotonic()) >= due and now - began < seconds:
                due += 1 / rate
                self.publish()

        crowd.latencies = []
        frames, cpu = crowd.frames, self.server.cpu_seconds()
        crowd.listen(seconds, pump=pump)
        lost = self._drain(base + (self.published - before) * size)
        cpu = self.server.cpu_seconds() - cpu
        times, crowd.latencies = sorted(crowd.latencies), None
        self._server_must_live()
        if not times:
            raise CrowdError("nothing arrived")
        return {
            "p50_ms": times[len(times) // 2] / 1e6,
            "p95_ms": times[math.ceil(len(times) * 0.95) - 1] / 1e6,
            "rate": rate,
            "paced_cpu_us": cpu / len(times) * 1e6,
            "paced_frames_per_delivery": (crowd.frames - frames) / len(times),
            "paced_lost": lost,
        }

    def _drain(self, wanted: int) -> int:
        """Read until everything published has come; return how many deliveries did not."""
        end = time.monotonic() + DRAIN_SECONDS
        while self.crowd.deliveries < wanted and time.monotonic() < end:
            self.crowd.listen(0.02)
        return wanted - self.crowd.deliveries

    def _server_must_live(self) -> None:
        self.server.check()
        if self.publisher is None:
            raise ProgramError(f"{self.peer.title} has no publisher.")
        self.publisher.check()


def measure_peer(peer: Peer, *, sizes: Sequence[int], lengths: Lengths, logs: Path) -> dict[int, Figures]:
    """Start a peer, measure it and end it."""
    session = Session(peer, logs)
    try:
        return session.measure(sizes, lengths)
    except CrowdError as error:
        raise ProgramError(f"{peer.title} could not be measured: {error}.") from error
    finally:
        session.end()
