"""One line of the room, the same bytes for every peer, and how it is recognized among what a socket receives."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable

NUMBER = "N" * 8  # holes in the fragment
SENT = "S" * 20
MARK = rb"data-sent=\""  # as it stands inside JSON text
STAMP = re.compile(rb'data-sent=\\"(\d{20})')


def stamp() -> str:
    """Return the present moment of the clock that all processes of this machine share, in nanoseconds."""
    return f"{time.monotonic_ns():020d}"


def serve(publish: Callable[[str, str, str], None]) -> None:
    """Publish as many lines as each word on standard input says: `event 3`. Both publishers in Python run this."""
    number = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for order in sys.stdin:
        kind, count = order.split()
        for _ in range(int(count)):
            number += 1
            publish(kind, f"{number:08d}", stamp())
