"""The only way out: everything a socket receives without asking passes through here.

A message is one line that says who gets it, and one frame, encoded once here and copied to every socket as it is.
Losing one is harmless: what it tells stands in the database, and a client that missed something is told to look again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from prometheus_client import Counter
from typing_extensions import override

from digis.core import valkey
from digis.core.realtime.topics import Event

log = structlog.get_logger(__name__)

PUBLISHED = Counter("digis_realtime_published_total", "Frames handed to Valkey.", ["kind", "result"])
# No request stands behind a fragment that goes over a socket: its forms come without a token, and the client
# puts its own page's in. Django draws no field for this word.
NO_TOKEN = "NOTPROVIDED"  # noqa: S105  a placeholder, not a secret


def publish_on_commit(event: Event, to: str, language: str | None = None) -> None:
    """Show `event` to everybody who listens to the topic `to`, once the present transaction has committed.

    The template is rendered after the commit, so the fragment tells what is true then. The same event for the same
    topic, published twice in one transaction, goes out once.
    """
    job = _EventJob(event, to, language)
    connection = transaction.get_connection()
    if connection.in_atomic_block and any(entry[1] == job for entry in connection.run_on_commit):
        return
    transaction.on_commit(job, robust=True)


class _EventJob:
    """One publication that waits for its commit; equal jobs are one."""

    def __init__(self, event: Event, topic: str, language: str | None) -> None:
        self.key = (event, topic, language)
        self.__qualname__ = f"publish {type(event).__name__}"  # what Django's log calls a failed one

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _EventJob) and self.key == other.key

    __hash__ = None  # type: ignore[assignment]  # events may hold lists; jobs are compared, never hashed

    def __call__(self) -> None:
        event, topic, language = self.key
        try:
            frame = frame_of(event, topic, language)
        except valkey.ValkeyUnavailable:
            PUBLISHED.labels("event", "lost").inc()
            return
        _publish({"t": topic}, frame, kind="event")


def frame_of(event: Event, topic: str, language: str | None = None) -> dict[str, Any]:
    """Render an event as the frame its listeners get.

    `seq` is drawn before rendering: of two frames of one kind, the one with the higher number was rendered later than
    the other's commit, so a client that keeps the higher one always ends with the truth.
    """
    seq = valkey.attempt(lambda store: store.incr(f"{settings.REALTIME_CHANNEL}:seq"))
    html = ""
    if event.template:
        context = {"site_url": settings.SITE_URL, "csrf_token": NO_TOKEN, **event.context()}
        with translation.override(language or settings.LANGUAGE_CODE):
            html = render_to_string(event.template, context).strip()
    return {"type": "event", "topic": topic, "name": event.name, "html": html, "data": event.data(), "seq": seq}


def publish_signal(topic: str, name: str, data: Any, *, exclude: Any = None) -> None:
    """Hand data to everybody who listens to a topic now, at once and without storing it.

    `exclude` is a person (or an id) whose sockets do not get it: the sender, usually.
    """
    header: dict[str, Any] = {"t": topic}
    if exclude is not None:
        header["x"] = str(getattr(exclude, "pk", exclude))
    _publish(header, {"type": "signal", "topic": topic, "name": name, "data": data}, kind="signal")


def close_sockets(user_id: UUID | str, session_key: str | None = None) -> None:
    """Close a person's sockets everywhere: all of them, or those of one session. After the present commit."""
    header = {"c": "close", "u": str(user_id), "s": session_key}
    transaction.on_commit(_Control(header), robust=True)


def drop_subscription(topic: str, user_id: UUID | str) -> None:
    """Stop a person's sockets listening to a topic they may no longer hear. After the present commit."""
    transaction.on_commit(_Control({"c": "drop", "u": str(user_id), "t": topic}), robust=True)


class _Control:
    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self.__qualname__ = f"realtime {header['c']}"

    def __call__(self) -> None:
        _publish(self.header, None, kind="control")


def _publish(header: dict[str, Any], frame: dict[str, Any] | None, *, kind: str) -> None:
    message = encode(header, frame)
    channel: str = settings.REALTIME_CHANNEL
    send: Callable[[Any], Any] = lambda store: store.publish(channel, message)  # noqa: E731  one line, typed
    try:
        valkey.attempt(send)
    except valkey.ValkeyUnavailable:
        PUBLISHED.labels(kind, "lost").inc()
        log.warning("realtime_lost", kind=kind)
    else:
        PUBLISHED.labels(kind, "sent").inc()


def encode(header: dict[str, Any], frame: dict[str, Any] | None) -> bytes:
    """Return the message as it travels: a line for the hub, then the frame for the sockets."""
    head = json.dumps(header, separators=(",", ":"))
    body = json.dumps(frame, separators=(",", ":"), ensure_ascii=False, default=str) if frame is not None else ""
    return f"{head}\n{body}".encode()
