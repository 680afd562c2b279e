"""Who is compared, how each is started, and how a client speaks to it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.realtime_peers.crowd import Dialect
from benchmarks.realtime_peers.processes import ROOT, ProgramError

ROOM = "room:evening"
OURS = "digis.asgi:application"
STOCK = "benchmarks.realtime_peers.stock_channels"
NODE = Path(__file__).parent / "node"
SOCKETS = re.compile(r"^  sockets:\n(?:    .*\n)*?    command: (\[.*\])$", re.MULTILINE)


@dataclass(frozen=True)
class Peer:
    """One of those compared."""

    name: str
    title: str
    server: list[str]
    publisher: list[str]
    env: Mapping[str, str]
    dialect: Dialect
    window: int  # messages under way at once when it is asked for all it can do
    rate: float  # messages a second when its latency is measured


def sockets_command(application: str) -> list[str]:
    """Return the command by which production serves sockets, from compose.yaml, with its address left open."""
    found = SOCKETS.search((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    if not found:
        raise ProgramError("compose.yaml no longer says how sockets are served; see sockets_command.")
    words: list[str] = json.loads(found[1])
    if OURS not in words or "--host" not in words or "--port" not in words:
        raise ProgramError("compose.yaml no longer serves sockets as sockets_command expects.")
    words[0] = str(Path(sys.executable).with_name(words[0]))
    words[words.index("--host") + 1] = "127.0.0.1"
    words[words.index("--port") + 1] = "{port}"
    words[words.index(OURS)] = application
    return words


def list_peers(
    *, node: Path, env: Mapping[str, str], digis_env: Mapping[str, str], found: dict[str, Any]
) -> list[Peer]:
    """Return ours and the three it is measured beside."""
    cookies, origin, host = found["cookies"], found["origin"], found["host"]
    subscribe = json.dumps({"type": "subscribe", "topic": ROOM}).encode()
    python = sys.executable
    node_env = {**env, "NODE_ENV": "production"}
    script = [str(node), str(NODE / "publisher.mjs")]
    return [
        Peer(
            "digis",
            "Digis",
            sockets_command(OURS),
            [python, "-m", "benchmarks.realtime_peers.digis_room.publisher"],
            digis_env,
            Dialect(
                "/ws/",
                first=subscribe,
                joined=ROOM.encode(),
                headers=lambda number: [f"Host: {host}", f"Origin: {origin}", f"Cookie: {cookies[number]}"],
            ),
            window=32,
            rate=10,
        ),
        Peer(
            "stock_channels",
            "Channels",
            sockets_command(f"{STOCK}:application"),
            [python, "-m", STOCK],
            env,
            Dialect("/ws/"),
            window=4,
            rate=1,
        ),
        Peer(
            "socketio",
            "Socket.IO",
            [str(node), str(NODE / "socketio.mjs")],
            [*script, "socketio"],
            node_env,
            Dialect("/socket.io/?EIO=4&transport=websocket", first=b"40", joined=b'40{"sid"', ping=b"2", pong=b"3"),
            window=32,
            rate=10,
        ),
        Peer(
            "ws",
            "ws",
            [str(node), str(NODE / "plain_ws.mjs")],
            [*script, "plain_ws"],
            node_env,
            Dialect("/"),
            window=32,
            rate=10,
        ),
    ]
