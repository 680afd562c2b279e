"""Ports on loopback: find a free one, keep it over restarts, and tell a taken one from ours."""

from __future__ import annotations

import json
import socket
from pathlib import Path


def is_free(port: int) -> bool:
    """Tell whether a server could listen on that port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def find_free() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Ports:
    """The ports of one state folder: the same ones again after a restart, where they are still free."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        items = known.items() if isinstance(known, dict) else ()
        self._known = {str(name): port for name, port in items if isinstance(port, int)}

    def take(self, name: str, *, fresh: bool = False) -> int:
        """Return the port for a part; `fresh` gives up the old one, which a stranger took."""
        port = self._known.get(name, 0)
        if fresh or not port or not is_free(port):
            port = find_free()
        self._known[name] = port
        self._file.write_text(json.dumps(self._known), encoding="utf-8")
        return port


def listens(port: int, pid: int) -> bool:
    """Tell whether that very process listens on the port: a stranger's answer must not pass for ours."""
    wanted = f":{port:04X}"
    sockets: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        fields = (line.split() for line in lines)
        sockets |= {f"socket:[{field[9]}]" for field in fields if field[1].endswith(wanted) and field[3] == "0A"}
    try:
        return any(str(handle.readlink()) in sockets for handle in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
