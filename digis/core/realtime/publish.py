"""The only way out: everything a socket receives without asking passes through here.

A message is one line that says who gets it, and one frame, encoded once here and copied to every socket as it is.
Losing one is harmless: what it tells stands in the database, and a client that missed something is told to look again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from prometheus_client import Counter
from typing_extensions import override

from digis.core import currencies, valkey
from digis.core.realtime.topics import Event

log = structlog.get_logger(__name__)

PUBLISHED = Counter("digis_realtime_published_total", "Frames handed to Valkey.", ["kind", "result"])
TYPING_EVERY_MS = 3_000
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
        _publish({"t": topic, "e": key_of(event, frame)}, frame, kind="event")


def key_of(event: Event, frame: dict[str, Any]) -> str | None:
    """Return what an event tells the whole truth about, or None when each of its kind counts.

    Of several events of a topic with one key, that come within 50 ms, only the last is sent.
    """
    if not event.coalesces and frame["data"]:
        return None
    ids = replaced_ids(frame["html"])
    return f"{event.name} {' '.join(ids)}" if ids or (event.coalesces and not frame["html"]) else None


class _Roots(HTMLParser):
    """Reads what the roots of a fragment are."""

    EMPTY = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[dict[str, str | None]] = []
        self._depth = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self.roots.append(dict(attrs))
        if tag not in self.EMPTY:
            self._depth += 1

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self.roots.append(dict(attrs))

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            self._depth -= 1


def replaced_ids(html: str) -> list[str]:
    """Return the ids of a fragment's roots if each replaces the element with its id; else nothing."""
    parser = _Roots()
    parser.feed(html)
    ids = [str(root.get("id") or "") for root in parser.roots]
    return ids if all(ids) and not any("data-swap" in root for root in parser.roots) else []


def frame_of(event: Event, topic: str, language: str | None = None) -> dict[str, Any]:
    """Render an event as the frame its listeners get.

    `seq` is drawn before rendering: of two frames of one kind, the one with the higher number was rendered later than
    the other's commit, so a client that keeps the higher one always ends with the truth.
    """
    seq = valkey.attempt(lambda store: store.incr(f"{settings.REALTIME_CHANNEL}:seq"))
    html = ""
    if event.template:
        context = {"site_url": settings.SITE_URL, "csrf_token": NO_TOKEN, **event.context()}
        reader = partial(currencies.currency_of_topic, topic)
        with translation.override(language or settings.LANGUAGE_CODE), currencies.shown_to(reader):
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


def publish_typing(topic: str, person: Any) -> None:
    """Tell the others on a topic that a person types, unless that was told in the last three seconds."""
    person_id = str(person.pk)
    key = f"{settings.REALTIME_CHANNEL}:typing:{topic}:{person_id}"
    try:
        is_news = valkey.attempt(lambda store: store.set(key, 1, nx=True, px=TYPING_EVERY_MS))
    except valkey.ValkeyUnavailable:
        return  # and nobody could be told
    if is_news:
        _publish({"t": topic, "y": person_id}, {"type": "typing", "topic": topic, "person": person_id}, kind="typing")


def close_sockets(user_id: UUID | str, session_key: str | None = None) -> None:
    """Close a person's sockets everywhere: all of them, or those of one session. After the present commit."""
    header = {"c": "close", "u": str(user_id), "s": session_key}
    transaction.on_commit(_Control(header), robust=True)


def drop_subscription(topic: str, user_id: UUID | str) -> None:
    """Stop a person's sockets listening to a topic they may no longer hear. After the present commit."""
    transaction.on_commit(_Control({"c": "drop", "u": str(user_id), "t": topic}), robust=True)


def recheck_topic(topic: str) -> None:
    """Ask again about everybody who listens to a topic, and drop who may no longer. After the present commit."""
    transaction.on_commit(_Control({"c": "recheck", "t": topic}), robust=True)


def recheck_person(user_id: UUID | str, kind: str = "") -> None:
    """Ask again about what a person's sockets listen to: topics of one kind, or all. After the present commit."""
    header = {"c": "recheck", "u": str(user_id), "t": f"{kind}:" if kind else ""}
    transaction.on_commit(_Control(header), robust=True)


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
