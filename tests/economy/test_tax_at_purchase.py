"""Tokens taxed when they are bought: shown, quoted and charged alike, and where the buyer is by two evidences (LAW-10)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from digis.core import clock as times
from digis.core.models import AuditEntry
from economy import selectors, services
from economy.models import PlaceEvidence, Purchase, PurchasePlace, PurchaseTax, TaxPlace
from economy.selectors import list_packs
from economy.taxing import Place
from tests.economy.payees import words
from tests.economy.tax_rates import BUY, PLACE, keep_tax_rate, order, page_of, pay
from tests.economy.test_pack_prices import field_in, order_on, price

pytestmark = pytest.mark.django_db
QUEUE = "/admin/economy/purchaseplace/"


@pytest.fixture
def taxed(settings):
    settings.TAX_POINT = "purchase"


@pytest.fixture
def briton(taxed, fan, fan_client):
    """A buyer in a country whose prices include 20 % VAT."""
    keep_tax_rate("GB", 200_000)
    fan_client.post(PLACE, {"place": "GB"})
    return fan


@pytest.fixture
def new_yorker(taxed, fan, fan_client):
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    fan_client.post(PLACE, {"place": "US-NY"})
    return fan


def evidence(purchase):
    return {found.kind: found.country for found in PlaceEvidence.objects.filter(purchase=purchase)}


def place_of(purchase):
    found = PurchasePlace.objects.get(purchase=purchase)
    return found.state, found.country


# ── Where they live ─────────────────────────────────────────────────────────────────────────


def test_law_10_where_a_buyer_lives_is_asked_before_any_price(taxed, fan_client, stripe):
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    for address in (BUY, "/wallet/"):
        page = words(fan_client.get(address))
        assert "Where do you live?" in page
        assert "$10.00" not in page
    assert "United States, NY" in words(fan_client.get(BUY))
    assert "United States, elsewhere" in words(fan_client.get(BUY))
    refused = fan_client.post(BUY, {"tokens": "200", "idempotency_key": "k"})
    assert refused.status_code == 422
    assert "Say where you live first" in words(refused)
    assert not Purchase.objects.exists()
    answer = fan_client.post(PLACE, {"place": "US-NY", "next": "/explore/"})
    assert (answer.status_code, answer["Location"]) == (303, "/wallet/buy/?next=%2Fexplore%2F")
    assert "Prices for United States, NY" in words(fan_client.get(BUY))
    fan_client.post(PLACE, {"place": "DE"})
    assert "Prices for Germany, without tax." in words(fan_client.get(BUY))


def test_the_top_up_of_a_tip_asks_alike_and_leads_back_to_the_tip(taxed, fan_client, creator):
    from tests.economy.test_tips import send, value_of

    sheet = send(fan_client, "creator", confirmed="100", message="Nearly")
    assert sheet.status_code == 422
    assert "Where do you live?" in words(sheet)
    onward = value_of("next", sheet).replace("&amp;", "&")
    assert onward.startswith("/@creator/tip/?pick=100")
    shop = fan_client.get(fan_client.post(PLACE, {"place": "DE", "next": onward})["Location"])
    assert "Prices for Germany" in words(shop)
    assert value_of("next", shop).replace("&amp;", "&") == onward


@pytest.mark.parametrize("typed", ["", "ZZ", "US-NY", "de", "x" * 500])
def test_what_is_no_place_is_refused_beside_its_field(taxed, fan_client, typed):
    answer = fan_client.post(PLACE, {"place": typed})
    assert answer.status_code == 422
    assert not TaxPlace.objects.exists()


def test_where_tax_is_due_at_the_spend_nobody_is_asked_and_prices_stay(fan, fan_client, stripe):
    keep_tax_rate("US", 200_000, is_inclusive=False)
    page = words(fan_client.get(BUY))
    assert "Where do you live?" not in page
    bought = pay(stripe, order(fan_client))
    assert bought.amount_minor == 1_000
    assert not PurchaseTax.objects.exists()
    assert place_of(bought) == ("agreed", "US")


# ── Shown = charged ─────────────────────────────────────────────────────────────────────────


def test_ledger_7_a_price_that_includes_its_tax_is_charged_as_shown_and_says_so(
    briton, fan_client, staff_client, stripe
):
    page = words(fan_client.get(BUY))
    assert "$10.00 includes $1.67 VAT (20 %)" in page
    assert "Prices for United Kingdom, 20 % VAT included." in page
    bought = order(fan_client)
    tax = PurchaseTax.objects.get()
    assert (bought.amount_minor, tax.net_minor, tax.tax_minor) == (1_000, 833, 167)
    assert (tax.name, tax.rate_ppm, tax.is_inclusive, tax.country, tax.region) == ("VAT", 200_000, True, "GB", "")
    session = stripe.client.v1.checkout.sessions.retrieve(bought.stripe_session_id)
    assert session.amount_total == 1_000
    import httpx

    assert "includes $1.67 VAT (20 %)" in httpx.get(bought.checkout_url).text
    pay(stripe, bought, card="GB")
    assert "$10.00 includes $1.67 VAT (20 %)" in words(fan_client.get(page_of(bought)))
    seen = words(staff_client.get(reverse("admin:economy_purchase_change", args=[bought.pk])))
    assert "United Kingdom: includes $1.67 VAT (20 %)" in seen


def test_ledger_7_a_tax_on_top_is_shown_with_what_it_comes_to_and_charged(new_yorker, fan_client, stripe):
    page = fan_client.get(BUY)
    assert "$10.89 $10.00 + $0.89 sales tax (8.875 %)" in words(page)
    assert 'data-minor="1089"' in page.content.decode()
    assert 'data-tax-ppm="88750"' in page.content.decode()
    assert "Upon another amount comes 8.875 % sales tax." in words(page)
    bought = order(fan_client)
    tax = PurchaseTax.objects.get()
    assert (bought.amount_minor, tax.net_minor, tax.tax_minor, tax.region) == (1_089, 1_000, 89, "US-NY")
    session = stripe.client.v1.checkout.sessions.retrieve(bought.stripe_session_id)
    assert session.amount_total == 1_089


def test_an_amount_that_is_typed_is_taxed_alike(new_yorker, fan_client, stripe):
    page = fan_client.get(BUY)
    sent = {name: field_in(page, name) for name in ("idempotency_key", "shown")}
    assert fan_client.post(BUY, {"tokens": "1,234", **sent}).status_code == 303
    tax = PurchaseTax.objects.get()
    assert (tax.net_minor, tax.tax_minor, Purchase.objects.get().amount_minor) == (6_170, 548, 6_718)


@pytest.mark.parametrize("is_inclusive", [True, False])
def test_ledger_7_a_rate_that_changed_meanwhile_is_shown_again_and_not_charged(
    taxed, fan_client, stripe, clock, is_inclusive
):
    """Also where the price stays and only the tax in it is another: it was shown."""
    keep_tax_rate("CH", 10_000, is_inclusive=is_inclusive)
    keep_tax_rate("CH", 20_000, is_inclusive=is_inclusive, day=times.today() + timedelta(days=1))
    fan_client.post(PLACE, {"place": "CH"})
    page = fan_client.get(BUY)
    clock.advance(days=1)
    answer = fan_client.post(BUY, order_on(page, list_packs().get(tokens=200)))
    assert answer.status_code == 422
    assert "The price has changed" in words(answer)
    assert "(2 %)" in words(answer)
    assert not Purchase.objects.exists()
    assert fan_client.post(BUY, order_on(answer, list_packs().get(tokens=200))).status_code == 303
    assert PurchaseTax.objects.get().rate_ppm == 20_000


def test_ledger_7_another_home_in_another_tab_is_shown_first(taxed, fan_client, stripe):
    keep_tax_rate("CH", 10_000)
    fan_client.post(PLACE, {"place": "CH"})
    page = fan_client.get(BUY)
    fan_client.post(PLACE, {"place": "LI"})
    answer = fan_client.post(BUY, order_on(page, list_packs().get(tokens=200)))
    assert answer.status_code == 422
    assert not Purchase.objects.exists()


def test_tokens_are_credited_in_proportion_to_what_is_kept_of_the_whole_price(new_yorker, fan, fan_client, stripe):
    """The ledger counts money with its tax: half of it back is half of the tokens."""
    bought = pay(stripe, order(fan_client))
    assert selectors.get_balance(fan).spendable == 200
    stripe.refund(bought.stripe_payment_intent_id, amount=545)
    services.converge_purchase(purchase_id=bought.pk)
    assert selectors.get_balance(fan).spendable == 200 * 544 // 1_089


def test_ledger_11_a_pack_whose_price_without_the_tax_in_it_is_below_the_payout_is_not_offered(briton, fan_client):
    """2,700 tokens for $125.00: $104.17 of it are ours at 20 %, creators are paid $108.00 for them."""
    page = fan_client.get(BUY)
    assert "$25.00" in words(page)  # 515 tokens: $20.83 of it are ours, $20.60 theirs
    assert "$125.00" not in words(page)
    answer = fan_client.post(BUY, order_on(page, list_packs().get(tokens=2_500)))
    assert answer.status_code == 404
    assert not Purchase.objects.exists()


def test_ledger_11_a_price_in_another_currency_has_to_cover_the_payout_without_the_tax_in_it(briton, fan_client):
    """515 tokens by 0.8 pounds the dollar: creators are paid 16.48 pounds for them."""
    from accounts import services as accounts
    from tests.economy.money_pages import keep_rate

    keep_rate("GBP", 800_000)
    accounts.save_currency(person=briton, currency="GBP")
    price(1_980, currency="GBP")  # 16.50 without its 20 %
    assert "£19.80 includes £3.30 VAT (20 %)" in words(fan_client.get(BUY))
    price(1_975, currency="GBP")  # 16.46
    page = words(fan_client.get(BUY))
    assert "£19.75" not in page
    assert "$25.00 includes $4.17 VAT (20 %)" in page


def test_programs_say_where_the_buyer_lives_and_read_what_is_charged(taxed, fan, fan_client, stripe):
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    url, pack = "/api/v1/tokens/purchase", str(list_packs().get(tokens=200).pk)
    refused = fan_client.post(url, {"pack_id": pack}, content_type="application/json", headers={"Idempotency-Key": "a"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert "country" in refused.json()["error"]["fields"]
    sent = {"pack_id": pack, "country": "US", "region": "US-NY"}
    made = fan_client.post(url, sent, content_type="application/json", headers={"Idempotency-Key": "a"})
    said = "+ $0.89 sales tax (8.875 %)"
    assert (made.status_code, made.json()["price"], made.json()["tax"]) == (201, "10.89", said)
    listed = fan_client.get("/api/v1/tokens/packs").json()
    (pack,) = (row for row in listed if row["tokens"] == 200)
    assert (pack["price"], pack["net"], pack["tax"]) == ("10.89", "10.00", said)
    wrong = {**sent, "region": "DE-BY"}
    refused = fan_client.post(url, wrong, content_type="application/json", headers={"Idempotency-Key": "b"})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["region"])


def ask(client, key, **body):
    url = "/api/v1/tokens/purchase"
    return client.post(url, {"tokens": 200, **body}, content_type="application/json", headers={"Idempotency-Key": key})


@pytest.mark.parametrize("point", ["purchase", "spend"])
@pytest.mark.parametrize(
    "other",
    [
        {"country": "DE", "region": None},
        {"region": None},
        {"country": None, "region": None},
        {"tokens": 300},
        {"return_url": "/wallet/"},
    ],
    ids=str,
)
def test_ledger_4_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(
    settings, fan, fan_client, stripe, point, other
):
    settings.TAX_POINT = point
    keep_tax_rate("US-NY", 88_750, name="sales tax", is_inclusive=False)
    body = {"country": "US", "region": "US-NY"}
    made = ask(fan_client, "k", **body)
    assert (made.status_code, "Idempotent-Replayed" in made) == (201, False)
    if "return_url" in other:
        other = {"return_url": settings.SITE_URL + other["return_url"]}
    refused = ask(fan_client, "k", **{name: value for name, value in {**body, **other}.items() if value})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert TaxPlace.objects.get(person=fan).region == "US-NY"
    again = ask(fan_client, "k", **body)
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (201, made.json(), "true")
    assert Purchase.objects.count() == 1


def test_law_10_a_program_moves_its_buyer_only_with_an_order_that_is_new_and_stored(taxed, fan, fan_client, stripe):
    assert ask(fan_client, "a", country="GB").status_code == 201
    fan_client.post(PLACE, {"place": "FR"})
    assert ask(fan_client, "a", country="GB")["Idempotent-Replayed"] == "true"
    for key, refused in (
        ("b", {"tokens": 5}),
        ("c", {"pack_id": str(Purchase.objects.get().pk)}),
        ("d", {"tokens": 10**9}),
    ):
        assert ask(fan_client, key, country="DE", **refused).status_code in {400, 404}
    assert TaxPlace.objects.get(person=fan).country == "FR"
    assert ask(fan_client, "b", country="DE").status_code == 201  # what was refused has not used up its key
    assert TaxPlace.objects.get(person=fan).country == "DE"


def test_a_page_that_stripe_did_not_open_is_opened_by_the_same_key(taxed, fan, fan_client, stripe):
    stripe.fault("error", path="/v1/checkout/sessions", times=2)
    assert ask(fan_client, "k", country="GB").status_code == 409
    assert ask(fan_client, "k", country="DE").json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    stripe.forget_faults()
    opened = ask(fan_client, "k", country="GB")
    assert (opened.status_code, opened["Idempotent-Replayed"]) == (201, "true")
    assert opened.json()["checkout_url"]
    assert Purchase.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"country": "ZZ"}, "country"),
        ({"country": "us"}, "country"),
        ({"country": "US", "region": "US-QQ"}, "region"),
        ({"region": "US-NY"}, "region"),
    ],
    ids=str,
)
def test_a_place_that_is_none_is_refused_in_the_field_a_program_sent_it_in(taxed, fan, fan_client, said, field):
    refused = ask(fan_client, "k", **said)
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])
    assert not TaxPlace.objects.exists()


def test_another_engine_is_asked_where_a_setting_names_one(taxed, settings, fan, fan_client, stripe):
    settings.TAX_ENGINE = "tests.economy.tax_rates.FlatEngine"
    assert "Canada, QC" in words(fan_client.get(BUY))
    fan_client.post(PLACE, {"place": "CA-QC"})
    assert "$11.00 $10.00 + $1.00 flat tax (10 %)" in words(fan_client.get(BUY))
    assert order(fan_client).amount_minor == 1_100
    settings.TAX_ENGINE = "tests.economy.tax_rates.SilentEngine"
    refused = fan_client.get(BUY)
    assert refused.status_code == 409
    assert "Nothing was charged" in words(refused)
    posted = fan_client.post(BUY, {"tokens": "200", "idempotency_key": "k"})
    assert posted.status_code == 409
    assert Purchase.objects.count() == 1


# ── Where they are ──────────────────────────────────────────────────────────────────────────


def test_law_10_two_evidences_that_agree_settle_the_place(briton, fan_client, stripe):
    bought = pay(stripe, order(fan_client), card="GB")
    assert evidence(bought) == {"declared": "GB", "card": "GB", "billing": "GB"}
    assert place_of(bought) == ("agreed", "GB")
    services.converge_purchase(purchase_id=bought.pk)
    assert PlaceEvidence.objects.count() == 3


@pytest.mark.parametrize(("card", "billing"), [("US", "GB"), ("GB", "US"), ("DE", "FR")])
def test_law_10_evidence_that_contradicts_waits_for_staff(briton, fan_client, stripe, card, billing):
    bought = pay(stripe, order(fan_client), card=card, billing=billing)
    assert place_of(bought) == ("open", "")


def test_law_10_one_evidence_alone_is_not_enough(briton, fan_client, stripe):
    bought = order(fan_client)
    with transaction.atomic():
        locked = Purchase.objects.select_for_update().get(pk=bought.pk)
        from economy.services.places import note_place

        note_place(locked, card="", billing="")
    assert place_of(bought) == ("open", "")
    assert evidence(bought) == {"declared": "GB"}


def test_the_country_header_is_believed_from_our_own_proxy_alone(briton, fan_client, stripe, settings):
    said = {"headers": {"CF-IPCountry": "gb"}}
    assert "edge" not in evidence(order(fan_client, **said))  # no header is named: off by default
    settings.COUNTRY_HEADER = "CF-IPCountry"
    assert "edge" not in evidence(order(fan_client, **said))  # from a stranger
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert evidence(order(fan_client, **said))["edge"] == "GB"
    assert "edge" not in evidence(order(fan_client, headers={"CF-IPCountry": "XX"}))
    assert "edge" not in evidence(order(fan_client, headers={"CF-IPCountry": "Atlantis"}))


# ── What staff settle ───────────────────────────────────────────────────────────────────────


def settle(client, purchase, place, reason="Their bank says so."):
    url = reverse("admin:economy_purchaseplace_act", args=[purchase.pk, place])
    return client.post(url, {"reason": reason}, follow=True)


def test_law_10_finance_settles_a_place_with_a_reason_and_nobody_is_charged_anew(
    briton, fan, fan_client, staff_client, stripe
):
    keep_tax_rate("DE", 190_000)
    bought = pay(stripe, order(fan_client), card="DE", billing="GB")
    queue = words(staff_client.get(f"{QUEUE}?state__exact=open"))
    assert f"@{fan.username}" in queue
    row = words(staff_client.get(reverse("admin:economy_purchaseplace_change", args=[bought.pk])))
    assert "Settle as Germany" in row
    assert "Settle as United Kingdom" in row
    assert "Settle as France" not in row
    assert settle(staff_client, bought, "DE", reason=" ").status_code == 422
    assert place_of(bought) == ("open", "")
    assert "The place of supply is settled." in words(settle(staff_client, bought, "DE"))
    assert place_of(bought) == ("settled", "DE")
    first, second = PurchaseTax.objects.order_by("id")
    assert (first.country, first.tax_minor) == ("GB", 167)
    assert (second.country, second.net_minor, second.tax_minor) == ("DE", 840, 160)
    entry = AuditEntry.objects.get(action="economy.place_settled")
    assert (entry.actor_label, entry.reason, entry.data["place"]) == ("@cashier", "Their bank says so.", "DE")
    services.converge_purchase(purchase_id=bought.pk)
    bought.refresh_from_db()
    assert (place_of(bought), bought.amount_minor, bought.status) == (("settled", "DE"), 1_000, "paid")
    assert "moved on" in words(settle(staff_client, bought, "GB"))
    assert place_of(bought) == ("settled", "DE")


def test_a_place_that_no_evidence_names_cannot_be_settled(briton, fan_client, desk, stripe):
    from digis.core.errors import ValidationFailed

    bought = pay(stripe, order(fan_client), card="US", billing="GB")
    with pytest.raises(ValidationFailed):
        services.settle_place(staff=desk, purchase_id=bought.pk, place=Place("FR"), reason="I like it there.")


def test_two_of_finance_at_once_settle_a_place_once(briton, fan_client, desk, stripe):
    from digis.core.errors import InvalidState

    bought = pay(stripe, order(fan_client), card="US", billing="GB")
    services.settle_place(staff=desk, purchase_id=bought.pk, place=Place("GB"), reason="Their letter.")
    with pytest.raises(InvalidState):
        services.settle_place(staff=desk, purchase_id=bought.pk, place=Place("US"), reason="Their card.")
    assert place_of(bought) == ("settled", "GB")


def test_law_10_the_database_keeps_tax_and_evidence_as_they_were_written(briton, fan_client, stripe):
    pay(stripe, order(fan_client), card="GB")
    for change in (
        "UPDATE economy_purchasetax SET tax_minor = 0",
        "DELETE FROM economy_purchasetax",
        "UPDATE economy_placeevidence SET country = 'FR'",
        "DELETE FROM economy_placeevidence",
    ):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_page_without_tax_says_nothing_of_it(fan_client):
    page = fan_client.get(BUY).content.decode()
    assert not re.search(r"VAT|Prices for", page)
