"""A browser without JavaScript: plain httpx against the WSGI application, forms read from the HTML as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

import html5lib
import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from typing_extensions import override

from digis.wsgi import application

ORIGIN = "http://127.0.0.1:8000"
ONE_LINE = {"text", "search", "email", "url", "tel", "number", "date", "password"}
CHOICES = {"checkbox", "radio"}
Press = tuple[str, str]


@dataclass
class Control:
    """One named control of a form, as it stands in the page."""

    name: str
    kind: str  # the type of an input, or select, or textarea
    value: str = ""
    is_required: bool = False
    is_ticked: bool = False
    is_invalid: bool = False
    options: list[str] = field(default_factory=list)
    described_by: str = ""

    @property
    def is_writable(self) -> bool:
        """Whether a person types into it."""
        return self.kind in ONE_LINE or self.kind == "textarea"

    @property
    def sends(self) -> bool:
        """Whether it is part of what is sent when nobody touches it."""
        return self.kind != "file" and (self.kind not in CHOICES or self.is_ticked)


@dataclass
class Form:
    """One form of a page: where it leads, how, and what is in it."""

    action: str
    method: str
    origin: str  # which form of which template it is, where the page says so
    controls: list[Control]
    presses: list[Press]  # its submit buttons, as name and value; an unnamed one is a pair of empty strings

    @property
    def can_be_sent(self) -> bool:
        """Whether a person can send it: by a button, or by Enter in its one line."""
        return bool(self.presses) or sum(control.kind in ONE_LINE for control in self.controls) == 1

    def named(self, name: str) -> list[Control]:
        return [control for control in self.controls if control.name == name]

    def data(self, **typed: Any) -> dict[str, Any]:
        """Return what is sent when some fields are filled over; None leaves one out, a list sends several."""
        sent: dict[str, Any] = {}
        for control in self.controls:
            if control.sends:
                sent.setdefault(control.name, []).append(control.value)
        sent = {name: values[0] if len(values) == 1 else values for name, values in sent.items()}
        return {name: value for name, value in {**sent, **typed}.items() if value is not None}

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.action or 'to itself'} ({self.origin or 'no template'})"


@contextmanager
def _open_connection() -> Iterator[None]:
    """Keep the connection of a test that runs inside a transaction, as Django's own test client does."""
    if not connection.in_atomic_block:
        yield
        return
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


class _Wire(httpx.Client):
    @override
    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        with _open_connection():
            return super().send(request, **options)


class PlainBrowser:
    """Keeps cookies, follows nothing by itself, submits forms as a person without scripts would."""

    def __init__(self, user: Any = None, *, address: str = "127.0.0.1") -> None:
        self.http = _Wire(
            transport=httpx.WSGITransport(app=application, remote_addr=address, raise_app_exceptions=True),
            base_url=ORIGIN,
        )
        if user is not None:
            self.sign_in(user)

    def sign_in(self, user: Any, **kept: Any) -> None:
        """Open a session for a person, as the sign-in page would; `kept` is what else the session knows."""
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.update(kept)
        session.save()
        self.set_cookie(settings.SESSION_COOKIE_NAME, session.session_key)

    def set_cookie(self, name: str, value: str) -> None:
        self.http.cookies.set(name, value, domain="127.0.0.1")

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.http.cookies.jar}

    def remember(self) -> Callable[[], None]:
        """Keep the cookies of now; the function returned brings them back."""
        kept = self.cookies

        def restore() -> None:
            self.http.cookies.clear()
            for name, value in kept.items():
                self.set_cookie(name, value)

        return restore

    def get(self, url: str) -> httpx.Response:
        return self.http.get(url)

    def follow(self, answer: httpx.Response, most: int = 6) -> httpx.Response:
        """Follow redirects within the site."""
        while answer.is_redirect and most:
            target = urljoin(str(answer.request.url), answer.headers["location"])
            if urlsplit(target).netloc != urlsplit(ORIGIN).netloc:
                return answer
            answer, most = self.http.get(target), most - 1
        return answer

    def submit(self, page: httpx.Response, form: Form, press: Press = ("", ""), **typed: Any) -> httpx.Response:
        """Send a form of a page by one of its buttons."""
        target = urljoin(str(page.request.url), form.action)
        data = form.data(**typed) | ({press[0]: press[1]} if press[0] else {})
        if form.method == "get":
            return self.http.get(target, params=data)
        files = {name: value for name, value in data.items() if isinstance(value, tuple)}
        plain = {name: value for name, value in data.items() if not isinstance(value, tuple)}
        return self.http.post(
            target, data=plain, files=files or None, headers={"Origin": ORIGIN, "Referer": str(page.request.url)}
        )


def forms_of(answer: httpx.Response) -> list[Form]:
    """Read every form of a page, inputs associated by `form=` included."""
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    outside = [element for element in tree.iter() if element.get("form")]
    return [
        _read_form(element, [*element.iter(), *(e for e in outside if e.get("form") == element.get("id"))])
        for element in tree.iter("form")
        if element.get("method") != "dialog"
    ]


def words_of(answer: httpx.Response) -> dict[str, str]:
    """Return the text of every element with an id: what a control is described by."""
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    return {e.get("id", ""): " ".join("".join(e.itertext()).split()) for e in tree.iter() if e.get("id")}


def _read_form(element: ET.Element, inside: list[ET.Element]) -> Form:
    form = Form(
        action=element.get("action") or "",
        method=(element.get("method") or "get").lower(),
        origin=element.get("data-form-of") or "",
        controls=[],
        presses=[],
    )
    for control in inside:
        if control.get("disabled") is not None:
            continue
        kind = (control.get("type") or "").lower()
        if control.tag == "button" or kind in {"submit", "image", "reset", "button"}:
            if (kind or "submit") in {"submit", "image"} and control.tag in {"button", "input"}:
                form.presses.append((control.get("name") or "", control.get("value") or ""))
        elif control.tag in {"input", "select", "textarea"} and control.get("name"):
            form.controls.append(_read_control(control))
    return form


def _read_control(element: ET.Element) -> Control:
    found = Control(
        name=element.get("name") or "",
        kind=(element.get("type") or "text").lower() if element.tag == "input" else element.tag,
        value=element.get("value") or "",
        is_required=element.get("required") is not None,
        is_ticked=element.get("checked") is not None,
        is_invalid=element.get("aria-invalid") == "true",
        described_by=element.get("aria-describedby") or "",
    )
    if element.tag == "textarea":
        found.value = "".join(element.itertext()).removeprefix("\n")
    elif element.tag == "select":
        options = list(element.iter("option"))
        picked = [o for o in options if o.get("selected") is not None] or options[:1]
        found.options = [o.get("value") or "" for o in options]
        found.value = picked[0].get("value") or "" if picked else ""
    elif found.kind in CHOICES:
        found.value = found.value or "on"
    return found
