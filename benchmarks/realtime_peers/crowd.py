"""Many readers in one process: plain sockets, as little work per message as can be, the same for every peer.

They offer compression as browsers do, and refuse to go on where a server takes it up: these figures are without it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.realtime_peers.lines import MARK, STAMP

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
BATCH = 50  # sockets opened side by side
READ = 512 * 1024
PATIENCE = 45.0


class CrowdError(Exception):
    """Say in one line what a peer did that it should not."""


@dataclass(frozen=True)
class Dialect:
    """How one peer is spoken to."""

    path: str
    first: bytes = b""  # what a client says once the handshake is done
    joined: bytes = b""  # what a frame holds that says: you are in the room; empty: the handshake says it
    ping: bytes = b""  # a text frame that wants an answer
    pong: bytes = b""
    headers: Callable[[int], list[str]] = field(default=lambda _: [])


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a client's frame; its mask is zero, which leaves the payload as it is."""
    size = len(payload)
    head = bytes([0x80 | opcode, 0x80 | size]) if size < 126 else bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2)
    return head + bytes(4) + payload


class Crowd:
    """The readers of one room at one server, and what they got."""

    def __init__(self, dialect: Dialect, port: int) -> None:
        self.dialect, self.port = dialect, port
        self.deliveries = self.frames = self.bytes = 0
        self.latencies: list[int] | None = None
        self._sockets: dict[int, socket.socket] = {}
        self._rests: dict[int, bytes] = {}
        self._joined: set[int] = set()
        self._epoll = select.epoll()
        self._buffer = bytearray(READ)
        self._view = memoryview(self._buffer)

    def __len__(self) -> int:
        return len(self._sockets)

    # ── Coming ──────────────────────────────────────────────────────────────────────────────
    def grow(self, size: int) -> None:
        """Open sockets until there are so many, all of them in the room."""
        while len(self) < size:
            numbers = range(len(self), min(len(self) + BATCH, size))
            fresh = [self._open(number) for number in numbers]
            for one in fresh:
                self._shake_hands(one)
            end = time.monotonic() + PATIENCE
            while any(one.fileno() not in self._joined for one in fresh):
                if time.monotonic() > end:
                    raise CrowdError(f"after {len(self)} sockets the server let nobody in for {PATIENCE:.0f} s")
                self.listen(0.01)

    def _open(self, number: int) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [
            f"GET {self.dialect.path} HTTP/1.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            *(self.dialect.headers(number) or ["Host: 127.0.0.1"]),
        ]
        one.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return one

    def _shake_hands(self, one: socket.socket) -> None:
        answer = b""
        while b"\r\n\r\n" not in answer:
            try:
                part = one.recv(4096)
            except TimeoutError:
                part = b""
            if not part:
                raise CrowdError(f"the server ended the handshake of socket {len(self)}: {answer[:80]!r}")
            answer += part
        head, _, rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise CrowdError(f"the server answered {head.partition(bytes(2))[0][:80]!r}")
        if b"permessage-deflate" in head:
            raise CrowdError("the server compresses every message for every socket; switch that off")
        if self.dialect.first:
            one.sendall(frame(TEXT, self.dialect.first))
        one.setblocking(False)
        handle = one.fileno()
        self._sockets[handle] = one
        if not self.dialect.joined:
            self._joined.add(handle)
        if rest:
            self._take(handle, bytearray(rest), len(rest))
        self._epoll.register(handle, select.EPOLLIN)

    def close(self) -> None:
        """Let everybody go."""
        for one in self._sockets.values():
            with contextlib.suppress(OSError):
                one.close()
        self._epoll.close()
        self._sockets.clear()

    # ── Reading ─────────────────────────────────────────────────────────────────────────────
    def listen(self, seconds: float, *, pump: Callable[[], None] | None = None, nap: float = 0.0) -> None:
        """Read for so long. `pump` runs between readings; a nap lets messages gather, which makes reading cheaper."""
        end = time.monotonic() + seconds
        wait = 0.002
        while True:
            if pump is not None:
                pump()
            for handle, _ in self._epoll.poll(wait, 8192):
                self._read(handle)
            left = end - time.monotonic()
            if left <= 0:
                return
            if nap:
                time.sleep(nap)
                wait = 0

    def _read(self, handle: int) -> None:
        try:
            size = self._sockets[handle].recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError as error:
            raise CrowdError(f"a socket broke: {error}") from error
        if not size:
            raise CrowdError("the server closed a socket")
        rest = self._rests.pop(handle, None)
        if rest is None:
            self._take(handle, self._buffer, size)
        else:
            whole = bytearray(rest)
            whole += self._view[:size]
            self._take(handle, whole, len(whole))

    def _take(self, handle: int, data: bytearray, size: int) -> None:
        """Count the whole frames at the front of what came, and keep the rest."""
        at = 0
        while at + 2 <= size:
            length, head = data[at + 1], 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2 : at + 4]), 4
            elif length == 127:
                length, head = int.from_bytes(data[at + 2 : at + 10]), 10
            end = at + head + length
            if end > size:
                break
            if length < 300:  # never a line
                self._take_word(handle, data[at] & 15, bytes(data[at + head : end]))
            else:
                self.frames += 1
            at = end
        if at < size:
            self._rests[handle] = bytes(data[at:size])
        self.bytes += at
        self.deliveries += data.count(MARK, 0, at)
        if self.latencies is not None:
            now = time.monotonic_ns()
            self.latencies += [now - int(sent) for sent in STAMP.findall(data[:at])]

    def _take_word(self, handle: int, opcode: int, payload: bytes) -> None:
        """Answer what wants an answer, and note who is in the room now."""
        if opcode == PING:
            self._sockets[handle].send(frame(PONG, payload))
        elif opcode == CLOSE:
            raise CrowdError(f"the server closed a socket with code {int.from_bytes(payload[:2])}")
        elif self.dialect.ping and payload == self.dialect.ping:
            self._sockets[handle].send(frame(TEXT, self.dialect.pong))
        elif b'"type":"error"' in payload:
            raise CrowdError(f"the server refused the room: {payload[:200].decode(errors='replace')}")
        elif b'"type":"resync"' in payload:
            raise CrowdError("the server dropped messages because its readers were too slow")
        elif self.dialect.joined and self.dialect.joined in payload:
            self._joined.add(handle)
