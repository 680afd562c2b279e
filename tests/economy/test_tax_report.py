"""Finance's tax report of a month: by documents where purchases are taxed, by the ledger where spending is (LAW-10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db.models import Sum
from django.test import Client

from digis.core import clock as times
from economy import selectors, services
from economy.models import Invoice, LotUse, PurchasePlace
from economy.services.purchases import post_purchase
from economy.taxing import split_gross
from tests import make
from tests.economy.payees import words
from tests.economy.tax_rates import PLACE, keep_tax_rate, order, pay
from tests.economy.test_statements import rows_of

pytestmark = pytest.mark.django_db
REPORT = "/admin/economy/taxrate/report/"


@pytest.fixture
def october(clock):
    clock.move_to(datetime(2026, 10, 14, 12, tzinfo=UTC))
    return clock


def cashier():
    """Somebody of finance whose sign-in is of today, wherever the clock stands."""
    return make.sign_in_staff(Client(), make.make_staff(groups=["finance"]))


def sheet(month, point):
    rows = [row for row in rows_of(cashier().get(f"{REPORT}{month}.csv")) if row["point"] == point]
    return [
        (row["region"] or row["country"], int(row["rate_ppm"]), int(row["count"]), int(row["net_minor"]), int(row["tax_minor"]))
        for row in rows
    ]  # fmt: skip


def buy_at(person, place, tokens, minor, *, bonus=0):
    """Buy tokens whose place of supply is settled."""
    bought = make.buy_tokens(person, tokens, minor=minor, bonus=bonus)
    PurchasePlace.objects.create(
        purchase=bought, state="agreed", country=place[:2], region=place if len(place) > 2 else ""
    )
    return bought


def spend(fan, creator, amount):
    return services.charge(
        payer=fan, payee=creator, amount=amount, kind="tip", key=str(uuid4()), source_type="tip",
        source_id=str(uuid4()), fee_bp=2_000,
    )  # fmt: skip


# ── Taxed when bought ───────────────────────────────────────────────────────────────────────


def test_law_10_what_was_bought_is_reported_by_place_and_rate_and_balances_with_the_documents(
    settings, fan, fan_client, stripe, staff_client
):
    settings.TAX_POINT = "purchase"
    keep_tax_rate("GB", 200_000)
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    make.buy_tokens(make.make_person(), 100)  # from before: not taxed when bought
    for place, card in (("GB", "GB"), ("US-NY", "US")):
        fan_client.post(PLACE, {"place": place})
        bought = pay(stripe, order(fan_client), card=card)
        stripe.refund(bought.stripe_payment_intent_id, amount=333)
        services.converge_purchase(purchase_id=bought.pk)
    services.issue_invoices()
    month = f"{times.now():%Y-%m}"
    assert sheet(month, "bought") == [
        ("GB", 200_000, 2, 833 - 277, 167 - 56),
        ("US-NY", 88_750, 2, 1_000 - 306, 89 - 27),
        ("", 0, 1, 500, 0),
    ]
    assert sheet(month, "spent") == []
    documents = Invoice.objects.filter(purchase__isnull=False).aggregate(
        amount=Sum("amount_minor"), tax=Sum("tax_minor")
    )
    (total,) = selectors.draw_up_tax_report(selectors.this_month()).bought_totals
    assert (total.gross_minor, total.tax_minor) == (documents["amount"], documents["tax"])
    assert documents["amount"] == 667 + 756 + 500
    page = words(staff_client.get(REPORT))
    assert "United Kingdom VAT 20 % 2 $5.56 $1.11 $6.67" in page
    assert "United States, NY sales tax 8.875 % 2 $6.94 $0.62 $7.56" in page
    assert "Not taxed when bought — 0 % 1 $5.00 $0.00 $5.00" in page
    assert "Together, in USD 5 $17.50 $1.73 $19.23" in page


def test_a_credit_note_counts_in_the_month_it_is_written(october, settings, fan):
    from economy.services.places import keep_tax_quote
    from economy.taxing import Assessment, Place

    bought = make.buy_tokens(fan, 100, minor=600)
    keep_tax_quote(bought, Assessment(Place("GB"), 500, 100, "VAT", 200_000), seen_country="")
    services.issue_invoices()
    october.move_to(datetime(2026, 11, 3, tzinfo=UTC))
    post_purchase(purchase_id=bought.pk, kept_minor=0, refunded_minor=600)
    services.issue_invoices()
    assert sheet("2026-10", "bought") == [("GB", 200_000, 1, 500, 100)]
    assert sheet("2026-11", "bought") == [("GB", 200_000, 1, -500, -100)]


# ── Due where it is spent ───────────────────────────────────────────────────────────────────


def test_law_10_what_was_spent_is_reported_by_the_place_it_was_bought_at_and_the_rate_of_its_day(october, fan, creator):
    keep_tax_rate("DE", 190_000)
    keep_tax_rate("DE", 160_000, day=times.today() + timedelta(days=2))
    buy_at(fan, "DE", 300, 1_400, bonus=50)
    buy_at(fan, "US-NY", 100, 500)
    spend(fan, creator, 50)  # the bonus: paid for by nobody
    spend(fan, creator, 100)
    october.advance(days=2)
    spend(fan, creator, 250)  # the rest of the first purchase, and half of the second
    third = round(1_400 / 3)  # 466.67 and 933.33
    assert sheet("2026-10", "spent") == [
        ("DE", 160_000, 200, *split_gross(933, 160_000)),
        ("DE", 190_000, 100, *split_gross(third, 190_000)),
        ("US-NY", 0, 50, 250, 0),
    ]


def test_law_10_what_comes_back_is_taken_off_at_the_rate_of_the_day_it_was_spent(october, fan, creator):
    keep_tax_rate("DE", 190_000)
    keep_tax_rate("DE", 160_000, day=times.today() + timedelta(days=20))
    buy_at(fan, "DE", 300, 1_500)
    sold = spend(fan, creator, 100)
    october.move_to(datetime(2026, 11, 5, tzinfo=UTC))
    services.refund_charge(transaction_id=sold.pk, key="back", reason="creator", actor=creator)
    spend(fan, creator, 40)
    assert sheet("2026-10", "spent") == [("DE", 190_000, 100, 420, 80)]
    assert sheet("2026-11", "spent") == [("DE", 160_000, 40, 172, 28), ("DE", 190_000, -100, -420, -80)]


def test_tokens_that_were_given_are_taxed_where_the_giver_bought_them(october, fan, creator):
    keep_tax_rate("DE", 190_000)
    fan.created_at = times.now() - timedelta(days=60)
    fan.save()
    friend = make.make_person()
    buy_at(fan, "DE", 100, 595)
    buy_at(fan, "US", 100, 400)
    services.transfer(giver=fan, receiver=friend, amount=160, note="", key="g")
    assert sheet("2026-10", "spent") == []  # a gift is no sale
    spend(friend, creator, 80)  # of 100 from Germany and 60 from the US, 50 and 30
    assert sheet("2026-10", "spent") == [("DE", 190_000, 50, 250, 48), ("US", 0, 30, 120, 0)]


def test_a_place_that_is_not_settled_is_shown_and_not_guessed(october, fan, creator):
    keep_tax_rate("DE", 190_000)
    bought = make.buy_tokens(fan, 100)
    PurchasePlace.objects.create(purchase=bought, state="open")
    spend(fan, creator, 40)
    assert sheet("2026-10", "spent") == [("", 0, 40, 200, 0)]
    assert "Place not settled" in words(cashier().get(f"{REPORT}?month=2026-10"))


def test_law_10_what_was_taxed_when_it_was_bought_is_not_taxed_again(settings, fan, fan_client, creator, stripe):
    settings.TAX_POINT = "purchase"
    keep_tax_rate("GB", 200_000)
    fan_client.post(PLACE, {"place": "GB"})
    pay(stripe, order(fan_client), card="GB")
    spend(fan, creator, 40)
    settings.TAX_POINT = "spend"
    month = f"{times.now():%Y-%m}"
    assert sheet(month, "spent") == []
    assert len(sheet(month, "bought")) == 1


def test_law_10_the_tokens_of_the_report_are_those_the_ledger_says_were_spent(october, fan, creator):
    """Every token of a purchase that left for a sale is in one row, whatever its place, its currency or its price."""
    keep_tax_rate("DE", 190_000)
    for number, place in enumerate(("DE", "US", "FR", "DE")):
        buy_at(fan, place, 100 + number, 333 + 7 * number)
    for amount in (13, 1, 77, 200, 50):
        spend(fan, creator, amount)
    spent = LotUse.objects.filter(lot__origin="purchase", transaction__type="deduction").aggregate(n=Sum("amount"))["n"]
    (total,) = selectors.draw_up_tax_report(selectors.this_month()).spent_totals
    assert total.count == spent == 341
    exact = 333 + 340 + 347 + 354 * (341 - 303) / 103
    assert abs(total.gross_minor - exact) <= 3 * 0.5


# ── Who reads it ────────────────────────────────────────────────────────────────────────────


def test_only_who_may_see_the_rates_reads_the_report(fan_client, october):
    moderator = make.sign_in_staff(Client(), make.make_staff(groups=["moderation"]))
    for address in (REPORT, f"{REPORT}2026-10.csv"):
        assert moderator.get(address).status_code == 403
        assert fan_client.get(address).status_code in {302, 403}
        assert cashier().get(address).status_code == 200


def test_the_months_beside_it_are_named(october):
    page = cashier().get(f"{REPORT}?month=2026-09")
    assert "Previous month: August 2026" in words(page)
    assert "Next month: October 2026" in words(page)
    assert 'href="?month=2026-08"' in page.content.decode()
    assert 'href="?month=2026-10"' in page.content.decode()
    now = words(cashier().get(REPORT))
    assert "Previous month: September 2026" in now
    assert "Next month" not in now


@pytest.mark.parametrize("month", ["2026-13", "2027-01", "soon", "-1"])
def test_a_month_that_is_none_is_not_found(october, month):
    assert cashier().get(f"{REPORT}?month={month}").status_code == 404
    assert cashier().get(f"{REPORT}{month}.csv").status_code == 404


def test_a_name_that_would_run_as_a_formula_is_text(october, fan, creator):
    keep_tax_rate("DE", 190_000, name="=cmd|' /C calc'!A0")
    buy_at(fan, "DE", 100, 500)
    spend(fan, creator, 100)
    (row,) = rows_of(cashier().get(f"{REPORT}2026-10.csv"))
    assert row["tax"].startswith("'=")
