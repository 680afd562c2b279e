"""dj-stripe, which fetches every object anew when an event arrives, finds all it asks for."""

from typing import Any

import pytest
import stripe
from django.conf import settings
from djstripe import models as mirror

from tests.make import make_person
from tests.sandbox.make import make_creator, make_payment, make_session, pay_out
from tests.stripe_sandbox import StripeSandbox


@pytest.fixture
def asked(sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, db: None) -> StripeSandbox:
    """Let dj-stripe ask this stand-in."""
    monkeypatch.setattr(stripe, "api_base", sandbox.url)
    return sandbox


def process(events: list[dict[str, Any]]) -> None:
    for event in events:
        mirror.Event.process(event, api_key=settings.STRIPE_SECRET_KEY)


@pytest.fixture
def history(asked: StripeSandbox) -> list[dict[str, Any]]:
    client = asked.client.v1
    customer = client.customers.create({"email": "fan@digis.test", "name": "Fan"})
    client.customers.update(customer.id, {"phone": "+49 30 1"})
    product = client.products.create({"name": "Pack"})
    price = client.prices.create({"product": product.id, "unit_amount": 2500, "currency": "usd"})
    session = make_session(
        asked,
        customer=customer.id,
        line_items=[{"price": price.id, "quantity": 1}],
        payment_intent_data={"setup_future_usage": "off_session"},
    )
    for card in ("4000000000000002", "4000002760003184"):
        asked.submit_card(session.url or "", card)
    asked.answer_bank(session.url or "", "complete")
    refunded = make_payment(asked)
    asked.refund(refunded, amount=100)
    asked.refund(refunded)
    asked.refund(make_payment(asked, card="4000000000005126"))
    asked.close_dispute(asked.dispute(make_payment(asked))["id"], "won")
    asked.close_dispute(asked.dispute(make_payment(asked))["id"], "lost")
    client.checkout.sessions.expire(make_session(asked).id)
    intent = client.payment_intents.create({"amount": 500, "currency": "usd"})
    client.payment_intents.cancel(intent.id)
    asked.advance(3 * 86_400)
    return asked.events()


def test_every_kind_of_event_is_taken_in(history: list[dict[str, Any]]) -> None:
    assert {
        "balance.available",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.failed",
        "charge.refund.updated",
        "charge.refunded",
        "charge.succeeded",
        "charge.updated",
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.created",
        "customer.updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "payment_method.attached",
        "price.created",
        "product.created",
        "refund.created",
        "refund.failed",
        "refund.updated",
    } <= {event["type"] for event in history}
    process(history)
    assert mirror.Event.objects.count() == len(history)
    given_back = mirror.Charge.objects.get(stripe_data__refunded=True)
    assert (given_back.amount, given_back.stripe_data["amount_refunded"]) == (12, 1200)
    assert {dispute.status for dispute in mirror.Dispute.objects.all()} == {"won", "lost"}
    assert mirror.Session.objects.filter(stripe_data__status="complete").count() == 5
    assert mirror.Account.objects.count() == 1


def test_the_events_of_connect_are_taken_in(asked: StripeSandbox) -> None:
    account = make_creator(asked, funds=900)
    payouts = [pay_out(asked, account, 300).id for _ in range(2)]
    asked.pay_payout(payouts[0])
    asked.fail_payout(payouts[1])
    asked.change_bank(account)
    sent = asked.client.v1.transfers.list().data[0]
    asked.reverse_transfer(sent.id, amount=100)
    asked.warn_of_fraud(make_payment(asked))
    history = asked.events()
    assert {"account.updated", "capability.updated", "payout.failed", "transfer.reversed"} <= {
        e["type"] for e in history
    }
    # dj-stripe cannot follow a bank account's deletion: its own mirror of the payouts to it forbids that.
    followed = [event for event in history if event["type"] != "account.external_account.deleted"]
    process(followed)
    assert mirror.Event.objects.count() == len(followed) == len(history) - 1


@pytest.mark.parametrize("order", ["newest first", "sorted by type"])
def test_events_are_taken_in_in_other_orders(history: list[dict[str, Any]], order: str) -> None:
    process(history[::-1] if order == "newest first" else sorted(history, key=lambda event: event["type"]))
    assert mirror.Event.objects.count() == len(history)


def test_a_customer_is_tied_to_a_person(asked: StripeSandbox) -> None:
    person = make_person(email="tied@example.com")
    customer, is_new = mirror.Customer.get_or_create(person, api_key=settings.STRIPE_SECRET_KEY)
    assert is_new
    again, is_new = mirror.Customer.get_or_create(person, api_key=settings.STRIPE_SECRET_KEY)
    assert (again.id, is_new) == (customer.id, False)
    assert asked.client.v1.customers.retrieve(customer.id).email == "tied@example.com"
