"""The servers that `make run` keeps, found by other commands: `manage.py check_ledger` beside a running Digis."""

from __future__ import annotations

import json
import socket
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from digis.stack.embedded import NAME

OWN: Final = frozenset({"up", "prepare"})  # they start or are handed servers themselves


def adopt(env: MutableMapping[str, str], *, root: Path) -> None:
    """Name the running servers in the environment, where it names none and they listen. Changes nothing otherwise."""
    state = Path(env.get("DIGIS_STATE") or root / ".digis").resolve()
    try:
        ports = json.loads((state / "ports.json").read_text(encoding="utf-8"))
        secrets = {
            name: (state / f"{name}.secret").read_text(encoding="ascii").strip() for name in ("postgres", "valkey")
        }
        known = {name: int(ports[name]) for name in secrets}
    except (OSError, ValueError, KeyError, TypeError):
        return
    if not all(_listens(port) for port in known.values()):
        return
    env.setdefault("DATABASE_URL", f"postgres://{NAME}:{secrets['postgres']}@127.0.0.1:{known['postgres']}/{NAME}")
    env.setdefault("REDIS_URL", f"redis://:{secrets['valkey']}@127.0.0.1:{known['valkey']}/0")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
