"""Packs with prices in other currencies: shown, quoted, charged and refunded in one, and never below the payout."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts import services as accounts
from digis.core import clock as times
from digis.core.audit import AuditEntry
from digis.core.errors import ValidationFailed
from digis.core.money import Money
from economy import gateway, selectors, services
from economy.errors import PriceChanged
from economy.models import PackPrice, Purchase
from economy.selectors import list_packs
from tests import make
from tests.economy.money_pages import keep_rate
from tests.economy.payees import words

pytestmark = pytest.mark.django_db

BUY, WALLET, API = "/wallet/buy/", "/wallet/", "/api/v1/tokens"


def pack_of(tokens=500):
    return list_packs().get(tokens=tokens)


def price(amount, *, currency="EUR", tokens=500):
    return services.set_pack_price(
        staff=make.make_staff(), pack=pack_of(tokens), currency=currency, amount_minor=amount
    )


def field_in(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page.content.decode()).group(1)


def order_on(page, pack):
    sent = {name: field_in(page, name) for name in ("idempotency_key", "shown")}
    return {"pack": str(pack.pk), **sent}


@pytest.fixture
def euro():
    return keep_rate("EUR", 862_801)


@pytest.fixture
def european(fan, euro):
    accounts.save_currency(person=fan, currency="EUR")
    return fan


# ── What is charged ─────────────────────────────────────────────────────────────────────────
def test_ledger_7_a_pack_is_charged_at_the_price_that_was_shown_and_the_rate_is_kept(
    european, fan_client, stripe, euro
):
    price(2_290)
    page = fan_client.get(BUY)
    assert "€22.90" in words(page)
    assert "€0.044 each" in words(page)
    assert "$10.00" in words(page)  # a pack without a price in euros
    assert "Another amount costs $0.05 a token, paid in USD." in words(page)
    answer = fan_client.post(BUY, order_on(page, pack_of()))
    assert answer.status_code == 303
    bought = Purchase.objects.get()
    assert (bought.amount_minor, bought.currency) == (2_290, "EUR")
    assert (bought.rate_micros, bought.rate_day) == (862_801, euro.day)
    session = stripe.client.v1.checkout.sessions.retrieve(bought.stripe_session_id)
    assert (session.amount_total, session.currency) == (2_290, "eur")
    stripe.pay(bought.stripe_session_id)
    done = fan_client.get(answer_page(bought))
    assert "515 tokens are yours" in words(done)
    assert "€22.90" in words(done)
    assert selectors.get_balance(european).spendable == 515


def answer_page(purchase):
    from django.urls import reverse

    return reverse("economy:purchase", args=[purchase.pk])


def test_without_a_chosen_currency_or_a_price_in_it_the_base_price_is_charged(fan, fan_client, stripe, euro):
    price(2_290)
    for currency, tokens, charged in [
        ("", 500, (2_500, "USD")),
        ("EUR", 200, (1_000, "USD")),
        ("GBP", 500, (2_500, "USD")),
    ]:
        accounts.save_currency(person=fan, currency=currency)
        made = services.start_purchase(person=fan, pack_id=pack_of(tokens).pk, key=f"{currency}{tokens}")
        assert (made.amount_minor, made.currency, made.rate_micros, made.rate_day) == (*charged, None, None)


def test_another_amount_is_charged_in_dollars_whatever_the_currency(european, stripe):
    made = services.start_purchase(person=european, tokens=300, key="k")
    assert (made.amount_minor, made.currency, made.rate_micros) == (1_500, "USD", None)


def test_a_currency_without_cents_is_sent_to_stripe_in_whole_units(fan, stripe):
    keep_rate("JPY", 150_000_000)
    price(3_900, currency="JPY")
    accounts.save_currency(person=fan, currency="JPY")
    made = services.start_purchase(person=fan, pack_id=pack_of().pk, key="k")
    session = stripe.client.v1.checkout.sessions.retrieve(made.stripe_session_id)
    assert (session.amount_total, session.currency) == (3_900, "jpy")
    stripe.pay(made.stripe_session_id)
    services.converge_purchase(purchase_id=made.pk)
    assert selectors.get_balance(fan).spendable == 515
    entry = stripe.client.v1.balance_transactions.list({"type": "charge"}).data[0]
    assert (entry.currency, entry.amount) == ("usd", 2_535)  # what the platform gets for it, by the stand-in's rate


# ── Never below the payout ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("amount", "is_enough"), [(1_777, False), (1_778, True)])
def test_ledger_11_a_price_below_what_creators_are_paid_is_refused_with_the_least_that_would_do(
    euro, amount, is_enough
):
    """515 tokens · $0.05 · 80 % · 0.862801 = €17.7737…"""
    if is_enough:
        assert price(amount).amount_minor == amount
        return
    with pytest.raises(ValidationFailed) as refusal:
        price(amount)
    assert "at least 17.78 EUR" in str(refusal.value.fields["amount_minor"])
    assert not PackPrice.objects.exists()


@pytest.mark.parametrize("whose", ["one creator's tips", "all tips", "everything"])
def test_pay_9_the_best_paid_creator_is_covered_too(european, euro, clock, whose):
    """515 tokens · $0.05 · 95 % · 0.862801 = €21.1062…: offered no more from the day the fee is lower, nor set anew."""
    price(1_778)
    kind = "" if whose == "everything" else "tip"
    rule = services.save_fee_rule(
        staff=make.make_staff(), kind=kind, creator=make.make_creator("star") if "one" in whose else None,
        fee_bp=500, starts_at=times.now() + timedelta(hours=1), reason="Early.",
    )  # fmt: skip
    assert price(1_778).amount_minor == 1_778  # not in force yet
    assert selectors.get_shelf(currency="EUR").packs[1].price == Money(1_778, "EUR")
    clock.advance(hours=2)
    assert selectors.get_shelf(currency="EUR").packs[1].price == Money(2_500, "USD")
    with pytest.raises(ValidationFailed) as refusal:
        price(2_110)
    assert "at least 21.11 EUR" in str(refusal.value.fields["amount_minor"])
    price(2_111)
    assert selectors.get_shelf(currency="EUR").packs[1].price == Money(2_111, "EUR")
    services.save_fee_rule(
        staff=make.make_staff(), kind=kind, creator=rule.creator, fee_bp=2_500, starts_at=None, reason="Over."
    )
    assert price(1_778 if whose != "everything" else 1_667).amount_minor < 2_000


def test_pay_9_a_withdrawn_rule_asks_nothing_of_prices(euro, clock):
    rule = services.save_fee_rule(
        staff=make.make_staff(),
        kind="",
        creator=None,
        fee_bp=0,
        starts_at=times.now() + timedelta(hours=1),
        reason="A.",
    )
    services.withdraw_fee_rule(rule_id=rule.pk, staff=make.make_staff("desk"), reason="B.")
    clock.advance(hours=2)
    assert price(1_778).amount_minor == 1_778


def test_a_price_list_in_another_currency_is_read_in_few_queries(euro, django_assert_num_queries):
    for pack in list_packs():
        price(90_000, tokens=pack.tokens)
    with django_assert_num_queries(4):
        shelf = selectors.get_shelf(currency="EUR")
    assert {offer.price for offer in shelf.packs} == {Money(90_000, "EUR")}


def test_when_a_currency_falls_its_price_is_not_offered_until_it_is_enough_again(european, fan_client, stripe, clock):
    price(1_800)
    assert selectors.get_shelf(currency="EUR").packs[1].price.currency == "EUR"
    clock.advance(hours=24)
    keep_rate("EUR", 900_000)
    page = fan_client.get(BUY)
    assert "€18.00" not in words(page)
    made = services.start_purchase(person=european, pack_id=pack_of().pk, key="k")
    assert (made.amount_minor, made.currency, made.rate_micros) == (2_500, "USD", None)
    clock.advance(hours=24)
    keep_rate("EUR", 870_000)
    made = services.start_purchase(person=european, pack_id=pack_of().pk, key="l")
    assert (made.amount_minor, made.currency, made.rate_micros) == (1_800, "EUR", 870_000)


def test_without_a_fresh_rate_the_base_price_is_charged(european, stripe, clock):
    price(2_290)
    clock.advance(hours=8 * 24)
    made = services.start_purchase(person=european, pack_id=pack_of().pk, key="k")
    assert (made.amount_minor, made.currency) == (2_500, "USD")


@pytest.mark.parametrize("change", ["price", "currency", "rate"])
def test_ledger_7_whatever_changed_a_price_it_is_shown_again_before_it_is_charged(
    european, fan_client, stripe, clock, change
):
    price(2_290)
    page = fan_client.get(BUY)
    sent = order_on(page, pack_of())
    now = "25.00 USD"
    if change == "price":
        price(2_390)
        now = "23.90 EUR"
    elif change == "currency":
        accounts.save_currency(person=european, currency="USD")
    else:
        clock.advance(hours=8 * 24)
    answer = fan_client.post(BUY, sent)
    assert answer.status_code == 422
    assert f"It is now {now}" in words(answer)
    assert not Purchase.objects.exists()
    again = fan_client.post(BUY, order_on(answer, pack_of()))
    assert again.status_code == 303
    assert Purchase.objects.get().price.decimal == now.split()[0]


def test_another_page_without_the_price_list_is_not_charged_another_price(european, stripe):
    price(2_290)
    old = selectors.get_shelf(currency="USD").version
    with pytest.raises(PriceChanged):
        services.start_purchase(person=european, pack_id=pack_of().pk, key="k", shown=old)


# ── Money back ──────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def paid_in_euros(european, stripe):
    price(2_290)
    made = services.start_purchase(person=european, pack_id=pack_of().pk, key="order")
    stripe.pay(made.stripe_session_id)
    services.converge_purchase(purchase_id=made.pk)
    made.refresh_from_db()
    return made


def test_a_refund_in_euros_takes_back_its_part_of_the_tokens(european, paid_in_euros, stripe, fan_client):
    stripe.refund(paid_in_euros.stripe_payment_intent_id, amount=1_145)
    services.converge_purchase(purchase_id=paid_in_euros.pk)
    assert selectors.get_balance(european).purchased == 250
    assert "€11.45" in words(fan_client.get(answer_page(paid_in_euros)))


def test_a_dispute_in_euros_freezes_the_tokens_and_a_won_one_gives_them_back(european, paid_in_euros, stripe):
    case = stripe.dispute(paid_in_euros.stripe_payment_intent_id)
    services.converge_purchase(purchase_id=paid_in_euros.pk)
    assert selectors.get_balance(european).spendable == 0
    assert paid_in_euros.disputes.get().money.currency == "EUR"
    stripe.close_dispute(case["id"], "won")
    services.converge_purchase(purchase_id=paid_in_euros.pk)
    assert selectors.get_balance(european).spendable == 515


def test_a_dispute_told_in_another_currency_counts_for_the_whole_payment(paid_in_euros, european, stripe, monkeypatch):
    """Minor units of two currencies are never added up."""
    stripe.dispute(paid_in_euros.stripe_payment_intent_id, amount=100)
    from economy.gateway import payments

    read = payments.read_dispute
    monkeypatch.setattr(payments, "read_dispute", lambda raw: read({**raw, "currency": "usd"}))
    payment = gateway.get_payment(paid_in_euros.stripe_payment_intent_id)
    assert (payment.disputed, payment.kept) == (2_290, 0)
    services.converge_purchase(purchase_id=paid_in_euros.pk)
    assert selectors.get_balance(european).spendable == 0


def test_a_payment_in_another_currency_than_was_quoted_is_never_credited(european, paid_in_euros):
    Purchase.objects.filter(pk=paid_in_euros.pk).update(currency="USD", rate_micros=None, rate_day=None)
    services.converge_purchase(purchase_id=paid_in_euros.pk)
    paid_in_euros.refresh_from_db()
    assert paid_in_euros.quarantine_reason == "currency EUR, quoted USD"


def test_stripes_books_agree_with_a_purchase_in_euros(paid_in_euros, stripe, clock):
    stripe.advance(300)
    clock.advance(hours=0.1)
    services.reconcile_recent()
    assert list(selectors.list_open_findings()) == []


def test_developments_own_prices_are_offered_and_cover_the_payout(settings):
    from economy.services import shelf

    settings.RATES_FIXED = True
    for _ in range(2):  # every start migrates
        shelf.fill_after_migrate(using="default")
    for currency in shelf.PRICES:
        offered = selectors.get_shelf(currency=currency).packs
        assert {pack.price.currency for pack in offered} == {currency}
    settings.RATES_FIXED = False
    assert selectors.get_shelf().packs[0].price.currency == "USD"


# ── The API ─────────────────────────────────────────────────────────────────────────────────
def test_the_api_names_the_price_that_it_charges(european, fan_client, client, stripe):
    price(2_290)
    mine = fan_client.get(f"{API}/packs").json()
    assert [(pack["price"], pack["currency"]) for pack in mine][:2] == [("10.00", "USD"), ("22.90", "EUR")]
    made = fan_client.post(f"{API}/purchase", {"pack_id": mine[1]["id"]}, content_type="application/json").json()
    assert (made["price"], made["currency"]) == ("22.90", "EUR")
    visitors = client.get(f"{API}/packs", headers={"Accept-Language": "de-DE"}).json()
    assert {pack["currency"] for pack in visitors} == {"USD"}


@pytest.mark.parametrize(("currency", "micros"), [("JPY", 150_000_000), ("KRW", 1_400_000_000)])
def test_the_api_writes_two_places_in_every_currency(fan, fan_client, stripe, currency, micros):
    """api.md: money is a decimal string with two places; Stripe is told whole units all the same."""
    keep_rate(currency, micros)
    price(39_000, currency=currency)
    accounts.save_currency(person=fan, currency=currency)
    (pack,) = [pack for pack in fan_client.get(f"{API}/packs").json() if pack["tokens"] == 500]
    assert (pack["price"], pack["currency"]) == ("39000.00", currency)
    made = fan_client.post(f"{API}/purchase", {"pack_id": pack["id"]}, content_type="application/json").json()
    assert (made["price"], made["currency"]) == ("39000.00", currency)
    bought = Purchase.objects.get()
    assert bought.amount_minor == 39_000
    assert stripe.client.v1.checkout.sessions.retrieve(bought.stripe_session_id).amount_total == 39_000
    again = fan_client.get(f"{API}/purchase/{made['purchase_id']}").json()
    assert again["price"] == "39000.00"


# ── Staff ───────────────────────────────────────────────────────────────────────────────────
ADD = "/admin/economy/packprice/add/"


def test_staff_set_a_price_and_take_it_away(staff_client, euro):
    pack = pack_of()
    for typed, minor in [("22.90", 2_290), ("23,5", 2_350), ("24", 2_400)]:
        sent = {"pack": str(pack.pk), "currency": "EUR", "amount_minor": typed}
        assert staff_client.post(ADD, sent).status_code == 302
        assert PackPrice.objects.get().amount_minor == minor
    row = PackPrice.objects.get()
    assert "€24.00" in staff_client.get(f"/admin/economy/packprice/{row.pk}/change/").content.decode()
    assert "€24.00" in staff_client.get(f"/admin/economy/pack/{pack.pk}/change/").content.decode()
    assert staff_client.post(f"/admin/economy/packprice/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not PackPrice.objects.exists()
    acts = AuditEntry.objects.filter(action__startswith="economy.pack_price").values_list("action", flat=True)
    assert sorted(acts) == ["economy.pack_price_removed"] + ["economy.pack_price_set"] * 3


def test_staff_are_told_what_is_wrong_with_a_price(staff_client, euro):
    keep_rate("JPY", 150_000_000)
    pack = str(pack_of().pk)
    for currency, typed, said in [
        ("EUR", "17.00", "at least 17.78 EUR"),
        ("EUR", "0", "above zero"),
        ("EUR", "-5", "above zero"),
        ("EUR", "22.901", "no more digits"),
        ("JPY", "3900.50", "no more digits"),
        ("EUR", "a lot", "no more digits"),
        ("EUR", "999999999", "Stripe takes no payment"),
        ("GBP", "20", "There is no exchange rate"),
        ("USD", "25", "is its own"),
    ]:
        answer = staff_client.post(ADD, {"pack": pack, "currency": currency, "amount_minor": typed})
        assert said in answer.content.decode(), (currency, typed)
    assert not PackPrice.objects.exists()


def test_the_database_keeps_one_price_of_a_pack_in_a_currency_and_rates_whole(euro, fan):
    row = price(2_290)
    bought = make.buy_tokens(fan, 100)
    for attempt in (
        lambda: PackPrice.objects.create(pack=row.pack, currency="EUR", amount_minor=1),
        lambda: PackPrice.objects.update(amount_minor=0),
        lambda: Purchase.objects.filter(pk=bought.pk).update(rate_micros=5),
        lambda: Purchase.objects.filter(pk=bought.pk).update(rate_day=euro.day),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
