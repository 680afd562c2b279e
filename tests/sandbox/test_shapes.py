"""What the stand-in sends has the shape that Stripe's SDK, generated from Stripe's specification, describes."""

import json

import httpx
import pytest
import stripe

from tests.sandbox.make import SUCCESS, make_account, make_creator, make_payment, make_session, pay_out
from tests.sandbox.shapes import absent, mismatches
from tests.stripe_sandbox import TEST_KEY, StripeSandbox

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "account": stripe.Account,
    "account_link": stripe.AccountLink,
    "application": stripe.Application,
    "balance": stripe.Balance,
    "balance_settings": stripe.BalanceSettings,
    "balance_transaction": stripe.BalanceTransaction,
    "bank_account": stripe.BankAccount,
    "capability": stripe.Capability,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "login_link": stripe.LoginLink,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "product": stripe.Product,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.Reversal,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
LISTS = [
    "accounts",
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
    "radar/early_fraud_warnings",
    "refunds",
    "setup_intents",
    "transfers",
    "webhook_endpoints",
]


INSIDE = ["balance_transactions", "charges", "events", "payouts", "refunds"]  # lists of a connected account


def fetch(sandbox: StripeSandbox, path: str, account: str = "") -> dict:
    headers = {"Authorization": f"Bearer {TEST_KEY}", **({"Stripe-Account": account} if account else {})}
    answer = httpx.get(f"{sandbox.url}/v1/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


@pytest.fixture(scope="module")
def everything(running_sandbox: StripeSandbox) -> list[dict]:
    """One of each object in each of its states."""
    sandbox = running_sandbox
    sandbox.reset()
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
    for card in ("4242424242424242", "4000002500003155"):
        page = make_session(
            sandbox, customer=customer.id, mode="setup", line_items=[], payment_intent_data={}, currency="usd"
        )
        sandbox.submit_card(page.url or "", card)
    session = make_session(sandbox, customer=customer.id)
    for card in ("4000000000000002", "4000002760003184"):
        sandbox.submit_card(session.url or "", card)
    sandbox.close_dispute(sandbox.dispute(make_payment(sandbox), inquiry=True)["id"], "warning_closed")
    sandbox.warn_of_fraud(make_payment(sandbox))
    made = [fetch(sandbox, "account"), fetch(sandbox, "balance"), *connected(sandbox)]
    for name in LISTS:
        made += fetch(sandbox, f"{name}?limit=100")["data"]
    made += fetch(sandbox, f"checkout/sessions/{session.id}/line_items")["data"]
    return made


def connected(sandbox: StripeSandbox) -> list[dict]:
    """One of each object of Connect in each of its states."""
    client = sandbox.client.v1
    gone, checked, refused = (make_account(sandbox) for _ in range(3))
    sandbox.onboard(checked, "pending")
    sandbox.onboard(refused, "document")
    sandbox.reject_account(refused)
    sandbox.onboard(gone)
    account = make_creator(sandbox, funds=900, country="DE")
    sandbox.add_funds(2_000, "eur", account=account)
    ended = [pay_out(sandbox, account, 100, currency="eur").id for _ in range(4)]
    client.payouts.cancel(ended[0], {}, {"stripe_account": account})
    sandbox.step_payout(ended[1])
    sandbox.pay_payout(ended[2])
    sandbox.fail_payout(ended[3])
    sent = client.transfers.list().data[0]
    client.transfers.reversals.create(sent.id, {"amount": 400})
    params = {"account": account, "type": "account_onboarding", "refresh_url": SUCCESS, "return_url": SUCCESS}
    links = [client.account_links.create(params), client.accounts.login_links.create(account)]
    made: list[dict] = [json.loads(str(link)) for link in links]
    made += [fetch(sandbox, name, account) for name in ("account", "balance", "balance_settings")]
    for path in [f"accounts/{account}/external_accounts", f"accounts/{account}/capabilities"]:
        made += fetch(sandbox, path)["data"]
    made += fetch(sandbox, f"transfers/{sent.id}/reversals")["data"]
    for name in INSIDE:
        made += fetch(sandbox, f"{name}?limit=100", account)["data"]
    sandbox.deauthorize(gone)
    made += [event["data"]["object"] for event in sandbox.events("account.application.deauthorized")]
    return made


def test_every_object_has_the_sdks_shape(everything: list[dict]) -> None:
    assert {thing["object"] for thing in everything} == set(CLASSES)
    problems = sorted({p for thing in everything for p in mismatches(thing, CLASSES[thing["object"]], thing["object"])})
    assert problems == []


def test_the_money_objects_carry_every_field_that_the_sdk_knows(everything: list[dict]) -> None:
    kinds = ("charge", "refund", "dispute", "balance_transaction", "payment_intent", "checkout.session")
    for kind in (*kinds, "transfer", "transfer_reversal", "payout", "bank_account", "account"):
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
    "transfer": set(),
    "transfer_reversal": set(),
    "payout": set(),
    "bank_account": {"customer"},
    "account": {"company", "groups", "individual"},
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
