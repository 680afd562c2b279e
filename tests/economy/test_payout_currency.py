"""In which currency a creator's bank is paid, and about how much that is: an estimate that says it is one."""

import pytest

from economy import services
from economy.models import PayoutAccount
from tests import make
from tests.access.places import signed_in
from tests.economy.money_pages import keep_rate
from tests.economy.payees import words

pytestmark = pytest.mark.django_db
PAGE, SETUP = "/studio/payouts/", "/studio/payouts/setup/"


def account(creator, **facts):
    return PayoutAccount.objects.create(creator=creator, account_id="acct_x", **{"country": "DE", **facts})


@pytest.fixture
def earned(creator):
    make.earn_available(creator, 1_001)  # $50.05
    return creator


def test_the_estimate_is_rounded_down_and_says_of_which_day_it_is_and_who_decides(earned, creator_client):
    day = keep_rate("EUR", 862_801).day
    account(earned, currency="EUR")
    page = words(creator_client.get(PAGE))
    assert "$50.05" in page
    assert "Your bank is paid in euros: ≈ €43.18 by the rate of" in page
    assert f"by the rate of {day.day} {day:%B}" in page
    assert "What arrives is decided by Stripe’s rate on the day it is sent." in page


def test_before_stripe_says_the_currency_it_is_that_of_the_chosen_country(earned, creator_client):
    keep_rate("GBP", 748_300)
    account(earned, country="GB", currency="")
    assert "British pounds: ≈ £37.45" in words(creator_client.get(PAGE))


def test_a_bank_in_dollars_is_paid_without_an_exchange(earned, creator_client):
    keep_rate("EUR", 862_801)
    account(earned, country="US", currency="USD")
    page = words(creator_client.get(PAGE))
    assert "Your bank is paid in US dollars, without an exchange." in page
    assert "≈ $50" not in page


def test_without_a_fresh_rate_the_currency_is_said_and_no_figure(earned, creator_client):
    keep_rate("EUR", 862_801, days_ago=8)
    account(earned, currency="EUR")
    page = words(creator_client.get(PAGE))
    assert "Your bank is paid in euros. What arrives" in page
    assert "€" not in page


def test_without_an_account_nothing_is_promised(earned, creator_client):
    keep_rate("EUR", 862_801)
    assert "Your bank is paid" not in words(creator_client.get(PAGE))


def test_the_setup_names_the_currency_of_each_country_before_one_is_chosen_for_good(creator):
    keep_rate("EUR", 862_801)
    browser = signed_in(creator, fresh=True)
    page = browser.get(SETUP).text
    assert "Germany (EUR)" in page
    assert "United Kingdom (GBP)" in page
    assert "United States (USD)" in page
    account(creator, currency="EUR")
    assert "Your bank is paid in euros" in browser.get(SETUP).text


def test_stripes_own_currency_of_the_account_wins(creator, stripe, creator_client):
    keep_rate("EUR", 862_801)
    here = "http://127.0.0.1:8000/studio/payouts/"
    services.start_onboarding(creator=creator, country="DE", return_url=here, refresh_url=here)
    found = PayoutAccount.objects.get(creator=creator)
    stripe.onboard(found.account_id)
    services.sync_account(creator_id=creator.pk)
    make.earn_available(creator, 1_000)
    assert "Your bank is paid in euros: ≈ €43.14" in words(creator_client.get(PAGE))
