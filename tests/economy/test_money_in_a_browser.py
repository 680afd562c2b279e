"""Money in the reader's currency in a real browser: scripts write what the server would, to the smallest unit."""

import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts import services as accounts
from digis.core import currencies
from digis.core.templatetags.digis import money
from economy.models import PackPrice
from economy.selectors import list_packs
from tests import chromium, make
from tests.economy.money_pages import keep_rate

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(live_server, transactional_db):
    """Open a page as a fan with 1,000 tokens who reads a currency."""
    fan = make.make_person("fan")
    make.make_creator("ana", display_name="Ana Ferreira")
    make.buy_tokens(fan, 1_000)
    keep_rate("EUR", 862_801)
    keep_rate("JPY", 152_340_000)
    PackPrice.objects.create(pack=list_packs().get(tokens=500), currency="EUR", amount_minor=2_290)
    PackPrice.objects.create(pack=list_packs().get(tokens=500), currency="JPY", amount_minor=3_900)
    client = Client()
    client.force_login(fan)
    name = django_settings.SESSION_COOKIE_NAME
    with chromium.browsers(1) as (browser,):
        context = browser.new_context(viewport=chromium.DESKTOP, locale="en-US")
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

        def open_as(currency, path):
            accounts.save_currency(person=fan, currency=currency)
            page = context.new_page()
            page.goto(f"{live_server.url}{path}")
            return page

        yield open_as
        context.close()


@pytest.mark.parametrize(("currency", "price"), [("EUR", "€22.90"), ("JPY", "¥3,900")])
def test_the_gold_button_names_a_pack_in_its_currency_and_another_amount_in_dollars(open_page, currency, price):
    page = open_page(currency, "/wallet/buy/")
    button = page.locator("#buy-form button.btn-pay")
    page.wait_for_function("document.querySelector('[data-pay-words]').textContent.includes('515')")
    assert f"Buy 515 tokens · {price}" in button.inner_text()
    page.locator("#buy-form label.amount").nth(2).click()
    assert "Buy 1,050 tokens · $50.00" in button.inner_text()
    page.locator("#buy-form [data-own]").fill("1,234")
    assert "Buy 1,234 tokens · $61.70" in button.inner_text()
    shots = os.environ.get("DIGIS_SHOTS")
    if shots:
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.setAttribute('data-theme', `digis-${theme}`)", theme)
            for name, size in (("desktop", chromium.DESKTOP), ("phone", chromium.PHONE)):
                page.set_viewport_size(size)
                page.screenshot(path=Path(shots) / f"buy-{currency}-{name}-{theme}.png", full_page=True)


@pytest.mark.parametrize("currency", ["EUR", "JPY", "USD"])
def test_a_typed_tip_says_the_same_money_as_the_server_would(open_page, currency):
    page = open_page(currency, "/@ana/tip/")
    words = page.locator("[data-pay-words]")
    with currencies.shown_to(currency):
        for tokens in (5, 7, 13, 101, 999):
            page.locator("[data-own]").fill(str(tokens))
            assert words.inner_text().endswith(f"{tokens} tokens ≈ {money(tokens)}")
