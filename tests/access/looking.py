"""Looking at a page in Chromium: what axe finds, whether it scrolls sideways, what its console says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.access.places import Visit
from tests.chromium import DESKTOP

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (rules) => {
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...(rules && {runOnly: rules})});
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)} ` +
      [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ").slice(0, 200)));
}"""
# What stands out of the page to the right, where anything does: the outermost of them.
SIDEWAYS = """() => {
  const page = document.scrollingElement;
  if (page.scrollWidth <= document.documentElement.clientWidth) return [];
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  return out.filter((e) => !out.includes(e.parentElement)).slice(0, 5)
    .map((e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")} ${Math.round(e.getBoundingClientRect().right)}`)
    .concat(`the page is ${page.scrollWidth} wide`);
}"""
# Fonts are there, one frame was drawn, and whatever glides from one color to another has arrived.
STILL = """async () => {
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  for (const moving of document.getAnimations()) {
    if (moving.effect?.getComputedTiming().endTime === Infinity) moving.cancel(); else moving.finish();
  }
}"""


def problems(page: Page, *, only_contrast: bool = False) -> list[str]:
    """Return what axe calls serious or critical on the page that is open, and what makes it scroll sideways."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))  # from outside, past the page's policy
    found: list[str] = page.evaluate(RUN, ["color-contrast"] if only_contrast else None)
    return found + [f"scrolls sideways: {what}" for what in page.evaluate(SIDEWAYS)]


class Eye:
    """One context of one browser, in which one page after another is opened as somebody else."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.page = context.new_page()
        self.page.route_web_socket(
            re.compile(r"/ws/(\?.*)?$"), lambda _: None
        )  # it opens and stays silent: pages alone are looked at
        self.said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(f"script: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(f"console: {message.text} {message.location.get('url', '')}")

    def open(self, visit: Visit) -> Page:
        """Go to a page as the person of the visit."""
        self.context.clear_cookies()
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in visit.browser.cookies.items()]
        )
        self.said.clear()
        answer = self.page.goto(self.url + visit.path)
        assert answer is not None
        assert answer.status == visit.status, f"{visit.path}: {answer.status}"
        if visit.script:
            self.page.evaluate(visit.script)
        self.page.evaluate(STILL)
        return self.page

    def heard(self, visit: Visit) -> list[str]:
        """Return what the console said; that the page itself is an error page is no news."""
        own = f"the server responded with a status of {visit.status} "
        return [
            line
            for line in self.said
            if (visit.status == 200 or own not in line) and not line.endswith("/favicon.ico")  # mail names no icon
        ]

    def look(self, size: dict[str, int], *, dark: bool) -> list[str]:
        """Return what is wrong with the page that is open, at this size and in this theme."""
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
        self.page.evaluate(STILL)
        where = f"{size['width']} px, {'dark' if dark else 'light'}"
        return [f"{where}: {what}" for what in problems(self.page)]


@contextmanager
def eye(browser: Browser, url: str, **options: Any) -> Iterator[Eye]:
    context = browser.new_context(
        viewport=DESKTOP, permissions=["camera", "microphone"], reduced_motion="reduce", **options
    )
    try:
        yield Eye(context, url)
    finally:
        context.close()
