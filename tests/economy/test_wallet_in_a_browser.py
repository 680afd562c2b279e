"""The wallet in a real browser: the gold button says the whole amount, and the page lives."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from economy import services
from tests import chromium, make

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server, transactional_db):
    fan = make.make_person("fan")
    creator = make.make_creator("ana", display_name="Ana Ferreira")
    make.buy_tokens(fan, 1_000, bonus=50)
    make.grant_tokens(fan, 200)
    services.place_hold(person=fan, amount=80, key="h", source_type="test", source_id="1")
    for number, amount in enumerate((308, 90)):
        services.charge(
            payer=fan,
            payee=creator,
            amount=amount,
            kind="tip",
            key=f"t{number}",
            source_type="t",
            source_id=str(number),
            fee_bp=2_000,
        )
    client = Client()
    client.force_login(fan)
    with chromium.browsers(1) as (browser,):
        context = browser.new_context(viewport=chromium.DESKTOP, locale="en-US")
        context.add_cookies(
            [
                {
                    "name": django_settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[django_settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/wallet/")
        yield page
        context.close()


def test_the_gold_button_follows_the_tile_and_the_written_amount(page):
    button = page.locator("#buy-form button.btn-pay")
    page.wait_for_function("document.querySelector('[data-pay-words]').textContent.includes('515')")
    assert "Buy 515 tokens · $25.00" in button.inner_text()
    page.locator("#buy-form label.amount").nth(2).click()
    assert "Buy 1,050 tokens · $50.00" in button.inner_text()
    page.locator("#buy-form [data-own]").fill("1,234")
    assert "Buy 1,234 tokens · $61.70" in button.inner_text()
    assert page.locator("#buy-form input[name=pack]:checked").count() == 0
    shots = os.environ.get("DIGIS_SHOTS")
    if shots:
        page.locator("#buy-form label.amount").nth(1).click()
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.setAttribute('data-theme', `digis-${theme}`)", theme)
            for name, size in (("desktop", chromium.DESKTOP), ("phone", chromium.PHONE)):
                page.set_viewport_size(size)
                page.screenshot(path=Path(shots) / f"wallet-{name}-{theme}.png", full_page=True)


def test_the_gold_button_says_a_typed_amount_with_its_tax_on_top(page, settings, live_server):
    """LEDGER-7: to the cent what the server charges, 61.70 and 8.875 % of it."""
    from accounts.models import User
    from tests.economy.tax_rates import keep_tax_rate

    settings.TAX_POINT = "purchase"
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    services.declare_tax_place(person=User.objects.get(username="fan"), place="US-NY")
    page.goto(f"{live_server.url}/wallet/buy/")
    page.wait_for_function("document.querySelector('[data-pay-words]').textContent.includes('$27.22')")
    page.locator("#buy-form [data-own]").fill("1,234")
    assert "Buy 1,234 tokens · $67.18" in page.locator("#buy-form button.btn-pay").inner_text()


def test_the_wallet_fetches_itself_again_when_the_balance_changes(page):
    from accounts.models import User

    fan = User.objects.get(username="fan")
    before = page.locator("#balance-title + p").inner_text()
    make.grant_tokens(fan, 500)
    page.evaluate("document.dispatchEvent(new CustomEvent('digis:wallet.balance'))")
    page.wait_for_function("before => document.querySelector('#balance-title + p').innerText !== before", arg=before)
    page.wait_for_function("document.querySelector('#history li').textContent.includes('500')")
    live = [page.locator(part).inner_html() for part in ("#wallet-balance", "#history")]
    page.reload()
    again = [page.locator(part).inner_html() for part in ("#wallet-balance", "#history")]
    assert [_settled(html) for html in live] == [_settled(html) for html in again]


def _settled(html):
    """Leave out what no person sees: htmx's own classes, and the token in forms."""
    return re.sub(r'\s*class="htmx-[^"]*"|\s+', " ", html)
