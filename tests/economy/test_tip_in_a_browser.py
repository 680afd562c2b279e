"""The tip sheet in a real browser: it opens over the page, names the whole amount, asks, thanks and gives the focus back."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

from economy.models import Gift, Tip
from tests import chromium, make

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server, transactional_db):
    fan = make.make_person("fan")
    make.make_creator("ana", display_name="Ana Ferreira")
    make.buy_tokens(fan, 300)
    Gift.objects.get_or_create(name="Star", defaults={"picture": "star", "tokens": 50})
    client = Client()
    client.force_login(fan)
    name = django_settings.SESSION_COOKIE_NAME
    with chromium.browsers(1) as (browser,):
        context = browser.new_context(viewport=chromium.PHONE, locale="en-US", reduced_motion="reduce")
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(f"{live_server.url}/@ana/")
        yield page
        context.close()


def test_a_tip_from_the_creators_page_without_leaving_it(page):
    """screens.md 3.2: the button says the amount, the first purchase asks once more, the balance lives."""
    page.locator(".actionbar").get_by_role("link", name="Tip Ana Ferreira").click()
    page.get_by_role("dialog", name="Tip Ana Ferreira").wait_for()
    sheet = page.locator("#tip-sheet")
    pay = sheet.locator("button.btn-pay")
    assert "Tip Ana Ferreira · 100 tokens ≈ $5.00" in pay.inner_text()
    sheet.get_by_text("Or send a gift").click()
    assert not sheet.get_by_label("How many of the gift").is_visible()
    sheet.locator("label.amount", has_text="Star").click()
    sheet.get_by_label("How many of the gift").fill("3")
    assert "150 tokens ≈ $7.50" in pay.inner_text()
    assert "150 tokens ≈ $7.50" in sheet.locator("[data-after-words]").inner_text()
    sheet.get_by_label("Or another amount").fill("400")
    assert "400 tokens ≈ $20.00" in pay.inner_text()
    assert "100 tokens short" in sheet.locator("[data-after-words]").inner_text()
    assert sheet.locator("input[name=pick]:checked").count() == 0
    sheet.locator("label.amount", has_text="Star").click()
    sheet.get_by_label("Say something").fill("Bowl 6 was the one")
    pay.click()
    sheet.get_by_text("This is the first time you pay Ana Ferreira").wait_for()
    assert not Tip.objects.exists()
    sheet.locator("button.btn-pay").click()
    sheet.get_by_text("Ana Ferreira has your tip of 150 tokens").wait_for()
    made = Tip.objects.get()
    assert (made.gift.name, made.quantity, made.message) == ("Star", 3, "Bowl 6 was the one")
    sheet.get_by_role("button", name="Close").last.click()  # the first is the cross
    page.wait_for_function("!document.getElementById('tip-sheet')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Tip Ana Ferreira"
    assert page.url.endswith("/@ana/")


def test_too_few_tokens_turn_the_sheet_into_the_top_up(page):
    page.locator(".actionbar").get_by_role("link", name="Tip Ana Ferreira").click()
    sheet = page.locator("#tip-sheet")
    sheet.get_by_label("Or another amount").fill("1,000")
    sheet.locator("button.btn-pay").click()
    sheet.get_by_text("This is the first time you pay Ana Ferreira").wait_for()
    sheet.locator("button.btn-pay", has_text="1,000 tokens").click()
    sheet.get_by_text("After paying you come back to this tip").wait_for()
    assert "700 tokens short" in sheet.inner_text()
    assert "Buy 1,050 tokens · $50.00" in sheet.locator("button.btn-pay").inner_text()
    assert sheet.locator("input[name=next]").input_value().startswith("/@ana/tip/?own=1000")
    sheet.get_by_role("link", name="Back to the tip").click()
    sheet.get_by_label("Say something").wait_for()
    assert page.locator("#tip-sheet").get_by_label("Or another amount").input_value() == "1000"
