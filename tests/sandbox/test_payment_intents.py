from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe

from tests.sandbox.make import make_session
from tests.stripe_sandbox import StripeSandbox

INTENT = {"amount": 1500, "currency": "usd"}


def test_an_intent_is_confirmed_by_a_ready_made_card(sandbox: StripeSandbox) -> None:
    intents = sandbox.client.v1.payment_intents
    intent = intents.create({**INTENT, "metadata": {"purchase": "9"}})
    assert intent.status == "requires_payment_method"
    intent = intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (intent.status, intent.amount_received) == ("succeeded", 1500)
    assert [e["type"] for e in sandbox.events()] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
    ]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_decline_is_a_card_error_and_what_happened_stays(sandbox: StripeSandbox) -> None:
    client = sandbox.client.v1
    with pytest.raises(stripe.CardError) as declined:
        client.payment_intents.create(
            {**INTENT, "confirm": True, "payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
        )
    error = declined.value.error
    assert error is not None
    assert (declined.value.http_status, error.code, error.decline_code) == (402, "card_declined", "insufficient_funds")
    assert error.payment_intent is not None
    kept = client.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert kept.status == "requires_payment_method"
    assert isinstance(kept.latest_charge, stripe.Charge)
    assert kept.latest_charge.status == "failed"
    assert "_number" not in declined.value.http_body  # our own keys never leave


def test_a_card_typed_by_number_is_kept_by_a_customer(sandbox: StripeSandbox) -> None:
    client = sandbox.client.v1
    customer = client.customers.create({"email": "fan@digis.test"})
    card = {"number": "5555 5555 5555 4444", "exp_month": 11, "exp_year": 2033, "cvc": "123"}
    method = client.payment_methods.create({"type": "card", "card": card})
    assert method.card is not None
    assert (method.card.brand, method.card.last4, method.card.exp_year) == ("mastercard", "4444", 2033)
    client.payment_methods.attach(method.id, {"customer": customer.id})
    assert [m.id for m in client.customers.payment_methods.list(customer.id).data] == [method.id]
    client.payment_methods.detach(method.id)
    assert client.customers.payment_methods.list(customer.id).data == []


def test_an_impossible_card_number_is_refused(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.CardError) as refused:
        sandbox.client.v1.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424241", "exp_month": 1, "exp_year": 2034}}
        )
    assert refused.value.code == "incorrect_number"


@pytest.mark.parametrize(("outcome", "status"), [("complete", "succeeded"), ("fail", "failed")])
def test_a_challenge_leads_back_to_the_merchant(sandbox: StripeSandbox, outcome: str, status: str) -> None:
    intent = sandbox.client.v1.payment_intents.create(
        {
            **INTENT,
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://127.0.0.1:8000/back/?a=1",
        }
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = intent.next_action.redirect_to_url.url or ""
    assert httpx.get(url).status_code == 200
    answer = httpx.post(url, data={"outcome": outcome})
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_status"] == [status]
    assert query["a"] == ["1"]
    assert httpx.post(url.replace("_secret_", "_secret_x"), data={"outcome": outcome}).status_code == 404


def test_an_intent_is_canceled_but_not_that_of_an_open_checkout(sandbox: StripeSandbox) -> None:
    intents = sandbox.client.v1.payment_intents
    intent = intents.create(INTENT)
    assert intents.cancel(intent.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    session = make_session(sandbox)
    sandbox.submit_card(session.url or "", "4000000000000002")
    owned = sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        intents.cancel(str(owned))


def test_a_customer_lives_changes_and_goes(sandbox: StripeSandbox) -> None:
    customers = sandbox.client.v1.customers
    customer = customers.create({"email": "a@digis.test", "metadata": {"a": "1", "b": "2"}})
    changed = customers.update(customer.id, {"name": "Ana", "metadata": {"a": "", "c": "3"}})
    assert (changed.name, changed.metadata.to_dict()) == ("Ana", {"b": "2", "c": "3"})
    assert [c.id for c in customers.list({"email": "a@digis.test"}).data] == [customer.id]
    customers.delete(customer.id)
    assert customers.retrieve(customer.id).deleted
    assert [e["type"] for e in sandbox.events()] == ["customer.created", "customer.updated", "customer.deleted"]


def test_the_account_is_the_merchant(sandbox: StripeSandbox) -> None:
    account = sandbox.client.v1.accounts.retrieve_current()
    assert account.settings is not None
    assert account.settings.dashboard.display_name == "Digis"
    scoped = sandbox.client.v1.accounts.retrieve_current({}, {"stripe_account": account.id})
    assert scoped.id == account.id


def test_a_strangers_account_is_forbidden(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        sandbox.client.v1.balance.retrieve({}, {"stripe_account": "acct_stranger"})
    assert refused.value.http_status == 403
