"""What browser tests of calls share: signed-in pages, promises awaited, and parts of a page made comparable."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, WebSocket, WebSocketRoute

from tests.chromium import DESKTOP, session_cookie

# What differs between two equal pages: seconds that run, and each page's own token.
PARTS = """ids => Object.fromEntries(ids.map((id) => {
  const part = document.getElementById(id)?.cloneNode(true);
  if (!part) return [id, null];
  for (const running of part.querySelectorAll("digis-countdown")) {
    running.textContent = "";
    running.removeAttribute("data-seconds");
  }
  for (const moment of [part, ...part.querySelectorAll("*")]) moment.removeAttribute("data-ahead");
  for (const token of part.querySelectorAll("input[name=csrfmiddlewaretoken]")) token.setAttribute("value", "");
  return [id, part.outerHTML.replace(/\\s+/g, " ").replace(/> </g, "><")];
}))"""


class Desk:
    """One browser with one person in it."""

    def __init__(self, browser: Browser, person: Any, url: str) -> None:
        self.person, self.url = person, url
        self.context = browser.new_context(
            viewport=DESKTOP, permissions=["camera", "microphone"], reduced_motion="reduce"
        )
        self.context.add_cookies([session_cookie(person, url)])
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self._watch(self.page)

    def _watch(self, page: Page) -> None:
        listen(page)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())

    def open(self, path: str, *, page: Page | None = None) -> Page:
        """Go to a page of the site and wait until its socket is heard."""
        target = page or self.page
        target.goto(self.url + path)
        return target

    def parts(self, *ids: str, page: Page | None = None) -> dict[str, str | None]:
        """Return these parts of the page, comparable."""
        return (page or self.page).evaluate(PARTS, list(ids))

    def reloaded(self, *ids: str, scripts: bool = True) -> dict[str, str | None]:
        """Return the same parts from the same address, opened afresh in another tab."""
        fresh = self.context.new_page()
        listen(fresh)
        if not scripts:
            without_script(fresh)
        fresh.goto(self.page.url)
        hear(fresh)
        found = self.parts(*ids, page=fresh)
        fresh.close()
        return found


HEARD: WeakKeyDictionary[Page, bool] = WeakKeyDictionary()


def listen(page: Page) -> None:
    """Note when the page's latest socket has been answered by the server."""

    def opened(wire: WebSocket) -> None:
        HEARD[page] = False
        wire.on("framereceived", lambda _: HEARD.__setitem__(page, True))
        wire.on("close", lambda _: HEARD.__setitem__(page, False))

    page.on("websocket", opened)


def hear(page: Page) -> None:
    """Wait until the page's socket is open: what is published from now on reaches it."""
    wait_for(lambda: HEARD.get(page), f"the socket of {page.url}", page=page)


class Wire:
    """The socket of a page as a line that can be cut, and stays cut."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self._routes: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/", self._carry)

    def _carry(self, route: WebSocketRoute) -> None:
        if self.is_cut:
            route.close()
            return
        route.connect_to_server()
        self._routes.append(route)

    def cut(self) -> None:
        self.is_cut = True
        for route in self._routes:
            route.close()


def without_script(page: Page) -> None:
    """Keep the call's own script away: what is left is the page and the frames put into it."""
    page.route("**/js/call-*.js", lambda route: route.abort())


def expect_soon(page: Page, script: str, argument: Any = None, *, seconds: float = 25) -> None:
    """Ask the page, which may answer with a promise, until it says yes."""
    wait_for(lambda: page.evaluate(script, argument), f"{script} on {page.url}", page=page, seconds=seconds)


def wait_for(holds: Callable[[], Any], what: str, *, page: Page | None = None, seconds: float = 25) -> None:
    """Ask until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        if page is not None:
            page.wait_for_timeout(100)
        else:
            time.sleep(0.05)
