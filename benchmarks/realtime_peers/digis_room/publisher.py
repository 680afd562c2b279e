"""Publish lines as a worker of Digis does."""

from __future__ import annotations

import django

django.setup()

from django.template.loader import render_to_string  # noqa: E402  after Django's set-up, see above

from benchmarks.realtime_peers.digis_room.apps import TOPIC, LineAdded  # noqa: E402
from benchmarks.realtime_peers.lines import serve  # noqa: E402
from digis.core import realtime  # noqa: E402


def publish(kind: str, number: str, sent: str) -> None:
    """Send an event through its template, or the same fragment as a signal, which is never put together with others."""
    line = LineAdded(number, sent)
    if kind == "event":
        realtime.publish_on_commit(line, to=TOPIC)
    else:
        html = render_to_string(line.template, line.context()).strip()
        realtime.publish_signal(TOPIC, line.name, {"html": html})


if __name__ == "__main__":
    serve(publish)
