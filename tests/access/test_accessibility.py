"""axe, widths and consoles, in Chromium: every page in each of its states, and as each kind of person gets it.

Two walks. Places are opened with a server behind them, so that their scripts run and their consoles are heard. The
routes of the matrix are rendered and shown as they are: as two kinds of people get them, their forms sent empty, and one
page of each refusal. The hosted pages of the stand-in have the same test in tests/sandbox/test_accessibility.py.
"""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser

from accounts import services as accounts
from tests.access import people as p
from tests.access.looking import eye, problems
from tests.access.matrix import MATRIX
from tests.access.people import ADMIN, ANON, CREATOR, FAN, UNVERIFIED, World
from tests.access.places import PLACES
from tests.access.test_forms_without_scripts import forget_limits
from tests.access.test_matrix import wanted
from tests.chromium import DESKTOP, PHONE
from tests.look.rooms import room

PARTS = 4
NAMES = list(PLACES)
Look = tuple[dict[str, int], bool]
# Both themes at both widths, one of the four for each page in turn; the nightly run takes all four of each.
ALL: list[Look] = list(product([PHONE, DESKTOP], [False, True]))
IN_TURN: list[list[Look]] = [[look] for look in ALL]


def walk(browser: Browser, site: str, clock: Any, part: int, looks: list[list[Look]]) -> list[str]:
    """Open every fourth place and look at it."""
    found = []
    with eye(browser, site) as onlooker:
        for number in range(part, len(NAMES), PARTS):
            name = NAMES[number]
            forget_limits()
            visit = PLACES[name](clock)
            onlooker.open(visit)
            for size, dark in looks[number // PARTS % len(looks)]:
                found += [f"{name}, {what}" for what in onlooker.look(size, dark=dark)]
            found += [f"{name}: {said}" for said in onlooker.heard(visit)]
            clock.reset()
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_serious_and_no_page_scrolls_sideways_or_complains(
    browser: Browser, site: str, clock: Any, part: int
):
    found = walk(browser, site, clock, part, IN_TURN)
    assert not found, "\n".join(found)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_the_same_at_both_widths_in_both_themes(browser: Browser, site: str, clock: Any, part: int):
    found = walk(browser, site, clock, part, [ALL])
    assert not found, "\n".join(found)


# ── The routes, as each kind of person gets them ────────────────────────────────────────────

KINDS = (FAN, CREATOR, ANON, UNVERIFIED, ADMIN)
REFUSALS = {400, 403, 404, 409, 410, 429}
NOT_PAGES = {
    "notifications:service_worker",
    "core:metrics",
    "core:healthz",
    "core:readyz",
    "core:media",
    "api:schema",
    "api:docs",
}
ROWS = [(name, row) for name, row in MATRIX.items() if name not in NOT_PAGES and not name.startswith("api:")]
# Both themes at both widths; all rules in two of the four, the contrast of every text in all.
LOOKS = ((DESKTOP, False, True), (DESKTOP, True, False), (PHONE, True, True), (PHONE, False, False))


@pytest.fixture
def world(db: None) -> World:
    found = p.make_world()
    creator = found.people[CREATOR]
    accounts.note_presence(user=creator)
    accounts.follow(follower=found.people[FAN], followed=creator)
    return found


def read_pages(world: World, rows: list[tuple[str, Any]], settings: Any) -> dict[str, tuple[int, str]]:
    """Return each route's page as two kinds of people get it, its form sent empty, and one page of each refusal."""
    found: dict[str, tuple[int, str]] = {}
    refusals: set[int] = set()
    for name, row in rows:
        seen = {"get": 0, "post": 0}
        for kind, method in ((kind, method) for kind in KINDS for method in ("get", "post")):
            if seen[method] >= {"get": 2, "post": 1}[method] or 405 in wanted(row, method, kind):
                continue
            settings.LIMITS_PREFIX = f"digis:limit:{uuid4().hex}"
            point = transaction.savepoint()
            url = reverse(name, kwargs=row.args(world)) + row.query
            client = world.client(kind)
            answer = client.get(url) if method == "get" else client.post(url, {})
            world.clients.pop(kind, None)
            is_page = not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html")
            status, body = answer.status_code, answer.content.decode() if is_page else ""
            is_new = status in {200, 422} if method == "get" else status == 422
            if status in REFUSALS and status not in refusals:
                refusals.add(status)
                is_new = True
            if is_new and "<html" in body:
                seen[method] += 1
                found[f"/{kind}/{method}/{name.replace(':', '/')}/"] = (status, body)
            transaction.savepoint_rollback(point)
    return found


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
def test_axe_finds_nothing_serious_whoever_asks_and_whatever_is_missing(
    world: World, browser: Browser, settings: Any, part: int
):
    """A11Y-1 to A11Y-4"""
    pages = read_pages(world, ROWS[part::4], settings)
    assert pages
    found: list[str] = []
    with room(browser) as here:
        for path, (status, html) in pages.items():
            here.show_html(path, html, status)
            for size, dark, whole in LOOKS:
                here.dress(size, dark=dark)
                label = f"{path} at {size['width']} px, {'dark' if dark else 'light'}"
                found += [f"{label}: {problem}" for problem in problems(here.page, only_contrast=not whole)]
    assert not found, "\n".join(found)


def test_the_narrowest_phone_and_text_from_right_to_left_do_not_scroll_sideways(
    world: World, browser: Browser, settings: Any
):
    """I18N-1, A11Y-4"""
    wanted = {"discovery:home", "discovery:explore", "discovery:creator", "discovery:components", "discovery:help"}
    pages = read_pages(world, [row for row in ROWS if row[0] in wanted], settings)
    found: list[str] = []
    with room(browser) as here:
        here.page.set_viewport_size({"width": 320, "height": 640})
        for path, (status, html) in pages.items():
            for direction in ("ltr", "rtl"):
                here.show_html(path, html.replace('dir="ltr"', f'dir="{direction}"'), status)
                wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                found += [f"{path} {direction}: {wide} px"] if wide > 0 else []
    assert not found, "\n".join(found)
