"""The page's side of the socket, in a real browser against the running site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page

from digis.core import realtime
from digis.core.realtime import publish
from tests import make
from tests.chromium import browsers, session_cookie

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

LISTEN = """
window.told = [];
for (const name of ["probe", "resync", "live", "signed-out"]) {
  document.addEventListener("digis:" + name, (event) => window.told.push([name, event.detail]));
}
window.WebSocket = class extends WebSocket {
  constructor(address) {
    super(address);
    this.addEventListener("message", () => { window.isHeard = true; });
  }
};
"""
GROUND = """() => {
  document.getElementById("main").insertAdjacentHTML("beforeend", `
    <p id="count">0</p>
    <ul id="list"><li id="first">first</li></ul>
    <form id="talk" method="post" action="/x/">
      <label for="words">Words</label><input id="words" name="words"><button name="go">Go</button>
    </form>`);
}"""


@pytest.fixture
def person(stack: Any) -> Any:
    return make.make_person("listener")


@pytest.fixture
def page(stack: Any, person: Any) -> Iterator[Page]:
    with browsers() as [browser]:
        context = browser.new_context()
        context.add_cookies([session_cookie(person, stack.url)])
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(f"{stack.url}/help/")
        until(page, "window.isHeard === true")
        page.evaluate(GROUND)
        yield page


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for the page by asking again: its policy forbids the browser's own way of waiting for an expression."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"Never true: {expression}")


def send(person: Any, html: str, *, seq: int = 0, name: str = "probe", **data: Any) -> None:
    topic = f"user:{person.pk}"
    frame = {"type": "event", "topic": topic, "name": name, "html": html, "data": data, "seq": seq}
    publish._publish({"t": topic, "e": None}, frame, kind="event")  # what follows at once travels together


def told(page: Page, name: str) -> list[Any]:
    return [detail for what, detail in page.evaluate("window.told") if what == name]


def test_a_fragment_replaces_its_element_and_scripts_hear_of_it(page: Page, person: Any):
    send(person, '<p id="count">1</p>', seq=5, n=1)
    until(page, "document.getElementById('count').textContent === '1'")
    assert told(page, "probe") == [{"topic": f"user:{person.pk}", "data": {"n": 1}}]


def test_an_older_truth_does_not_cover_a_later_one(page: Page, person: Any):
    send(person, '<p id="count">new</p>', seq=9)
    send(person, '<p id="count">old</p>', seq=8)
    send(person, '<p id="count">newest</p>', seq=10)
    until(page, "document.getElementById('count').textContent === 'newest'")
    assert len(told(page, "probe")) == 2


def test_lists_grow_at_both_ends_shrink_and_never_hold_a_thing_twice(page: Page, person: Any):
    send(person, '<li id="b" data-swap="append" data-target="list">b</li>', seq=2)
    send(person, '<li id="a" data-swap="prepend" data-target="list">a</li>', seq=1)  # a late addition is not dropped
    send(person, '<li id="b" data-swap="append" data-target="list">B</li>', seq=3)
    send(person, '<li id="first" data-swap="remove"></li>', seq=4)
    until(page, "!document.getElementById('first')")
    assert page.locator("#list li").all_text_contents() == ["a", "B"]


def test_the_keyboard_and_half_typed_words_survive_a_replacement(page: Page, person: Any):
    page.fill("#words", "half typed")
    page.evaluate("document.getElementById('words').setSelectionRange(2, 4)")
    fresh = (
        '<form id="talk" method="post" action="/x/"><p>new</p><input id="words" name="words"><button>Go</button></form>'
    )
    send(person, fresh, seq=1)
    page.wait_for_selector("#talk p")
    state = page.evaluate(
        "(() => { const e = document.activeElement; return [e.id, e.value, e.selectionStart, e.selectionEnd]; })()"
    )
    assert state == ["words", "half typed", 2, 4]


def test_a_form_that_comes_over_the_socket_has_the_pages_token(page: Page, person: Any):
    send(person, '<form id="talk" method="post" action="/x/"><b>new</b></form>', seq=1)
    page.wait_for_selector("#talk b")
    token = page.locator("#talk input[name=csrfmiddlewaretoken]").get_attribute("value")
    assert token
    assert token in (page.locator("body").get_attribute("hx-headers") or "")


def test_a_fragment_brings_no_script(page: Page, person: Any):
    send(person, '<p id="count">2<img src="x" onerror="window.evil = 1"><script>window.evil = 2</script></p>', seq=1)
    page.wait_for_selector("#count img")
    page.wait_for_timeout(200)
    assert page.evaluate("window.evil") is None


def test_a_server_that_was_gone_is_found_again_and_the_page_looks_again(page: Page, person: Any, stack: Any):
    stack.kill("web")
    until(page, "window.told.some(([name, detail]) => name === 'live' && !detail.isLive)")
    stack.wait_ready("web")
    until(page, "window.told.some(([name]) => name === 'resync')", 60)
    for seq in range(1, 60):  # a slow server may have it look a second time, and what is sent here is in no table
        send(person, '<p id="count">back</p>', seq=seq)
        page.wait_for_timeout(500)
        if page.evaluate("document.getElementById('count').textContent === 'back'"):
            break
    assert page.locator("#count").text_content() == "back"
    live = told(page, "live")
    assert (live[0], live[-1]) == ({"isLive": False}, {"isLive": True})


def test_a_person_signed_out_elsewhere_is_told_and_not_asked_again(page: Page, person: Any):
    realtime.close_sockets(person.pk)
    until(page, "window.told.some(([name]) => name === 'signed-out')")
    Session.objects.all().delete()
    opened: list[Any] = []

    def note(wire: Any) -> None:
        opened.append(wire)

    page.on("websocket", note)
    page.wait_for_timeout(1_500)
    assert opened == []
