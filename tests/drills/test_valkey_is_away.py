"""Valkey dies and stays away: an open page gets its news by HTTP meanwhile, and by its socket again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from digis.core import valkey
from digis.stack.process import await_true
from digis.stack.supervisor import Stack
from economy import services as economy
from tests import make
from tests.chromium import browsers, session_cookie

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

LISTEN = """
window.told = [];
window.isTheSame = true;
for (const name of ["live", "resync", "wallet.balance"]) {
  document.addEventListener("digis:" + name, (event) => window.told.push([name, event.detail]));
}
"""


def until(page: Page, expression: str, seconds: float = 40) -> None:
    """Wait for the page by asking again: its policy forbids the browser's own way of waiting for an expression."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"Never true: {expression}. The page heard {page.evaluate('window.told')}")


def grant(person: Any, amount: int) -> None:
    economy.grant_promotional(person=person, amount=amount, key=f"drill:{amount}", reason="drill")


def balance_is(amount: int) -> str:
    return f"(document.getElementById('balance-chip')?.textContent ?? '').includes('{amount}')"


@pytest.fixture
def _same_valkey(drill: Stack, settings: Any) -> Iterator[None]:
    """Have the test publish where the processes listen."""
    settings.REDIS_URL = drill.env["REDIS_URL"]
    valkey.reset()
    yield
    valkey.reset()


@pytest.mark.usefixtures("_same_valkey")
def test_a_page_gets_its_news_while_valkey_is_away_and_after_it_is_back(drill: Stack):
    """It polls by itself while the server says that it is deaf, and is never loaded anew."""
    person = make.make_person("patient")
    with browsers() as [browser]:
        context = browser.new_context()
        context.add_cookies([session_cookie(person, drill.url)])
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(f"{drill.url}/help/")
        grant(person, 111)
        until(page, balance_is(111))  # by the socket, or by the look a page takes when something came before its socket
        page.evaluate("window.told = []")
        with drill._guard:  # whoever would start it again waits
            drill.kill("valkey")
            until(page, "window.told.some(([name, detail]) => name === 'live' && !detail.isLive)")
            grant(person, 222)
            until(page, balance_is(333))  # by HTTP
            assert not page.evaluate("window.told.some(([name]) => name === 'resync')")
        assert await_true(drill._parts["valkey"].is_ready, seconds=60)
        until(page, "window.told.some(([name]) => name === 'resync')")
        page.evaluate("window.told = []")
        grant(person, 444)
        until(page, "window.told.some(([name]) => name === 'wallet.balance')")  # by the socket again
        until(page, balance_is(777))
        assert page.evaluate("window.isTheSame")
