"""Sockets over real connections: production's server inside a test's loop, or as a process of its own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket as sockets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import uvicorn
import yaml
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect

from digis.stack.ports import find_free
from digis.stack.process import await_true

ROOT = Path(__file__).resolve().parents[1]


def production_options() -> list[str]:
    """Return how compose.yaml runs the sockets' uvicorn, without the address and the application."""
    command = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["sockets"]["command"]
    assert command[:5] == ["uvicorn", "--host", "0.0.0.0", "--port", "8001"]  # noqa: S104 - read, not bound
    assert command[-1] == "digis.asgi:application"
    return command[5:-1]


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Serve the sockets in this loop, as production does; yields the address."""
    from digis.sockets import websocket

    port = find_free()
    options = dict(zip(production_options()[::2], production_options()[1::2], strict=True))
    config = uvicorn.Config(
        websocket,
        port=port,
        ws=options["--ws"],
        ws_per_message_deflate=options["--ws-per-message-deflate"] == "true",
        ws_max_size=int(options["--ws-max-size"]),
        lifespan=options["--lifespan"],
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  the server has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{port}/ws/"
    finally:
        server.should_exit = True
        await task


def cookie_of(client: Any) -> str:
    """Return the header by which a signed-in test client is known."""
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@asynccontextmanager
async def speaking(address: str, cookie: str, *, hello: bool = True, **more: Any) -> AsyncIterator[ClientConnection]:
    """Open a socket as a page does."""
    origin = f"http://{urlsplit(address).netloc}"
    headers = {"Cookie": cookie}
    async with connect(address, origin=origin, additional_headers=headers, proxy=None, **more) as wire:
        if hello:
            assert (await hear(wire))["type"] == "subscribed"
        yield wire


async def hear(wire: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    """Return the next frame."""
    async with asyncio.timeout(seconds):
        found: dict[str, Any] = json.loads(await wire.recv())
        return found


async def ask(wire: ClientConnection, **frame: Any) -> dict[str, Any]:
    """Send a frame and return the next one that comes."""
    await wire.send(json.dumps(frame))
    return await hear(wire)


def open_deaf(address: str, cookie: str) -> sockets.socket:
    """Open a socket over a bare connection with a small buffer, from which nobody reads by itself."""
    parts = urlsplit(address)
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 8_192)
    line.settimeout(10)
    line.connect((parts.hostname, parts.port))
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: http://{parts.netloc}\r\nCookie: {cookie}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    line.sendall(head.encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += line.recv(1)
    assert b" 101 " in answer.split(b"\r\n")[0], answer
    return line


@contextmanager
def socket_process(log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the sockets as a process of its own against this test's database, by production's command."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    port = find_free()
    env = {**os.environ, "DATABASE_URL": urlunsplit(database), "DJANGO_SETTINGS_MODULE": "digis.settings.test"}
    env = {name: value for name, value in env.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), *production_options(), "digis.asgi:application"]
    with log.open("wb") as lines:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=lines, stderr=lines)
    try:
        assert await_true(lambda: _answers(port) or process.poll() is not None, seconds=60), log.read_text()
        assert process.poll() is None, log.read_text()
        yield f"ws://127.0.0.1:{port}/ws/", process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), sockets.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
