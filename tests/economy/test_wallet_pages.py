"""The wallet's pages by plain HTTP: what they show, what they refuse, and what they cost."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from economy import selectors, services
from economy.models import LedgerTransaction, Purchase
from economy.selectors import list_packs
from tests import make

pytestmark = pytest.mark.django_db

WALLET, BUY, HISTORY = "/wallet/", "/wallet/buy/", "/wallet/history/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def key_in(response):
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


def shown_in(response):
    return re.search(r'name="shown" value="([^"]+)"', response.content.decode()).group(1)


def spend(payer, payee, amount, source=None, **options):
    source = source or str(uuid4())
    return services.charge(
        payer=payer,
        payee=payee,
        amount=amount,
        kind="tip",
        key=f"t:{uuid4()}",
        source_type="test",
        source_id=source,
        fee_bp=2_000,
        **options,
    )


def test_the_wallet_shows_the_balance_by_origin_and_the_money_beside_it(fan, fan_client, creator):
    make.buy_tokens(fan, 1_000)
    make.grant_tokens(fan, 200)
    services.place_hold(person=fan, amount=80, key="h", source_type="test", source_id="1")
    page = fan_client.get(WALLET)
    words = text_of(page)
    assert page.status_code == 200
    assert "1,120" in words
    assert "$56.00" in words
    assert "80 held" in words
    assert 'id="balance-chip"' in page.content.decode()


def test_packs_show_price_unit_price_and_bonus(fan_client):
    """The unit price stands beside the money price."""
    words = text_of(fan_client.get(BUY))
    for line in ("$10.00", "5.0 ¢ each", "$25.00", "+15 bonus", "4.9 ¢ each", "$50.00", "$125.00", "4.6 ¢ each"):
        assert line in words


def test_buying_leads_to_the_hosted_page_and_back(fan, fan_client, stripe):
    """LEDGER-4 and LEDGER-6: the double click leads to the same page; the return page credits only what Stripe confirms."""
    page = fan_client.get(BUY, {"next": "/explore/"})
    order = {
        "pack": str(list_packs().get(tokens=500).pk),
        "idempotency_key": key_in(page),
        "shown": shown_in(page),
        "next": "/explore/",
    }
    first = fan_client.post(BUY, order)
    again = fan_client.post(BUY, order)
    assert (first.status_code, first["Location"]) == (303, again["Location"])
    assert first["Location"].startswith(stripe.url)
    purchase = Purchase.objects.get()
    back = reverse("economy:purchase", args=[purchase.pk])
    waiting = fan_client.get(back)
    assert "Waiting for the payment" in text_of(waiting)
    assert 'http-equiv="refresh"' in waiting.content.decode()
    stripe.pay(purchase.stripe_session_id)
    done = fan_client.get(back)
    assert "515 tokens are yours" in text_of(done)
    assert 'href="/explore/"' in done.content.decode()
    assert selectors.get_balance(fan).spendable == 515
    assert fan_client.post(BUY, order)["Location"] == back


def test_another_amount_wins_over_the_ticked_pack(fan, fan_client, stripe):
    page = fan_client.get(BUY)
    sent = {
        "pack": str(list_packs()[0].pk),
        "tokens": "1,234",
        "idempotency_key": key_in(page),
        "shown": shown_in(page),
    }
    assert fan_client.post(BUY, sent).status_code == 303
    purchase = Purchase.objects.get()
    assert (purchase.tokens, purchase.amount_minor, purchase.pack) == (1_234, 6_170, None)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose a pack or write an amount."),
        ({"tokens": "99"}, "Choose between 100 and 20,000 tokens."),
        ({"tokens": "many"}, "whole number"),
        ({"pack": "x"}, ""),
    ],
)
def test_what_cannot_be_bought_is_said_beside_the_form(fan_client, sent, words):
    page = fan_client.get(BUY)
    answer = fan_client.post(BUY, {"idempotency_key": key_in(page), "shown": shown_in(page), **sent})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Purchase.objects.exists()


def test_a_price_that_changed_meanwhile_is_shown_again_and_not_charged(fan_client, stripe):
    """LEDGER-7: if anything changed, re-show before charging."""
    page = fan_client.get(BUY)
    pack = list_packs().get(tokens=200)
    sent = {"pack": str(pack.pk), "idempotency_key": key_in(page), "shown": shown_in(page)}
    pack.amount_minor = 1_100
    pack.save()
    answer = fan_client.post(BUY, sent)
    assert answer.status_code == 422
    assert "The price has changed" in text_of(answer)
    assert "$11.00" in text_of(answer)
    assert not Purchase.objects.exists()
    accepted = fan_client.post(BUY, {**sent, "idempotency_key": key_in(answer), "shown": shown_in(answer)})
    assert accepted.status_code == 303
    assert Purchase.objects.get().amount_minor == 1_100


def test_a_form_without_its_key_buys_nothing(fan_client, stripe):
    """LEDGER-4."""
    answer = fan_client.post(BUY, {"tokens": "200"})
    assert answer.status_code == 422
    assert not Purchase.objects.exists()


def test_the_same_key_with_another_order_is_refused(fan_client, stripe):
    """LEDGER-4."""
    assert fan_client.post(BUY, {"tokens": "200", "idempotency_key": "k"}).status_code == 303
    assert fan_client.post(BUY, {"tokens": "300", "idempotency_key": "k"}).status_code == 409
    assert Purchase.objects.count() == 1


def test_stripe_being_away_is_said_and_the_same_form_works_later(fan_client, stripe):
    stripe.fault("error", path="/v1/checkout/sessions", times=2)
    sent = {"tokens": "200", "idempotency_key": "k"}
    answer = fan_client.post(BUY, sent)
    assert answer.status_code == 422
    assert "Nothing was charged" in text_of(answer)
    stripe.forget_faults()
    assert fan_client.post(BUY, sent).status_code == 303


def test_nobody_buys_before_their_address_is_proven(client, stripe):
    person = make.make_person("newcomer", verified=False)
    client.force_login(person)
    answer = client.post(BUY, {"tokens": "200", "idempotency_key": "k"})
    assert answer.status_code == 403
    assert not Purchase.objects.exists()


def test_staff_have_no_wallet_page(moderator_client):
    """ACC-5."""
    assert moderator_client.get(WALLET).status_code == 403


def test_visitors_sign_in_first(client):
    for address in (WALLET, BUY, HISTORY):
        assert client.get(address).status_code in {302, 303}


def test_what_belongs_to_somebody_else_is_not_there(fan, stranger_client, stripe, creator):
    purchase = services.start_purchase(person=fan, tokens=200, key="k")
    make.buy_tokens(fan, 100)
    paid = spend(fan, creator, 10)
    assert stranger_client.get(reverse("economy:purchase", args=[purchase.pk])).status_code == 404
    assert stranger_client.get(reverse("economy:receipt", args=[paid.pk])).status_code == 404


def test_a_purchase_that_ended_otherwise_says_so(fan, fan_client, stripe):
    purchase = services.start_purchase(person=fan, tokens=200, key="k")
    address = reverse("economy:purchase", args=[purchase.pk])
    assert "You left the payment page" in text_of(fan_client.get(f"{address}?left=1"))
    for status, words in (
        ("failed", "did not go through"),
        ("expired", "has timed out"),
        ("refunded", "was returned"),
        ("disputed", "is disputed"),
    ):
        Purchase.objects.filter(pk=purchase.pk).update(status=status)
        assert words in text_of(fan_client.get(address))
    Purchase.objects.filter(pk=purchase.pk).update(status="pending", quarantine_reason="amount")
    assert "checking this payment" in text_of(fan_client.get(address))


def test_history_is_filtered_by_the_address(fan, fan_client, creator):
    make.buy_tokens(fan, 500, bonus=15)
    make.grant_tokens(fan, 10)
    paid = spend(fan, creator, 40)
    services.refund_charge(transaction_id=paid.pk, key="back", reason="test", amount=10)
    services.place_hold(person=fan, amount=5, key="h", source_type="test", source_id="1")
    everything = text_of(fan_client.get(HISTORY))
    for words in ("Bought 500 + 15", "Bonus tokens", "Paid to Creator", "Returned by Creator"):
        assert words in everything
    for kind, there, not_there in (
        ("added", "Bought 500 + 15", "Paid to"),
        ("spent", "Paid to Creator", "Bought"),
        ("refunds", "Returned by Creator", "Bought"),
    ):
        words = text_of(fan_client.get(HISTORY, {"kind": kind}))
        assert there in words
        assert not_there not in words
    assert fan_client.get(HISTORY, {"kind": "nonsense"}).status_code == 200


def test_a_long_history_goes_on_behind_a_link(fan, fan_client, creator):
    make.buy_tokens(fan, 500)
    for number in range(30):
        spend(fan, creator, number + 1)
    first = fan_client.get(HISTORY)
    onward = re.search(r'href="([^"]*cursor=[^"]+)" rel="next"', first.content.decode()).group(1).replace("&amp;", "&")
    second = fan_client.get(onward)
    seen = re.findall(r"/wallet/receipts/([0-9a-f-]+)/", first.content.decode() + second.content.decode())
    assert len(set(seen)) == 31
    assert "cursor=" not in second.content.decode()


@pytest.mark.parametrize("address", [WALLET, HISTORY])
def test_a_page_costs_the_same_for_any_number_of_rows(fan, fan_client, creator, address):
    make.buy_tokens(fan, 500)

    def queries():
        fan_client.get(address)
        with CaptureQueriesContext(connection) as counted:
            assert fan_client.get(address).status_code == 200
        return len(counted)

    other = make.make_creator()
    spend(fan, creator, 1)
    before = queries()
    for number in range(5):
        spend(fan, other if number % 2 else creator, 1)
        services.place_hold(person=fan, amount=1, key=f"h{number}", source_type="test", source_id=str(number))
        make.buy_tokens(fan, 100)
    assert queries() == before


def test_a_receipt_names_the_parts_and_their_sum(fan, fan_client, creator):
    make.buy_tokens(fan, 500)
    source = str(uuid4())
    first = spend(fan, creator, 33, source)
    spend(fan, creator, 20, source, charged_before=33, fee_before=first.fee)
    page = fan_client.get(reverse("economy:receipt", args=[first.pk]))
    words = text_of(page)
    assert "53 tokens" in words
    assert "$2.65" in words
    assert "Charged in 2 parts" in words
    assert str(first.pk) in words


def test_htmx_gets_the_parts_that_live(fan, fan_client, stripe):
    live = fan_client.get(WALLET, headers={"HX-Request": "true"}).content.decode()
    assert live.lstrip().startswith('<section class="panel overflow-hidden" id="wallet-balance"')
    assert 'id="history"' in live
    assert "<html" not in live
    purchase = services.start_purchase(person=fan, tokens=200, key="k")
    state = fan_client.get(
        reverse("economy:purchase", args=[purchase.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert state.lstrip().startswith(f'<section id="purchase-{purchase.pk}"')


def test_the_welcome_grant_comes_once_when_the_address_is_proven(db, settings):
    """SIGNUP_GRANT: promotional, never withdrawable, once per verified person (LEDGER-9)."""
    from accounts.signals import person_verified

    settings.SIGNUP_GRANT = 60
    person = make.make_person("welcome")
    person_verified.send(sender=type(person), person=person)
    assert selectors.get_balance(person) == selectors.Balance(promotional=60)
    assert LedgerTransaction.objects.filter(person=person).count() == 1
    assert not person.token_lots.get().is_withdrawable
    staff = make.make_staff("clerk")
    person_verified.send(sender=type(staff), person=staff)
    assert not LedgerTransaction.objects.filter(person=staff).exists()


def test_ten_tries_to_pay_a_minute_are_enough(fan_client, stripe):
    answers = [fan_client.post(BUY, {}).status_code for _ in range(11)]
    assert answers[:10] == [422] * 10
    assert answers[10] == 429


def test_the_same_order_again_leads_on_when_its_pack_has_left_the_shelf(fan_client, stripe):
    """LEDGER-4: a press that is repeated gives the first answer, whatever is sold by now."""
    page = fan_client.get(BUY)
    pack = list_packs().get(tokens=1_000)
    order = {"pack": str(pack.pk), "idempotency_key": key_in(page), "shown": shown_in(page)}
    first = fan_client.post(BUY, order)
    assert first.status_code == 303
    pack.is_offered = False
    pack.save(update_fields=["is_offered"])
    again = fan_client.post(BUY, order)
    assert (again.status_code, again["Location"]) == (303, first["Location"])
    assert Purchase.objects.count() == 1
    other = list_packs().get(tokens=500)
    assert fan_client.post(BUY, {**order, "pack": str(other.pk)}).status_code in {409, 422}
