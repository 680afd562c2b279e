"""Pages as people see them, without a server: the test client renders, Chromium shows, both within one test."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.chromium import DESKTOP

SITE = "http://digis.localhost"


class Room:
    """A browser page whose site is the test client of one person."""

    def __init__(self, browser: Browser, client: Client, *, scripts: bool = True, **options: Any) -> None:
        self.client = client
        self.context: BrowserContext = browser.new_context(
            viewport=DESKTOP, reduced_motion="reduce", java_script_enabled=scripts, bypass_csp=True, **options
        )
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        self.html: dict[str, tuple[int, str]] = {}
        self._test = copy_context()

    def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            if not found:
                route.fulfill(status=404, body="not built")
                return
            kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
            route.fulfill(body=Path(found).read_bytes(), content_type=kind)
            return
        headers = {name: value for name, value in route.request.headers.items() if name.startswith(("hx-", "referer"))}
        if path in self.html:
            status, body = self.html[path]
            route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")
            return
        post = (route.request.post_data or "", route.request.headers.get("content-type", ""))
        # In the test's own context: there are its database connection and its transaction.
        status, body, answered = self._test.copy().run(self._ask, route.request.method, path, headers, post)
        route.fulfill(status=status, body=body, headers=answered)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], post: tuple[str, str]
    ) -> tuple[int, bytes, dict[str, str]]:
        if method == "POST":
            answer = self.client.post(path, post[0], content_type=post[1], headers=headers)
        else:
            answer = self.client.get(path, headers=headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, body, dict(answer.headers.items())

    def show(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(SITE + path)

    def show_html(self, path: str, html: str, status: int = 200) -> None:
        """Open a page that was rendered before."""
        self.html[path] = (status, html)
        self.show(path)

    def dress(self, size: Any, *, dark: bool) -> None:
        """Change the window's size and the device's theme, and wait until both are painted."""
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@contextmanager
def room(browser: Browser, client: Client | None = None, **options: Any) -> Iterator[Room]:
    """Open a room and close it again."""
    opened = Room(browser, client or Client(), **options)
    try:
        yield opened
    finally:
        opened.context.close()
