"""Auto top-up: off until somebody agrees to it, one pack at the price they saw, and never past what they allowed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from djstripe.models import Event

from accounts.services import suspend
from digis.core.clock import today
from digis.core.limits import LIMITS
from economy import gateway, selectors, services
from economy.handlers import look_at_stripe_event
from economy.models import Dispute, ExchangeRate, Pack, Purchase, SavedCard, TopUpPlan
from economy.selectors import Balance, list_packs
from notifications.models import Notification
from tests import make
from tests.economy.payees import words
from tests.economy.test_wallet_pages import spend

pytestmark = pytest.mark.django_db

PAGE = "/wallet/top-up/"
PAYS, DECLINES, ASKS_ALWAYS, ASKS_ONCE = (
    "4242424242424242",
    "4000000000000341",
    "4000002760003184",
    "4000002500003155",
)


def pack():
    return list_packs().get(tokens=500)


def save_card(client, stripe, number=PAYS):
    """Save a card as a person does: our button, Stripe's page, and back."""
    page = client.post("/wallet/card/").headers["Location"]
    answer = stripe.submit_card(page, number)
    if "authenticate" in answer.headers["Location"]:
        answer = stripe.answer_bank(page, "complete")
    return client.get(answer.headers["Location"].removeprefix("http://testserver"), follow=True)


def agreement(**changes):
    return {
        "threshold": "100",
        "pack": str(pack().pk),
        "month_cap": "1000",
        "agreed": "on",
        "shown": selectors.get_shelf().version,
        **changes,
    }


@pytest.fixture
def agreed(fan, fan_client, stripe, settings):
    settings.SITE_URL = "http://testserver"
    save_card(fan_client, stripe)
    assert fan_client.post(PAGE, agreement()).status_code == 303
    return TopUpPlan.objects.get(person=fan)


def work():
    """Let the sweep and the workers do what is due."""
    stored = services.top_up_due()
    while make.handle_outbox("economy.converge", "economy.forget_card"):
        pass
    return stored


def told(person):
    return list(
        Notification.objects.filter(person=person, kind__startswith="economy.top")
        .order_by("id")
        .values_list("kind", flat=True)
    )


def charged(stripe):
    return [row for row in stripe.client.v1.charges.list({"limit": 100}).data if row.paid]


# ── Saving a card ───────────────────────────────────────────────────────────────────────────


def test_a_card_is_saved_on_stripes_page_and_charges_nothing(fan, fan_client, stripe, settings):
    settings.SITE_URL = "http://testserver"
    page = save_card(fan_client, stripe, ASKS_ONCE)
    assert "Your card is saved. Nothing was charged." in words(page)
    assert "Visa ···· 3155" in words(page)
    assert SavedCard.objects.get().person == fan
    assert charged(stripe) == []


def test_stripes_event_brings_the_card_when_nobody_comes_back(fan, fan_client, stripe, settings):
    settings.SITE_URL = "http://testserver"
    page = fan_client.post("/wallet/card/").headers["Location"]
    stripe.submit_card(page, PAYS)
    (event,) = stripe.events("checkout.session.completed")
    Event.objects.create(
        id=event["id"],
        type=event["type"],
        data=event["data"],
        livemode=False,
        stripe_data=event,
        created="2026-11-21T00:00Z",
    )
    for _again in range(2):
        look_at_stripe_event({"event": event["id"]})
    assert SavedCard.objects.get().title == "Visa ···· 4242"


def test_another_card_takes_its_place_and_stripe_forgets_the_first(fan, fan_client, stripe, agreed):
    first = SavedCard.objects.get().method_id
    stripe.advance(60)
    save_card(fan_client, stripe, "5555555555554444")
    make.handle_outbox("economy.forget_card")
    assert SavedCard.objects.get().title == "Mastercard ···· 4444"
    assert stripe.client.v1.payment_methods.retrieve(first).customer is None


def test_nobody_takes_a_card_from_anothers_page(fan, fan_client, stranger_client, stripe, settings):
    settings.SITE_URL = "http://testserver"
    page = fan_client.post("/wallet/card/").headers["Location"]
    back = stripe.submit_card(page, PAYS).headers["Location"].removeprefix("http://testserver")
    assert "not there yet" in words(stranger_client.get(back, follow=True))
    assert SavedCard.objects.get().person == fan


@pytest.mark.parametrize("page", ["", "cs_none", "../v1/customers", "x" * 400])
def test_a_page_that_is_none_of_stripes_brings_nothing(fan_client, stripe, page):
    answer = fan_client.get("/wallet/card/kept/", {"page": page}, follow=True)
    assert "not there yet" in words(answer)
    assert not SavedCard.objects.exists()


def test_nobody_has_us_ask_stripe_again_and_again(fan_client, stripe, settings):
    most = LIMITS["write"].rate
    answers = [fan_client.get("/wallet/card/kept/", {"page": "cs_none"}).status_code for _ in range(most + 1)]
    assert (set(answers[:-1]), answers[-1]) == ({303}, 429)


def test_a_removed_card_is_forgotten_and_turns_it_off(fan_client, stripe, agreed):
    method = SavedCard.objects.get().method_id
    assert fan_client.post("/wallet/card/remove/").status_code == 303
    make.handle_outbox("economy.forget_card")
    agreed.refresh_from_db()
    assert (agreed.is_on, SavedCard.objects.exists()) == (False, False)
    assert stripe.client.v1.payment_methods.retrieve(method).customer is None


def test_the_saved_card_is_offered_when_its_owner_buys(fan, fan_client, stripe, agreed):
    order = services.start_purchase(person=fan, pack_id=pack().pk, key="order-1")
    page = httpx.get(order.checkout_url).text
    assert "Pay with Visa ···· 4242" in page
    httpx.post(order.checkout_url, data={"saved": SavedCard.objects.get().method_id})
    services.converge_purchase(purchase_id=order.pk)
    assert selectors.get_balance(fan).purchased == 500


@pytest.mark.parametrize("sends", [True, False])
def test_a_removed_card_stays_away_whoever_tells_of_it_again(fan, fan_client, stripe, settings, sends):
    """By the page's address in the browser's history, or by an event that comes again, before Stripe forgot it and after."""
    settings.SITE_URL = "http://testserver"
    page = fan_client.post("/wallet/card/").headers["Location"]
    back = stripe.submit_card(page, PAYS).headers["Location"].removeprefix("http://testserver")
    fan_client.get(back)
    fan_client.post("/wallet/card/remove/")
    if sends:
        make.handle_outbox("economy.forget_card")
    assert "not there yet" in words(fan_client.get(back, follow=True))
    assert services.keep_card(page_id=page.rpartition("/")[2]) is None
    assert not SavedCard.objects.exists()


def test_a_card_that_stripe_has_forgotten_is_not_taken(fan, fan_client, stripe, settings):
    settings.SITE_URL = "http://testserver"
    page = fan_client.post("/wallet/card/").headers["Location"]
    back = stripe.submit_card(page, PAYS).headers["Location"].removeprefix("http://testserver")
    (method,) = stripe.client.v1.payment_methods.list({"customer": fan.stripe_customer.customer_id}).data
    stripe.client.v1.payment_methods.detach(method.id)
    assert "not there yet" in words(fan_client.get(back, follow=True))


# ── Agreeing ────────────────────────────────────────────────────────────────────────────────


def test_it_is_off_until_somebody_agrees(fan, fan_client, stripe):
    assert "It is off. Nothing is bought until you turn it on." in words(fan_client.get(PAGE))
    assert work() == 0
    assert not Purchase.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"agreed": ""}, "Tick this to agree"),
        ({"threshold": "516"}, "Write 515 or less"),
        ({"threshold": "0"}, "1 or more"),
        ({"month_cap": "499"}, "Write 500 or more"),
        ({"pack": ""}, "Choose a pack."),
        ({"pack": "00000000-0000-0000-0000-000000000000"}, "This pack is not sold any more."),
        ({"shown": "of yesterday"}, "price"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_on(fan_client, stripe, settings, changes, sentence):
    settings.SITE_URL = "http://testserver"
    save_card(fan_client, stripe)
    answer = fan_client.post(PAGE, agreement(**changes))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not TopUpPlan.objects.filter(is_on=True).exists()


def test_a_price_that_changed_is_shown_anew_and_then_agreed_to(fan_client, stripe, settings):
    """LEDGER-7."""
    settings.SITE_URL = "http://testserver"
    save_card(fan_client, stripe)
    seen = agreement()
    Pack.objects.filter(tokens=500).update(amount_minor=2_600)
    answer = fan_client.post(PAGE, seen)
    assert answer.status_code == 422
    assert "$26.00" in words(answer)
    assert fan_client.post(PAGE, agreement()).status_code == 303
    assert TopUpPlan.objects.get().amount_minor == 2_600


def test_it_needs_a_card_first(fan_client, stripe):
    answer = fan_client.post(PAGE, agreement())
    assert (answer.status_code, "Save a card first." in words(answer)) == (422, True)


# ── Buying ──────────────────────────────────────────────────────────────────────────────────


def test_below_the_threshold_the_pack_is_bought_once_and_its_owner_is_written_to(fan, stripe, agreed):
    assert work() == 1
    assert work() == 0
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    (payment,) = charged(stripe)
    assert (payment.amount, payment.currency) == (2_500, "usd")
    assert told(fan) == ["economy.topped_up"]
    make.handle_outbox("notifications.deliver")
    (message,) = make.mail_to(fan)
    assert message.subject == "Auto top-up bought 515 tokens for $25.00"


def evidence():
    """What the bank would be sent about the payment."""
    return selectors.gather_evidence(Dispute.objects.get()).payment


def test_the_evidence_of_a_top_up_says_how_it_was_paid_and_what_was_agreed_to(fan, fan_client, stripe, agreed, clock):
    """LEDGER-8: no page of Stripe's was there; the agreement is the one that stood when it was bought."""
    clock.advance(hours=1)
    work()
    at, bought = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (agreed.agreed_at, Purchase.objects.get().created_at))
    make.handle_outbox("notifications.deliver")
    stripe.dispute(Purchase.objects.get().stripe_payment_intent_id)
    services.converge_purchase(purchase_id=Purchase.objects.get().pk)
    paid = f"{Purchase.objects.get().paid_at:%Y-%m-%d %H:%M} UTC"
    told = Notification.objects.get(kind="economy.topped_up")
    inbox, mail = (
        f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (told.created_at, told.deliveries.get(channel="mail").sent_at)
    )
    terms = "whenever fewer than 100 tokens are free, this pack for 25.00 USD, up to 1,000 tokens in a calendar month"
    lines = [
        f"Bought by auto top-up on {bought}: 500 tokens and 15 bonus tokens for 25.00 USD.",
        f"The buyer agreed to it on {at}: {terms}.",
        f"Paid on {paid} with Visa ···· 4242, the card the buyer had saved for this, off-session; tokens delivered at once.",
        f"The buyer was told of this payment in their inbox on {inbox}, and by e-mail sent on {mail}.",
    ]
    assert evidence() == lines
    clock.advance(hours=1)
    services.turn_on_top_up(person=fan, threshold=50, pack_id=pack().pk, month_cap=5_000)
    assert evidence() == lines


def test_at_the_threshold_nothing_is_bought(fan, stripe, agreed):
    make.grant_tokens(fan, 100)
    assert work() == 0
    make.handle_outbox()
    assert charged(stripe) == []


def test_spending_below_it_buys_and_held_tokens_do_not_count_as_free(fan, creator, stripe, agreed):
    make.grant_tokens(fan, 150)
    assert work() == 0
    services.place_hold(person=fan, amount=60, source_type="test", source_id="1", key="h1")
    assert work() == 1
    assert selectors.get_balance(fan).spendable == 90 + 515


def test_the_months_cap_holds_and_is_told_once(fan, stripe, agreed, clock):
    for _time in range(2):
        assert work() == 1
        spend_all(fan)
    assert [work(), work()] == [0, 0]
    assert len(charged(stripe)) == 2
    assert told(fan)[2:] == ["economy.top_up_capped"]
    clock.advance(days=32)
    stripe.advance(32 * 86_400)
    assert work() == 1


def spend_all(person):
    spend(person, make.make_creator(), selectors.get_balance(person).spendable)


@pytest.mark.parametrize(
    ("number", "stop", "sentence"),
    [(DECLINES, "declined", "Your card was declined."), (ASKS_ALWAYS, "bank", "Your bank wants to ask you each time.")],
)
def test_one_refusal_turns_it_off_and_says_why(fan, fan_client, stripe, agreed, number, stop, sentence):
    stripe.advance(60)
    save_card(fan_client, stripe, number)
    assert [work(), work()] == [1, 0]
    agreed.refresh_from_db()
    assert (agreed.is_on, agreed.stop) == (False, stop)
    assert selectors.get_balance(fan) == Balance()
    assert charged(stripe) == []
    make.handle_outbox("notifications.deliver")
    (message,) = make.mail_to(fan)
    assert message.subject == "Auto top-up is off"
    assert sentence in message.body
    intent = Purchase.objects.get().stripe_payment_intent_id
    assert stripe.client.v1.payment_intents.retrieve(intent).status == "canceled"
    assert Purchase.objects.get().status == "failed"


def test_a_card_forgotten_at_stripe_turns_it_off(fan, stripe, agreed):
    stripe.client.v1.payment_methods.detach(SavedCard.objects.get().method_id)
    work()
    agreed.refresh_from_db()
    assert (agreed.is_on, agreed.stop) == (False, "card")
    assert Purchase.objects.get().status == "failed"


def test_an_expired_card_is_not_tried(fan, stripe, agreed):
    SavedCard.objects.update(expires_on="2020-01-31")
    assert work() == 0
    agreed.refresh_from_db()
    assert (agreed.stop, Purchase.objects.count(), told(fan)) == ("card", 0, ["economy.top_up_stopped"])


def test_another_price_than_the_one_agreed_to_is_never_charged(fan, stripe, agreed):
    """LEDGER-7."""
    Pack.objects.filter(tokens=500).update(amount_minor=2_501)
    assert work() == 0
    agreed.refresh_from_db()
    assert (agreed.is_on, agreed.stop) == (False, "price")
    assert charged(stripe) == []


def test_another_currency_is_another_price(fan, stripe, agreed):
    ExchangeRate.objects.create(currency="EUR", day=today(), micros=900_000, source="staff")
    pack().prices.create(currency="EUR", amount_minor=2_500)
    fan.currency = "EUR"
    fan.save(update_fields=["currency"])
    work()
    agreed.refresh_from_db()
    assert (agreed.stop, Purchase.objects.count()) == ("price", 0)


def test_what_an_account_may_buy_in_a_day_holds_here_too(fan, stripe, agreed, settings):
    """LEDGER-10."""
    settings.PURCHASE_DAY_TOKENS = ((0, 700),)
    assert work() == 1
    spend_all(fan)
    assert work() == 0
    assert len(charged(stripe)) == 1


def test_who_may_spend_nothing_more_is_not_topped_up(fan, stripe, agreed):
    """LEDGER-10: a limit of one's own makes more tokens useless for now."""
    services.set_limit(person=fan, period="day", tokens=0)
    assert work() == 0
    agreed.refresh_from_db()
    assert agreed.is_on
    assert Purchase.objects.count() == 0


def test_who_is_suspended_is_left_alone(fan, stripe, agreed, moderator):
    suspend(staff=moderator, person=fan, reason="Spam")
    assert work() == 0
    assert not Purchase.objects.exists()


def test_a_dispute_turns_it_off(fan, fan_client, stripe, agreed):
    """LEDGER-8: whose bank takes payments back is not charged again by itself."""
    work()
    stripe.dispute(Purchase.objects.get().stripe_payment_intent_id)
    services.converge_purchase(purchase_id=Purchase.objects.get().pk)
    assert work() == 0
    page = words(fan_client.get(PAGE))
    assert "A payment is disputed at your bank." in page
    assert "nothing was charged" not in page
    assert told(fan) == ["economy.topped_up", "economy.top_up_stopped"]


def test_who_owes_tokens_is_left_alone(fan, creator, stripe, agreed):
    """LEDGER-8: more money from a card in dispute makes nothing better."""
    work()
    spend_all(fan)
    stripe.refund(Purchase.objects.get().stripe_payment_intent_id)
    services.converge_purchase(purchase_id=Purchase.objects.get().pk)
    assert selectors.get_balance(fan).debt
    assert work() == 0


# ── Faults ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["error", "drop"])
def test_a_lost_answer_charges_once(fan, stripe, agreed, fault):
    """The charge was never made, or made and its answer lost: asking again comes to one payment."""
    stripe.fault(fault, "/v1/payment_intents", method="POST", times=2)
    services.top_up_due()
    make.handle_outbox("economy.converge")
    stripe.forget_faults()
    services.converge_purchase(purchase_id=Purchase.objects.get().pk)
    assert len(charged(stripe)) == 1
    assert selectors.get_balance(fan).purchased == 500


def test_after_the_price_has_run_out_nothing_is_charged_any_more(fan, stripe, agreed, clock):
    services.top_up_due()
    clock.advance(minutes=11)
    services.converge_purchase(purchase_id=Purchase.objects.get().pk)
    assert Purchase.objects.get().status == "expired"
    assert charged(stripe) == []


def test_a_charge_whose_answer_was_lost_is_found_after_the_price_has_run_out(fan, stripe, agreed, clock):
    services.top_up_due()
    purchase = Purchase.objects.get()
    gateway.charge_card(
        purchase_id=purchase.pk,
        customer_id=fan.stripe_customer.customer_id,
        method_id=purchase.stripe_payment_method_id,
        title="x",
        amount_minor=2_500,
        currency="USD",
    )
    clock.advance(minutes=11)
    services.converge_purchase(purchase_id=purchase.pk)
    assert selectors.get_balance(fan).purchased == 500
    assert len(charged(stripe)) == 1


def test_only_one_is_being_bought_at_a_time(fan, agreed):
    services.top_up_due()
    with pytest.raises(IntegrityError), transaction.atomic():
        Purchase.objects.create(
            person=fan,
            key="another",
            tokens=1,
            amount_minor=5,
            currency="USD",
            stripe_payment_method_id="pm_1",
            quote_expires_at="2030-01-01T00:00Z",
        )


@pytest.mark.django_db(transaction=True)
def test_eight_sweeps_at_once_buy_once(fan, stripe, agreed):
    def sweep(_number):
        try:
            services.top_up_due()
            return make.handle_outbox("economy.converge")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sweep, range(8)))
    work()
    assert len(charged(stripe)) == 1
    assert selectors.get_balance(fan).purchased == 500


def test_turned_off_it_buys_nothing(fan_client, stripe, agreed):
    assert fan_client.post("/wallet/top-up/off/").status_code == 303
    assert work() == 0
    assert "It is off" in words(fan_client.get(PAGE))


def test_unused_tokens_of_it_go_back_to_the_card(fan, fan_client, stripe, agreed):
    """LEDGER-12."""
    work()
    purchase = Purchase.objects.get()
    services.return_purchase(actor=fan, purchase_id=purchase.pk, minor=2_500, key="r1")
    make.handle_outbox("economy.converge")
    assert stripe.client.v1.refunds.list().data[0].amount == 2_500


def test_the_page_says_what_it_came_to_this_month(fan, fan_client, stripe, agreed):
    work()
    page = words(fan_client.get(PAGE))
    assert "On: 515 tokens for $25.00 whenever you have fewer than 100." in page
    assert "once, 500 tokens" in page
    assert "500 of 1,000 (≈ $50.00)" in page
    assert "500 tokens when below 100" in words(fan_client.get("/wallet/"))


def test_the_sweep_asks_a_fixed_number_of_questions(fan, stripe, agreed, django_assert_max_num_queries):
    make.grant_tokens(fan, 200)
    with django_assert_max_num_queries(1):
        assert services.top_up_due() == 0


def test_it_rests_rather_than_asks_again_and_again(fan, stripe, agreed, clock):
    services.set_limit(person=fan, period="day", tokens=0)
    work()
    agreed.refresh_from_db()
    assert agreed.rests_until is not None
    services.set_limit(person=fan, period="day", tokens=None)
    clock.advance(hours=24, minutes=1)
    assert work() == 1
    assert timedelta(0) < agreed.rests_until - agreed.updated_at <= timedelta(minutes=10)
