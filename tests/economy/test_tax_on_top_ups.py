"""Auto top-up where tokens are taxed when they are bought: agreed to and charged with the tax, or not at all (LAW-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digis.core import clock as times
from economy import selectors
from economy.models import Purchase, PurchasePlace, PurchaseTax, TopUpPlan
from tests.economy.payees import words
from tests.economy.tax_rates import PLACE, keep_tax_rate
from tests.economy.test_top_ups import PAGE, agreement, charged, save_card, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_yorker(settings, fan, fan_client, stripe):
    """Agreed to 515 tokens for 25.00 and 2.22 tax."""
    settings.TAX_POINT, settings.SITE_URL = "purchase", "http://testserver"
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    save_card(fan_client, stripe)
    assert fan_client.post(PAGE, agreement()).status_code == 422
    assert "Where do you live?" in words(fan_client.get(PAGE))
    fan_client.post(PLACE, {"place": "US-NY"})
    assert "$27.22 $25.00 + $2.22 sales tax (8.875 %)" in words(fan_client.get(PAGE))
    assert fan_client.post(PAGE, agreement(shown=selectors.get_shelf_for(fan).version)).status_code == 303
    return TopUpPlan.objects.get(person=fan)


def test_ledger_7_it_buys_at_the_price_with_its_tax_and_keeps_what_says_where(new_yorker, fan, stripe):
    assert (new_yorker.amount_minor, work()) == (2_722, 1)
    bought = Purchase.objects.get()
    assert (bought.amount_minor, [row.amount for row in charged(stripe)]) == (2_722, [2_722])
    tax = PurchaseTax.objects.get(purchase=bought)
    assert (tax.net_minor, tax.tax_minor, tax.region) == (2_500, 222, "US-NY")
    assert PurchasePlace.objects.get(purchase=bought).state == "agreed"
    assert selectors.get_balance(fan).spendable == 515


def test_ledger_7_a_tax_that_changed_stops_it_and_charges_nothing(new_yorker, stripe, clock):
    keep_tax_rate("US-NY", 90_000, name="sales tax", is_inclusive=False, day=times.today() + timedelta(days=1))
    clock.advance(days=1)
    work()
    new_yorker.refresh_from_db()
    assert (new_yorker.is_on, new_yorker.stop, charged(stripe)) == (False, "price", [])


def test_a_plan_from_before_tokens_were_taxed_stops_and_charges_nothing(settings, fan, fan_client, stripe):
    settings.SITE_URL = "http://testserver"
    save_card(fan_client, stripe)
    assert fan_client.post(PAGE, agreement()).status_code == 303
    settings.TAX_POINT = "purchase"
    work()
    plan = TopUpPlan.objects.get(person=fan)
    assert (plan.is_on, plan.stop, charged(stripe)) == (False, "price", [])
    assert not Purchase.objects.exists()
