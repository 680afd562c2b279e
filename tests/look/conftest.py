"""One browser for all tests of the look; the ORM is used while Playwright's loop sleeps in the same thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser

from tests.chromium import browsers


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers() as (one,):
        yield one
        connections.close_all()  # those that were opened while Playwright's loop ran
