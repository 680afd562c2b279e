"""Browser tests of calls speak to the ORM while Playwright's loop sleeps in the same thread: nothing runs at once."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
