"""Where things stand on a page, measured in a browser: nothing leaves the screen, nothing is squeezed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts import services
from accounts.models import User
from economy.models import LedgerTransaction
from tests import make
from tests.calls.cast import open_call
from tests.chromium import DESKTOP, PHONE
from tests.discovery.makers import make_listed
from tests.look.rooms import Room, room

pytestmark = pytest.mark.django_db


def test_the_paper_reaches_the_end_of_the_window_on_a_short_page(browser: Browser, client: Client):
    broken = render_to_string("errors/500.html", {"request_id": "req-7f3a"})
    with room(browser, client) as here:
        here.show_html("/broken/", broken, status=500)
        for size, dark in product((PHONE, DESKTOP), (False, True)):
            here.dress(size, dark=dark)
            root, body = here.page.evaluate(
                "[document.documentElement, document.body].map(el => getComputedStyle(el).backgroundColor)"
            )
            assert root == body


@pytest.fixture
def bar(browser: Browser, fan: User, fan_client: Client) -> Iterator[Room]:
    """The page of somebody whom the fan follows, with everything its bar can hold."""
    ana = make_listed("ana", name="Ana Ferreira", video=1_200, voice=1_100, online=True)
    services.follow(follower=fan, followed=ana)
    with room(browser, fan_client) as here:
        here.page.set_viewport_size(PHONE)
        here.show("/@ana/")
        yield here


def test_the_call_of_a_phone_is_one_line_that_says_its_price(bar: Room):
    call = bar.page.locator(".actionbar").get_by_role("link", name="Call")
    expect(call).to_contain_text("from 1,100 / min")
    words = call.locator(".one-line")
    assert words.evaluate("el => el.scrollHeight <= el.clientHeight")
    for width in (320, 360):  # without room for a price so high, “Call” stays whole
        bar.dress({"width": width, "height": 640}, dark=False)
        box, line = call.bounding_box(), words.bounding_box()
        assert box
        assert line
        assert box["x"] <= line["x"] <= line["x"] + line["width"] <= box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [320, 390, 640, 768, 1024, 1440])
def test_menus_of_a_creators_page_stay_on_the_screen(bar: Room, width: int):
    bar.dress({"width": width, "height": 844}, dark=False)
    shown = bar.page.locator("main details.menu-box > summary").filter(visible=True)
    assert shown.count()
    for summary in shown.all():
        summary.click()
        menu = bar.page.locator("details[open] > .menu-list").bounding_box()
        assert menu
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= width
        bar.page.keyboard.press("Escape")


def test_the_acts_beside_a_creators_name_leave_it_room(bar: Room):
    for width in (640, 768, 1024, 1100, 1440):
        bar.dress({"width": width, "height": 844}, dark=False)
        name = bar.page.locator("main h1").bounding_box()
        assert name
        assert name["width"] >= 280, width
        assert bar.page.evaluate("document.documentElement.scrollWidth") == width


def test_what_a_fan_hears_is_chosen_in_the_menu_of_the_bar(bar: Room):
    bar.page.locator(".actionbar summary[aria-label='More']").click()
    bar.page.locator(".actionbar").get_by_role("button", name="Nothing").click()
    bar.page.locator(".actionbar summary[aria-label='More']").click()
    chosen = bar.page.locator(".actionbar").get_by_role("button", name="Nothing")
    expect(chosen).to_have_attribute("aria-pressed", "true")


# ── Receipts ────────────────────────────────────────────────────────────────────────────────


def receipts(fan: User, client: Client) -> list[str]:
    """Make one of each: of a purchase, of tokens that moved, and of a call."""
    purchase = make.buy_tokens(fan, 1_000)
    call = open_call(fan, make_listed("ana", online=True))
    client.post(reverse("calls:end", args=[call.pk]))
    moved = LedgerTransaction.objects.get(type="purchase", person=fan)
    return [
        reverse("economy:purchase", args=[purchase.pk]),
        reverse("economy:receipt", args=[moved.pk]),
        reverse("calls:summary", args=[call.pk]),
    ]


def test_a_receipt_prints_alone_and_black_on_white(browser: Browser, fan: User, fan_client: Client):
    with room(browser, fan_client, color_scheme="dark") as here:
        for path in receipts(fan, fan_client):
            here.page.emulate_media(media="screen")
            here.show(path)
            expect(here.page.locator(".topbar")).to_be_visible()
            here.page.emulate_media(media="print")
            shell = ".skip, .topbar, .rail, .bottombar, .foot, .btn, button"
            assert here.page.locator(shell).filter(visible=True).count() == 0, path
            total = here.page.locator(".bill-total")
            expect(total).to_be_visible()
            assert total.locator("dt").evaluate("el => getComputedStyle(el).color") == "rgb(0, 0, 0)", path
            papers = "els => els.map(el => getComputedStyle(el).backgroundColor)"
            found = set(here.page.locator("html, body, .panel, .bill-total").evaluate_all(papers))
            assert found == {"rgb(255, 255, 255)"}, path


def test_the_receipts_of_wallet_and_call_have_a_button_that_prints(browser: Browser, fan: User, fan_client: Client):
    _, wallet, call = receipts(fan, fan_client)
    with room(browser, fan_client) as here:
        here.page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1 }")
        for path in (wallet, call):
            here.show(path)
            here.page.get_by_role("button", name="Print").click()
            assert here.page.evaluate("window.printed") == 1


def test_the_gold_of_a_total_stays_within_the_round_corners_of_its_bill(
    browser: Browser, fan: User, fan_client: Client
):
    with room(browser, fan_client) as here:
        here.show(receipts(fan, fan_client)[1])
        corner = here.page.locator(".bill-total").evaluate("el => getComputedStyle(el).borderEndEndRadius")
        assert corner == "11px"  # the box's 12, less its line


def test_the_head_of_a_receipt_is_read_from_the_start_on_a_phone(browser: Browser, fan: User, fan_client: Client):
    with room(browser, fan_client) as here:
        here.show(receipts(fan, fan_client)[1])
        for size, align in ((PHONE, "start"), (DESKTOP, "end")):
            here.dress(size, dark=False)
            line = here.page.locator("article header p").last
            assert line.evaluate("el => getComputedStyle(el).textAlign") == align


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
def test_the_focus_ring_of_buttons_and_fields_is_three_pixels_of_tide(browser: Browser, client: Client, dark):
    ring = """el => {
      const { outlineColor, outlineOffset, outlineStyle, outlineWidth } = getComputedStyle(el);
      return `${outlineWidth} ${outlineStyle} ${outlineColor} ${outlineOffset}`;
    }"""
    with room(browser, client) as here:
        here.show("/sign-in/")
        here.dress(DESKTOP, dark=dark)
        here.page.keyboard.press("Tab")
        tide = here.page.evaluate("""() => {
          const probe = document.createElement("i");
          probe.style.color = "var(--color-secondary)";
          document.body.append(probe);
          return getComputedStyle(probe).color;
        }""")
        for control in ("main form .btn-primary", "#id_login"):
            here.page.locator(control).focus()
            assert here.page.locator(control).evaluate(ring) == f"3px solid {tide} 2px", control


# ── The tip sheet ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("height", [844, 640])
def test_the_gold_button_of_a_tip_is_in_sight_on_a_phone(bar: Room, fan: User, height: int):
    make.buy_tokens(fan, 1_000)
    bar.dress({"width": 390, "height": height}, dark=False)
    bar.show("/@ana/tip/")
    pay = bar.page.locator(".btn-pay")
    expect(pay).to_contain_text("Tip Ana Ferreira · 100 tokens ≈ $5.00")
    expect(pay).to_be_in_viewport(ratio=1)
    bar.show("/@ana/")
    bar.page.locator(".actionbar").get_by_role("link", name="Tip Ana Ferreira").click()
    sheet = bar.page.locator("#tip-sheet")
    expect(sheet.locator(".btn-pay")).to_contain_text("Tip Ana Ferreira · 100 tokens ≈ $5.00")
    expect(sheet.locator(".btn-pay")).to_be_in_viewport(ratio=1)
    if height == PHONE["height"]:
        assert sheet.evaluate("el => el.scrollHeight <= el.clientHeight + 1"), "nothing of it has to be scrolled"
        lines = "el => el.getBoundingClientRect().height / parseFloat(getComputedStyle(el).lineHeight)"
        assert sheet.locator(".btn-pay [data-pay-words] > :last-child").evaluate(lines) < 2
    tile = sheet.locator(".amounts label.amount").first.bounding_box()
    own = sheet.get_by_label("Or another amount").bounding_box()
    assert own
    assert tile
    assert own["height"] == tile["height"]
    sheet.get_by_label("Say something").focus()
    expect(sheet.get_by_label("Say something")).to_be_in_viewport()


# ── The front page ──────────────────────────────────────────────────────────────────────────


def test_what_looks_like_a_gold_button_on_the_front_page_can_be_pressed(client: Client):
    html = client.get("/").content.decode()
    assert not re.search(r"<span[^>]*\bbtn\b", html)
    assert "≈ $10.00" in html


def test_the_panel_for_creators_has_two_pictures_though_nobody_has_a_portrait(browser: Browser, client: Client):
    with room(browser, client) as here:
        here.show("/")
        pictures = here.page.locator("#create img")
        assert pictures.count() == 2
        pictures.first.scroll_into_view_if_needed()
        for picture in pictures.all():
            here.page.wait_for_function("el => el.naturalWidth > 0", arg=picture.element_handle())
            box = picture.bounding_box()
            assert box
            assert box["height"] > 200


# ── The wallet ──────────────────────────────────────────────────────────────────────────────


def test_the_wallet_fills_its_page_with_a_column_at_the_side(browser: Browser, fan_client: Client):
    def where(selector: str) -> dict[str, float]:
        box = here.page.locator(selector).bounding_box()
        assert box
        return dict(box)

    with room(browser, fan_client) as here:
        here.show("/wallet/")
        side, balance = where('main nav[aria-label="More in your wallet"]'), where("#wallet-balance")
        assert side["x"] > balance["x"] + balance["width"]
        assert side["y"] == balance["y"]
        assert side["x"] + side["width"] > DESKTOP["width"] - 64
        assert where("#history")["width"] == balance["width"] == where("#buy-form")["width"]
        here.dress(PHONE, dark=False)
        assert (
            where("#buy-form")["y"] < where('main nav[aria-label="More in your wallet"]')["y"] < where("#history")["y"]
        )
        assert here.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_page_that_adds_tokens_says_so_once(fan_client: Client):
    heads = re.findall(r"<h[12][^>]*>\s*([^<]+?)\s*</h[12]>", fan_client.get("/wallet/buy/").content.decode())
    assert heads.count("Add tokens") == 1
