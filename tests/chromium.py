"""Real browsers for tests: the system's Chromium, one process each, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def chromium_path() -> str:
    """Return where Chromium lies, or fail with what to do."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("Browser tests need Chromium: install Debian's package, `apt-get install chromium`.", pytrace=False)
    return found


@contextmanager
def browsers(count: int = 1, *, media: bool = False) -> Iterator[list[Browser]]:
    """Start so many separate Chromium processes."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        # Playwright's synchronous API keeps a loop on the test's thread; the ORM may be used beside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = [
            play.chromium.launch(executable_path=chromium_path(), args=[*QUIET, *(FAKE_MEDIA if media else [])])
            for _ in range(count)
        ]
        try:
            yield started
        finally:
            for browser in started:
                browser.close()
            # While Playwright's loop runs in this thread, Django keeps a connection of its own for it.
            connections.close_all()


def open_page(
    browser: Browser,
    *,
    url: str,
    cookies: list[dict[str, str]] | None = None,
    size: dict[str, int] = DESKTOP,
    dark: bool = False,
    scripts: bool = True,
) -> Page:
    """Open a page in a context of its own, signed in by the cookies given."""
    context: BrowserContext = browser.new_context(
        viewport=size,
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        permissions=["camera", "microphone"],
        reduced_motion="reduce",
        service_workers="block",  # a page alone; tests/notifications walks with the worker
    )
    if cookies:
        context.add_cookies(cookies)
    page = context.new_page()
    page.goto(url)
    return page


def session_cookie(user: object, url: str) -> dict[str, str]:
    """Make a session for a person and return its cookie for Playwright."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}
