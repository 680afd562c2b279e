"""The frame round every page: theme without a flash, toasts, focus, menus, error pages, and all of it without a script."""

from __future__ import annotations

import os
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import constants
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from playwright.sync_api import Browser, expect

from accounts.models import User
from tests import make
from tests.chromium import PHONE
from tests.discovery.makers import make_listed
from tests.look.rooms import room

pytestmark = pytest.mark.django_db

# Every strip of tabs that is shown: whether it scrolls, and whether its current tab stands whole within it.
TABS = """() => [...document.querySelectorAll("main nav > [aria-current]")].map(tab => {
  const [here, strip] = [tab.getBoundingClientRect(), tab.parentElement.getBoundingClientRect()];
  return { words: tab.textContent, scrolls: tab.parentElement.scrollWidth > tab.parentElement.clientWidth,
    is_seen: here.left >= strip.left - 1 && here.right <= strip.right + 1 };
})"""


# ── What the server writes ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cookie", "attribute", "scheme"),
    [
        ("light", 'data-theme="digis-light"', 'content="light"'),
        ("dark", 'data-theme="digis-dark"', 'content="dark"'),
        ("system", None, 'content="light dark"'),
        ('"><script>', None, 'content="light dark"'),
    ],
)
def test_the_theme_comes_with_the_page(client: Client, cookie: str, attribute: str | None, scheme: str):
    client.cookies["theme"] = cookie
    root = re.search(r"<html[^>]*>", (html := client.get("/help/").content.decode()))
    assert root
    assert (attribute in root[0]) if attribute else ("data-theme" not in root[0])
    assert f'<meta name="color-scheme" {scheme}>' in html


def test_htmx_may_neither_leave_the_site_nor_run_what_it_is_given(client: Client):
    html = client.get("/help/").content.decode()
    for setting in (
        '"selfRequestsOnly":true',
        '"allowEval":false',
        '"allowScriptTags":false',
        '"historyCacheSize":0',
        '"code":"422","swap":true',
    ):
        assert setting in html


def test_no_link_of_the_shell_is_dead(fan_client: Client, creator_client: Client, client: Client):
    for browser in (client, fan_client, creator_client):
        html = browser.get("/help/").content.decode()
        links = set(re.findall(r'<a [^>]*href="(/[^"#?]*)', html))
        assert len(links) > 4
        for link in links:
            assert browser.get(link).status_code in {200, 302, 303}, link


def test_the_gallery_is_a_page_of_development_only(client: Client, settings: Any):
    assert client.get("/dev/components/").status_code == 200
    settings.DEV_PAGES = False
    assert client.get("/dev/components/").status_code == 404


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429])
def test_error_pages_name_the_request_and_a_way_on(status: int, client: Client):
    request = client.get("/help/").wsgi_request
    html = render_to_string(f"errors/{status}.html", {"request_id": "req-7f3a", "back": "/explore/"}, request)
    assert "req-7f3a" in html
    assert html.count("<h1") == 1
    assert 'class="btn btn-primary"' in html


@pytest.mark.parametrize("status", [500, 503])
def test_the_worst_pages_need_neither_request_nor_database(status: int):
    html = render_to_string(f"errors/{status}.html", {"request_id": "req-7f3a"})
    assert "req-7f3a" in html
    assert 'href="/"' in html


def test_a_missing_page_answers_with_its_request_id(client: Client):
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "Nothing behind this door" in answer.content.decode()


def test_a_refusal_inside_a_page_is_a_fragment(client: Client):
    html = render_to_string("errors/domain.html#inline", {"code": "INSUFFICIENT_TOKENS", "message": "Too <few>."})
    assert "Too &lt;few&gt;." in html
    assert "/wallet/buy/" in html
    assert "<html" not in html


# ── What a browser does with it ─────────────────────────────────────────────────────────────


def page_with_toast() -> str:
    class Note:
        level_tag, level = "success", constants.SUCCESS

        def __str__(self) -> str:
            return "You follow Ana."

    return render_to_string("components/shell/toasts.html", {"messages": [Note()]})


def with_toast(client: Client) -> str:
    html = client.get("/help/").content.decode()
    return re.sub(r'<div id="toasts".*?</div>', page_with_toast().strip(), html, count=1, flags=re.DOTALL)


def test_a_toast_floats_waits_while_pointed_at_and_can_be_dismissed(browser: Browser, client: Client):
    """A11Y-2"""
    html = with_toast(client)
    with room(browser, client) as here:
        here.page.clock.install(time=0)
        here.page.clock.pause_at(1_000)
        here.show_html("/toast/", html)
        here.page.clock.run_for(100)
        toast = here.page.locator("[data-toast]")
        expect(here.page.get_by_role("status").filter(has_text="You follow Ana.")).to_be_visible()
        here.page.clock.run_for(8_000)
        expect(toast).to_be_visible()
        toast.hover()
        here.page.clock.run_for(60_000)
        expect(toast).to_be_visible()
        here.page.mouse.move(1, 1)
        here.page.clock.run_for(60_000)
        expect(toast).to_have_count(0)
        here.show_html("/toast/", html)
        here.page.clock.run_for(100)
        here.page.get_by_role("button", name="Dismiss").click()
        expect(here.page.locator("[data-toast]")).to_have_count(0)


def test_without_a_script_a_toast_is_a_line_of_the_page(browser: Browser, client: Client):
    with room(browser, client, scripts=False) as here:
        here.show_html("/toast/", with_toast(client))
        box = here.page.locator("[data-toasts]")
        expect(box.get_by_text("You follow Ana.")).to_be_visible()
        assert box.evaluate("el => getComputedStyle(el).position") == "static"
        expect(here.page.get_by_role("button", name="Dismiss")).to_have_count(0)


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(browser: Browser, client: Client):
    with room(browser, client) as here:
        here.show("/help/")
        here.page.keyboard.press("Tab")
        link = here.page.get_by_role("link", name="Skip to content")
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport()
        here.page.keyboard.press("Enter")
        assert here.page.evaluate("document.activeElement.id") == "main"


def test_a_menu_opens_without_a_script_and_escape_closes_it(browser: Browser, fan_client: Client):
    with room(browser, fan_client) as here:
        here.show("/help/")
        menu = here.page.locator("details[data-menu]").first
        summary = menu.locator("summary")
        summary.focus()
        here.page.keyboard.press("Enter")
        expect(here.page.get_by_role("button", name="Sign out")).to_be_visible()
        here.page.keyboard.press("Escape")
        expect(here.page.get_by_role("button", name="Sign out")).to_be_hidden()
        expect(summary).to_be_focused()
    with room(browser, fan_client, scripts=False) as here:
        here.show("/help/")
        here.page.locator("details[data-menu] summary").first.click()
        expect(here.page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_sheet_opens_without_a_script(browser: Browser, fan_client: Client):
    make_listed("ana")
    with room(browser, fan_client, scripts=False) as here:
        here.show("/@ana/")
        here.page.locator("summary[aria-label='More']").first.click()
        here.page.get_by_role("button", name="Block Ana").first.click()
        expect(here.page.get_by_role("heading", name="Block Ana?")).to_be_visible()
        here.page.get_by_role("button", name="Keep it as it is").click()
        expect(here.page.get_by_role("heading", name="Block Ana?")).to_be_hidden()


def test_the_first_error_has_the_focus_after_a_failed_form(browser: Browser, client: Client):
    """A11Y-1, with a script and without"""
    for scripts in (True, False):
        with room(browser, client, scripts=scripts) as here:
            here.show("/sign-up/")
            here.page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
            here.page.locator("main form button.btn-primary").click()
            expect(here.page.locator("[data-error-summary]")).to_be_focused()


def test_more_people_come_into_the_list_and_the_page_keeps_its_place(browser: Browser, client: Client):
    for number in range(30):
        make_listed(f"creator{number:02d}", video=number + 1, voice=None)
    with room(browser, client) as here:
        here.show("/explore/?sort=price")
        expect(here.page.locator(".creator-card")).to_have_count(24)
        here.page.get_by_role("link", name="Load more").click()
        expect(here.page.locator(".creator-card")).to_have_count(30)
        expect(here.page.get_by_role("link", name="Load more")).to_have_count(0)
    with room(browser, client, scripts=False) as here:
        here.show("/explore/?sort=price")
        here.page.get_by_role("link", name="Load more").click()
        expect(here.page.locator(".creator-card")).to_have_count(6)


def test_filters_swap_the_results_and_change_the_address(browser: Browser, client: Client):
    make_listed("cheap", video=10, voice=None)
    make_listed("dear", video=90, voice=None)
    with room(browser, client) as here:
        here.show("/explore/")
        here.page.get_by_label("Up to, per minute").fill("20")
        here.page.get_by_role("button", name="Show").click()
        expect(here.page.locator(".creator-card")).to_have_count(1)
        assert "most=20" in here.page.url
        here.page.reload()
        expect(here.page.locator(".creator-card")).to_have_count(1)
        here.page.get_by_role("link", name="Remove filter: Up to 20 a minute").click()
        expect(here.page.locator(".creator-card")).to_have_count(2)


def test_a_phone_has_a_bar_below_and_a_page_with_acts_has_its_own(browser: Browser, client: Client):
    make_listed("ana", online=True)
    with room(browser, client) as here:
        here.page.set_viewport_size(PHONE)
        here.show("/explore/")
        bar = here.page.get_by_role("navigation", name="Main, short")
        expect(bar).to_be_visible()
        assert bar.get_by_role("link").count() == 5
        here.show("/@ana/")
        expect(here.page.locator(".bottombar")).to_be_hidden()
        expect(here.page.locator(".actionbar").get_by_role("link", name="Call")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/settings/profile/", 390),
        ("/settings/notifications/", 390),
        ("/settings/appearance/", 390),
        ("/notifications/?category=account", 390),
        ("/studio/disputes/", 240),
    ],
)
def test_the_current_tab_is_in_view_and_nothing_else_has_moved(
    path: str, width: int, browser: Browser, creator_client: Client
):
    """A11Y-4: nobody has to drag a strip that is wider than a phone to see where they are."""
    with room(browser, creator_client) as here:
        here.page.set_viewport_size({"width": width, "height": 844})
        here.show(path)
        strips = here.page.evaluate(TABS)
        assert any(strip["scrolls"] for strip in strips)
        assert all(strip["is_seen"] for strip in strips), strips
        assert here.page.evaluate("[scrollX, scrollY, document.activeElement === document.body]") == [0, 0, True]


def test_every_page_builds_with_a_request_that_no_middleware_touched(rf: RequestFactory):
    """Error handlers may run before sessions and messages are there."""
    from django.contrib.auth.models import AnonymousUser

    from digis.core.http import page_not_found

    request: HttpRequest = rf.get("/nothing/")
    request.user = AnonymousUser()
    answer: HttpResponse = page_not_found(request)
    assert answer.status_code == 404


# ── The studio's earnings ───────────────────────────────────────────────────────────────────


def test_the_earnings_in_the_studios_bar_follow_what_is_earned(browser: Browser, creator: User, creator_client: Client):
    """What the socket says makes the chip ask; it fits a phone, and a long amount does too."""
    make.earn_available(creator, 500)
    with room(browser, creator_client) as here:
        here.show("/studio/statements/")
        chip = here.page.locator("#earnings-chip")
        expect(chip).to_contain_text("$25.00")
        make.earn_available(creator, 2_000_000)
        here.page.evaluate("document.dispatchEvent(new CustomEvent('digis:studio.earnings', {detail: {}}))")
        expect(chip).to_contain_text("$100,025.00")
        assert here.page.locator("#earnings-chip").count() == 1
        for width, dark in product((320, 390, 1440), (False, True)):
            here.dress({"width": width, "height": 800}, dark=dark)
            assert here.page.evaluate("document.documentElement.scrollWidth") == width
            if folder := os.environ.get("DIGIS_SHOTS"):
                here.page.screenshot(path=Path(folder) / f"chip-{width}-{'dark' if dark else 'light'}.png")
