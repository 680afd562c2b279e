"""What the walks through every page need: a browser that lives for all of them, and the ORM beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser

from tests.chromium import browsers


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a camera that shows a test picture."""
    with browsers(media=True) as [one]:
        yield one
        connections.close_all()  # inside Playwright's loop this thread has connections of its own


@pytest.fixture
def site(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Our pages from this very process; Playwright's loop sleeps in this thread, so the ORM may be asked beside it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.ROOT_URLCONF = "tests.access.urls"
    return str(live_server.url)
