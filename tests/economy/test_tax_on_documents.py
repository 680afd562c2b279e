"""Invoices and credit notes with their tax: on the page, on paper, and exactly back (LAW-10)."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as running
from hypothesis import strategies as some

from economy import services
from economy.invariants import broken
from economy.models import Invoice, PurchaseTax
from economy.services.places import keep_tax_quote
from economy.services.purchases import post_purchase
from economy.taxing import Assessment, Place, split_gross, tax_upon
from tests import make
from tests.economy.payees import words
from tests.economy.tax_rates import PLACE, keep_tax_rate, order, page_of, pay
from tests.economy.test_statements import words_of
from tests.economy.test_tax_at_purchase import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def briton(settings, fan, fan_client):
    settings.TAX_POINT = "purchase"
    keep_tax_rate("GB", 200_000)
    fan_client.post(PLACE, {"place": "GB"})
    return fan


def paper_of(client, invoice):
    return words_of(client.get(f"/wallet/invoices/{invoice.pk}.pdf"))


def documents(purchase):
    rows = Invoice.objects.filter(purchase=purchase).order_by("number")
    return [(row.kind, row.amount_minor, row.tax_minor) for row in rows]


def give_back(stripe, purchase, minor):
    stripe.refund(purchase.stripe_payment_intent_id, amount=minor)
    services.converge_purchase(purchase_id=purchase.pk)
    make.handle_outbox("economy.invoice")


def test_law_10_an_invoice_says_net_tax_rate_and_place(briton, fan_client, stripe):
    bought = pay(stripe, order(fan_client), card="GB")
    (invoice,) = Invoice.objects.all()
    assert documents(bought) == [("invoice", 1_000, 167)]
    paper = paper_of(fan_client, invoice)
    assert "United Kingdom VAT 20 % $8.33 $1.67" in paper
    assert "Total $10.00" in paper
    assert "voucher" not in paper
    assert "$1.67 VAT (20 %)" in words(fan_client.get("/wallet/statements/"))
    assert "includes $1.67 VAT (20 %)" in words(fan_client.get(page_of(bought)))


def test_law_10_credit_notes_carry_the_tax_back_and_together_all_of_it(briton, fan_client, stripe):
    bought = pay(stripe, order(fan_client), card="GB")
    give_back(stripe, bought, 333)
    give_back(stripe, bought, 1)
    give_back(stripe, bought, 666)
    assert documents(bought) == [
        ("invoice", 1_000, 167), ("credit_note", -333, -56), ("credit_note", -1, 0), ("credit_note", -666, -111),
    ]  # fmt: skip
    note = Invoice.objects.get(amount_minor=-333)
    assert "United Kingdom VAT 20 % -$2.77 -$0.56" in paper_of(fan_client, note)
    assert broken() == []


def test_a_tax_on_top_stands_on_the_invoice_as_it_was_charged(settings, fan, fan_client, stripe):
    settings.TAX_POINT = "purchase"
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    fan_client.post(PLACE, {"place": "US-NY"})
    bought = pay(stripe, order(fan_client))
    assert documents(bought) == [("invoice", 1_089, 89)]
    assert "United States, NY sales tax 8.875 % $10.00 $0.89" in paper_of(fan_client, Invoice.objects.get())


def test_a_place_without_a_rate_says_so(settings, fan, fan_client, stripe):
    settings.TAX_POINT = "purchase"
    fan_client.post(PLACE, {"place": "US"})
    pay(stripe, order(fan_client))
    assert "United States No tax $10.00 $0.00" in paper_of(fan_client, Invoice.objects.get())


def test_where_tax_is_due_at_the_spend_the_invoice_says_that_tokens_are_a_voucher(fan, fan_client, stripe):
    keep_tax_rate("US", 200_000)
    bought = pay(stripe, order(fan_client))
    assert documents(bought) == [("invoice", 1_000, 0)]
    paper = paper_of(fan_client, Invoice.objects.get())
    assert "Tokens are a voucher for more than one purpose: tax is due where they are spent." in paper
    assert "Place of supply" not in paper


def test_law_10_a_place_settled_elsewhere_takes_the_old_documents_back_and_writes_new_ones(
    briton, fan_client, staff_client, stripe
):
    """Nobody is charged anew: the price stays, its tax is the other place's."""
    keep_tax_rate("DE", 190_000)
    bought = pay(stripe, order(fan_client), card="DE", billing="GB")
    give_back(stripe, bought, 100)
    settle(staff_client, bought, "DE")
    assert documents(bought) == [
        ("invoice", 1_000, 167), ("credit_note", -100, -17), ("credit_note", -900, -150), ("invoice", 900, 144),
    ]  # fmt: skip
    new = Invoice.objects.latest("number")
    assert "Germany VAT 19 % $7.56 $1.44" in paper_of(fan_client, new)
    assert sum(row.tokens for row in Invoice.objects.all()) == 180
    give_back(stripe, bought, 900)
    assert documents(bought)[-1] == ("credit_note", -900, -144)
    assert broken() == []


def test_law_10_the_database_refuses_a_tax_that_is_more_than_the_amount(briton, fan_client, stripe):
    bought = pay(stripe, order(fan_client), card="GB")
    invoice = Invoice.objects.get()
    tax = PurchaseTax.objects.get()
    for wrong in ({"tax_minor": 1_001}, {"tax_minor": -1}, {"tax": None, "tax_minor": 1}):
        facts = {
            "tax": tax,
            "tax_minor": 0,
            "number": 99,
            "kind": "invoice",
            "person": bought.person,
            "purchase": bought,
        }
        facts |= {
            "series": invoice.series,
            "tokens": 0,
            "amount_minor": 1_000,
            "currency": "USD",
            "issuer": [],
            **wrong,
        }
        with pytest.raises(DatabaseError, match="economy_invoice_tax"), transaction.atomic():
            Invoice.objects.create(billed_to="x", **facts)


@running(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    price=some.integers(min_value=1, max_value=10**8),
    rate=some.integers(min_value=0, max_value=999_999),
    is_inclusive=some.booleans(),
    parts=some.lists(some.integers(min_value=0, max_value=10**8), max_size=4),
)
def test_law_10_documents_of_any_amount_and_rate_sum_to_what_is_kept(fan, price, rate, is_inclusive, parts):
    net, tax = split_gross(price, rate) if is_inclusive else (price, tax_upon(price, rate))
    purchase = make.buy_tokens(fan, 100, minor=net + tax)
    said = Assessment(Place("GB"), net, tax, "VAT", rate, is_inclusive)
    keep_tax_quote(purchase, said, seen_country="")
    services.invoice_purchase(purchase_id=purchase.pk)
    for kept in [*(part % (net + tax + 1) for part in parts), 0]:
        post_purchase(purchase_id=purchase.pk, kept_minor=kept, refunded_minor=net + tax - kept)
        services.invoice_purchase(purchase_id=purchase.pk)
        rows = documents(purchase)
        assert sum(amount for _kind, amount, _tax in rows) == kept
        assert all((amount >= 0) == (kind == "invoice") for kind, amount, _tax in rows)
    assert sum(carried for _kind, _amount, carried in documents(purchase)) == 0
    assert documents(purchase)[0] == ("invoice", net + tax, tax)
