"""Realtime: one WebSocket per tab, many topics, and one way out.

`publish_on_commit(event, to=topic)` sends what a page should look like now; `publish_signal` hands on data that is
never stored. Apps say in `AppConfig.ready()` who may listen to a topic and what a client may say on it. Nothing here
decides anything: authorizers and handlers are the apps' selectors and services.
"""

from digis.core.realtime.publish import (
    close_sockets,
    drop_subscription,
    publish_on_commit,
    publish_signal,
    recheck_person,
    recheck_topic,
)
from digis.core.realtime.topics import Event, register_presence, register_topic, register_typing

__all__ = [
    "Event",
    "close_sockets",
    "drop_subscription",
    "publish_on_commit",
    "publish_signal",
    "recheck_person",
    "recheck_topic",
    "register_presence",
    "register_topic",
    "register_typing",
]
