"""Who is behind a socket: the same session that the pages use, read from the database again and again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.db import close_old_connections
from django.http import HttpRequest

T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sockets")


async def in_thread(act: Callable[..., T], *args: Any) -> T:
    """Run a synchronous function that reads the database, beside the event loop and beside the pages."""
    return await sync_to_async(_with_connection, thread_sensitive=False, executor=_threads)(act, *args)


def _with_connection(act: Callable[..., T], *args: Any) -> T:
    """Give the connection back as soon as the work is done: there are more sockets than connections."""
    close_old_connections()
    try:
        return act(*args)
    finally:
        close_old_connections()


def session_key_of(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the session key that the browser's cookie carries, or an empty string."""
    for name, value in headers:
        if name == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return ""
            return morsel.value if morsel else ""
    return ""


def load_person(session_key: str) -> Any | None:
    """Return who is signed in under a session key, as the database says now: nobody once signed out or inactive."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    person = auth.get_user(request)
    return person if person.is_authenticated else None


def load_people(ids: Collection[str]) -> list[Any]:
    """Return these people as the database has them now; who is closed is not among them."""
    return list(auth.get_user_model()._default_manager.filter(pk__in=ids, is_active=True))  # noqa: SLF001  Django's documented way


def session_key_behind(request: Any) -> str:
    """Return the key of the session that authenticated a request of the API: the cookie's, or the access token's."""
    held = getattr(request, "auth", None)
    if isinstance(held, SessionBase):  # the token stands for a session of its own
        return held.session_key or ""
    if isinstance(held, Mapping) and isinstance(sid := held.get("sid"), str):
        from allauth.headless.tokens.strategies.jwt.internal import session_key_from_sid

        return session_key_from_sid(sid) or ""
    return request.session.session_key or "" if held is None else ""
