"""What the stand-in sends has the shape that Stripe's SDK, generated from Stripe's specification, describes."""

import json

import httpx
import pytest
import stripe

from tests.sandbox.make import make_payment, make_session
from tests.sandbox.shapes import absent, mismatches
from tests.stripe_sandbox import TEST_KEY, StripeSandbox

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "account": stripe.Account,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
LISTS = [
    "balance_transactions",
    "charges",
    "checkout/sessions",
    "customers",
    "disputes",
    "events",
    "payment_intents",
    "payment_methods",
    "prices",
    "products",
    "refunds",
    "webhook_endpoints",
]


def fetch(sandbox: StripeSandbox, path: str) -> dict:
    answer = httpx.get(f"{sandbox.url}/v1/{path}", headers={"Authorization": f"Bearer {TEST_KEY}"})
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


@pytest.fixture
def everything(sandbox: StripeSandbox) -> list[dict]:
    """One of each object in each of its states."""
    client = sandbox.client.v1
    customer = client.customers.create({"email": "fan@digis.test", "address": {"country": "DE"}})
    product = client.products.create({"name": "Pack"})
    client.prices.create({"product": product.id, "unit_amount": 500, "currency": "usd"})
    client.prices.create(
        {"product": product.id, "unit_amount": 500, "currency": "usd", "recurring": {"interval": "month"}}
    )
    sandbox.refund(make_payment(sandbox), amount=300)
    sandbox.refund(make_payment(sandbox, card="4000000000005126"))
    sandbox.close_dispute(sandbox.dispute(make_payment(sandbox))["id"], "won")
    make_payment(sandbox, card="4000000000000259")
    session = make_session(sandbox, customer=customer.id)
    for card in ("4000000000000002", "4000002760003184"):
        sandbox.submit_card(session.url or "", card)
    made = [fetch(sandbox, "account"), fetch(sandbox, "balance")]
    for name in LISTS:
        made += fetch(sandbox, f"{name}?limit=100")["data"]
    made += fetch(sandbox, f"checkout/sessions/{session.id}/line_items")["data"]
    return made


def test_every_object_has_the_sdks_shape(everything: list[dict]) -> None:
    assert {thing["object"] for thing in everything} == set(CLASSES)
    problems = sorted({p for thing in everything for p in mismatches(thing, CLASSES[thing["object"]], thing["object"])})
    assert problems == []


def test_the_money_objects_carry_every_field_that_the_sdk_knows(everything: list[dict]) -> None:
    for kind in ("charge", "refund", "dispute", "balance_transaction", "payment_intent", "checkout.session"):
        for thing in (t for t in everything if t["object"] == kind):
            assert absent(thing, CLASSES[kind]) <= ALLOWED.get(kind, set()), kind


def test_events_carry_objects_of_the_same_shape(everything: list[dict]) -> None:
    objects = [thing["data"]["object"] for thing in everything if thing["object"] == "event"]
    known = [thing for thing in objects if thing["object"] in CLASSES]
    assert len(known) > 20
    problems = sorted({p for thing in known for p in mismatches(thing, CLASSES[thing["object"]], thing["object"])})
    assert problems == []


# Optional fields that real answers leave out as well, unless a feature that is not ours is in use.
ALLOWED = {
    "charge": {"authorization_code", "level3", "transfer"},
    "payment_intent": {
        "allowed_payment_method_types",
        "hooks",
        "managed_payments",
        "payment_details",
        "presentment_details",
    },
    "checkout.session": {
        "excluded_payment_method_types",
        "managed_payments",
        "name_collection",
        "optional_items",
        "redirect_on_completion",
        "return_url",
        "tax_id_collection",
    },
    "refund": {"instructions_email", "presentment_details"},
    "dispute": set(),
    "balance_transaction": set(),
}


def test_the_comparison_itself_finds_faults(everything: list[dict]) -> None:
    charge = next(thing for thing in everything if thing["object"] == "charge")
    planted = {**charge, "amount": "12", "currency": None, "colour": "red", "outcome": {"risk": 1}}
    del planted["paid"]
    assert set(mismatches(planted, stripe.Charge)) >= {
        ".amount: '12' is a str",
        ".currency: null",
        ".colour: unknown",
        ".paid: missing",
        ".outcome.risk: unknown",
        ".outcome.type: missing",
    }
