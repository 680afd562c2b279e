"""Realtime fan-out beside stock Channels, Socket.IO and plain ws: `make bench`, or run this file with `.venv/bin/python`.

One room, first of 1,000 and then of 2,000 sockets, and one topic that a separate process publishes to: an HTML fragment
of about 400 bytes, the same for all. Ours is driven by the real path: `/ws/` as production serves it (the command is
read from compose.yaml), a person with a session of their own behind every socket, a subscription that is authorized by
the database, `publish_on_commit` through Valkey. Beside it, on the same machine, one server process each, in turn and
with fresh processes in every round:

- Channels: `group_send` over channels-redis to an AsyncWebsocketConsumer, on the same ASGI server as ours;
- Socket.IO with its Redis adapter, WebSocket only, published to by its Redis emitter;
- ws with a subscription to Redis.

A delivery is one message that one client received. Ours puts what comes in quick succession for a topic into one frame:
a frame with three messages counts as three deliveries, so frames are shown as well, and `signals`, which carry the same
fragment and are never put together, show what one message per frame costs.

The figures: deliveries a second with a fixed number of messages always under way (32; 4 for Channels, which gains
nothing from more and loses some from 8 on); latency from the publisher's hand to the reader's at a moderate rate (10
messages a second, so that each leaves in a frame of its own; 1 for Channels, which cannot keep up with 10); the server
process's own CPU time per delivery (user and kernel, all threads, from /proc), and per connection; its memory per idle
socket.

Ratios, of medians over the rounds, in the largest room (2,000 sockets): `vs_stock_channels` is deliveries/s, ours over
theirs (aim: 20 or more); `cpu_vs_socketio` and `cpu_vs_ws` are CPU per delivery as fast as possible, ours over theirs
(aim: at most 1.0). Those that end in `_per_frame` take our signals instead, those in `_paced` the fixed rate.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

try:
    import psycopg

    from benchmarks.realtime_peers.measuring import Lengths, measure_peer
    from benchmarks.realtime_peers.peers import Peer, list_peers
    from benchmarks.realtime_peers.processes import ProgramError
    from benchmarks.realtime_peers.telling import draw_table, round_off, take_medians, take_ratios
    from digis.stack.process import StackError
    from scripts.build_static import find_node
    from scripts.check import PRODUCTION
    from tests import database_template
    from tests.services import Services
except ImportError as error:
    sys.exit(f"The Python package {error.name} is missing here. Run `make setup`.")

PACKAGES = ("ws", "socket.io", "@socket.io/redis-adapter", "@socket.io/redis-emitter", "redis")
DATABASE = "digis_realtime"
ENOUGH_SECONDS = 540.0  # no round begins that would likely end after this
LIMIT_SECONDS = 700  # and nothing lasts longer
NOTE = """\
A delivery is one message received by one client. Digis puts messages of one topic that follow each other within
its window into one frame, the others send a frame per message; its signals are never put together."""


class TimeIsUpError(Exception):
    """The benchmark as a whole takes too long."""


def main() -> int:
    """Run everything; return the exit status."""
    arguments = read_arguments()
    signal.signal(signal.SIGALRM, _ring)
    signal.signal(signal.SIGTERM, _stop)
    signal.alarm(LIMIT_SECONDS)
    try:
        run(arguments.rounds, sorted(arguments.sizes), Lengths(1.0, arguments.seconds, arguments.seconds))
    except (ProgramError, StackError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except TimeIsUpError:
        sys.stderr.write(f"The benchmark did not end within {LIMIT_SECONDS} seconds: this machine is too busy.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def read_arguments() -> argparse.Namespace:
    """Read the command line; what it leaves out is what the figures in docs/benchmarks.md were taken with."""
    parser = argparse.ArgumentParser(description="Measure realtime fan-out beside stock Channels, Socket.IO and ws.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server is measured (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each measurement takes (3)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000], help="sockets in the room (1000 2000)")
    return parser.parse_args()


def _ring(*_: object) -> None:
    raise TimeIsUpError


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(rounds: int, sizes: Sequence[int], lengths: Lengths) -> None:
    """Start what is needed, measure round by round, tell, and leave nothing behind."""
    node = find_programs()
    allow_sockets(max(sizes))
    began = time.monotonic()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    services = Services()
    logs = Path(tempfile.mkdtemp(prefix="digis-realtime-"))
    try:
        say("starting PostgreSQL and Valkey, making the tables and the people")
        services.start(with_tables=True)
        peers = prepare(services.state, node, max(sizes))
        runs: dict[str, list[Any]] = {peer.name: [] for peer in peers}
        for number in range(rounds):
            round_began = time.monotonic()
            for peer in peers[number % len(peers) :] + peers[: number % len(peers)]:
                say(f"round {number + 1} of {rounds}: {peer.title}")
                runs[peer.name].append(measure_peer(peer, sizes=sizes, lengths=lengths, logs=logs))
            now = time.monotonic()
            if now + (now - round_began) - began > ENOUGH_SECONDS and number + 1 < rounds:
                say(f"this machine is slow today: {number + 1} rounds must do")
                break
        tell(runs, peers, sizes)
    finally:
        signal.alarm(0)
        services.stop()
        shutil.rmtree(logs, ignore_errors=True)


def say(text: str) -> None:
    """Tell how far it is, beside the figures."""
    sys.stderr.write(f"{text}\n")


def find_programs() -> Path:
    """Return Node; make sure that everything the peers need is here."""
    found = find_node()
    if found is None:
        raise ProgramError("Node 20 or newer is missing here. Run `make setup`.")
    for name in PACKAGES:
        if not (ROOT / "node_modules" / name).is_dir():
            raise ProgramError(f"The npm package {name} is missing here. Run `make setup`.")
    return found[0]


def allow_sockets(count: int) -> None:
    """Have this process and those it starts open enough files."""
    wanted = count + 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ProgramError(f"A process may open {hard} files here, {wanted} are needed. Raise it: ulimit -n {wanted}")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def prepare(state: Path, node: Path, people: int) -> list[Peer]:
    """Make the tables and the people, and return the peers."""
    if not os.environ.get("DIGIS_TEST_TABLES"):
        raise ProgramError("The tables could not be made: `make test` says why.")
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {database_template.NAME}")
    line, file = state / "line.html", state / "people.json"
    env = {name: value for name, value in os.environ.items() if not name.startswith("DIGIS_")}
    env |= {"PATH": f"{Path(sys.executable).parent}:{env.get('PATH', '')}", "LINE_FILE": str(line)}
    del env["DATABASE_URL"]
    digis_env = {
        **env,
        **PRODUCTION,
        "DJANGO_SETTINGS_MODULE": "benchmarks.realtime_peers.digis_room.settings",
        "DATABASE_URL": f"{base}/{DATABASE}",
        "DIGIS_STATE": str(state),
    }
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.realtime_peers.digis_room.people", str(people), str(file)],
        cwd=ROOT,
        env=digis_env,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ProgramError(f"The people could not be made: {last_line(result.stderr)}")
    found = json.loads(file.read_text(encoding="utf-8"))
    line.write_text(found["line"], encoding="utf-8")
    return list_peers(node=node, env=env, digis_env=digis_env, found=found)


def last_line(text: str) -> str:
    """Return the last line that says something: a traceback may end in carets."""
    lines = [line for line in text.splitlines() if any(letter.isalpha() for letter in line)]
    return lines[-1].strip() if lines else "no reason given"


def tell(runs: dict[str, list[Any]], peers: list[Peer], sizes: Sequence[int]) -> None:
    """Print the table and the line of JSON."""
    medians = take_medians(runs)
    rounds = len(runs[peers[0].name])
    sys.stdout.write(f"\n{draw_table(medians, {peer.name: peer.title for peer in peers})}\n\n{NOTE}\n")
    sys.stdout.write(f"Medians of {rounds} rounds. CPU is the server process's own.\n\n")
    raw = {"rounds": rounds, "cores": os.cpu_count(), **round_off(medians)}
    result = {"benchmark": "realtime", "ratios": take_ratios(medians, max(sizes)), "raw": raw}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    sys.exit(main())
