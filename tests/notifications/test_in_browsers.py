"""The inbox in real browsers: one event is one line in every tab, read in one is read in all, and frames equal reloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts import services as accounts
from digis.core.models import OutboxEntry
from notifications import services
from notifications.models import Delivery, Notification
from tests import make
from tests.calls_ui.desk import Desk, expect_soon, hear, wait_for
from tests.chromium import browsers

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

# The words of a time change by themselves while two pages are compared.
TIMELESS = """place => { const list = document.querySelector(place)?.cloneNode(true);
  for (const time of list?.querySelectorAll("time") ?? []) { time.textContent = ""; time.removeAttribute("title"); }
  for (const token of list?.querySelectorAll("input[name=csrfmiddlewaretoken]") ?? []) token.setAttribute("value", "");
  return list?.outerHTML.replace(/\\s+/g, " ").replace(/> </g, "><") ?? null; }"""
PARTS = ("#news", "#bell-count", "#bell-item", "#bell-short")
LINES = ".news-line"
NEW = ".news-new"


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def people(stack: Any) -> tuple[Any, Any, Any]:
    return make.make_creator("ana"), make.make_person("dev"), make.make_person("noor")


def parts_of(page: Page) -> list[str | None]:
    return [page.evaluate(TIMELESS, place) for place in PARTS]


def same_as_reloaded(desk: Desk, page: Page) -> None:
    fresh = desk.context.new_page()
    fresh.goto(page.url)
    assert parts_of(page) == parts_of(fresh)
    fresh.close()


def open_tab(desk: Desk, path: str, page: Page | None = None) -> Page:
    page = desk.open(path, page=page or desk.page)
    hear(page)
    return page


@pytest.fixture
def desks(stack: Any, people: tuple[Any, Any, Any]) -> Iterator[tuple[Desk, Desk, Desk]]:
    ana, dev, _noor = people
    with browsers(2) as (first, second):
        yield Desk(first, ana, stack.url), Desk(second, ana, stack.url), Desk(second, dev, stack.url)


def new_tab(desk: Desk) -> Page:
    from tests.calls_ui.desk import listen

    page = desk.context.new_page()
    listen(page)
    return page


def test_one_event_is_one_line_in_every_tab_and_read_in_one_is_read_in_all(
    people: tuple[Any, Any, Any], desks: tuple[Desk, Desk, Desk]
):
    """NOT-1, NOT-3: two browsers, three tabs; none for one's own acts; each frame equals a reload."""
    ana, dev, noor = people
    first, second, other = desks
    inbox = open_tab(first, "/notifications/")
    unread = open_tab(first, "/notifications/?tab=unread", new_tab(first))
    narrow = open_tab(second, "/notifications/?category=followers")
    own = open_tab(other, "/notifications/")
    tabs = ((first, inbox), (first, unread), (second, narrow))

    accounts.follow(follower=dev, followed=ana)
    for desk, page in tabs:
        expect(page.locator(LINES)).to_have_count(1)
        expect(page.locator("#bell-count .count")).to_have_text("1")
        same_as_reloaded(desk, page)
    assert Notification.objects.filter(person=ana).count() == 1
    assert not Notification.objects.filter(person=dev).exists()
    expect(own.locator(LINES)).to_have_count(0)
    expect(own.locator("#bell-count .count")).to_have_count(0)

    accounts.follow(follower=noor, followed=ana)  # the same line grows
    for desk, page in tabs:
        expect(page.locator(".news-link")).to_contain_text("Noor and 1 other follow you")
        same_as_reloaded(desk, page)
    services.notify(kind="accounts.password_changed", person=ana, key="p", data={})
    expect(inbox.locator(LINES)).to_have_count(2)
    expect(narrow.locator(LINES)).to_have_count(1)
    expect(narrow.locator("#bell-count .count")).to_have_text("2")
    for desk, page in tabs:
        same_as_reloaded(desk, page)

    narrow.locator(".news-act button").click()  # a plain form: the page comes back
    hear(narrow)
    for page, lines, new in ((inbox, 2, 1), (unread, 1, 1), (narrow, 1, 0)):
        expect(page.locator("#bell-count .count")).to_have_text("1")
        expect(page.locator(NEW)).to_have_count(new)
        expect(page.locator(LINES)).to_have_count(lines)
    for desk, page in tabs:
        same_as_reloaded(desk, page)

    inbox.get_by_role("button", name="Mark all as read").click()
    for _desk, page in tabs:
        expect(page.locator("#bell-count .count")).to_have_count(0)
        expect(page.locator(NEW)).to_have_count(0)
    expect(unread.get_by_text("You are up to date")).to_be_visible()
    hear(inbox)
    for desk, page in tabs:
        same_as_reloaded(desk, page)

    inbox.locator(".news-link").first.click()
    expect(inbox).to_have_url(f"{first.url}/settings/security/")
    assert first.faults == second.faults == other.faults == []


def test_a_worker_killed_between_commit_and_delivery_delivers_and_is_seen_once(
    stack: Any, people: tuple[Any, Any, Any], desks: tuple[Desk, Desk, Desk]
):
    """NOT-1: `kill -9`; the row is the promise."""
    ana, dev, _noor = people
    page = open_tab(desks[0], "/notifications/")
    stack.kill("worker")
    accounts.follow(follower=dev, followed=ana)
    assert Delivery.objects.get().status == "waiting"
    assert OutboxEntry.objects.filter(kind="notifications.deliver", done_at__isnull=True).exists()
    expect(page.locator(LINES)).to_have_count(1, timeout=40_000)
    wait_for(lambda: Delivery.objects.get().status == "sent", "the delivery")
    expect_soon(page, "() => document.querySelectorAll('.news-line').length === 1")
    expect(page.locator("#bell-count .count")).to_have_text("1")
    assert Notification.objects.count() == 1

    accounts.block(blocker=ana, blocked=dev)  # MOD-1: out of the inbox while it is open
    expect(page.locator(LINES)).to_have_count(0)
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    same_as_reloaded(desks[0], page)
