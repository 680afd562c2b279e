"""Cards that are kept on the hosted page, and charged later without anybody there."""

import httpx
import pytest
import stripe

from tests.sandbox.make import SUCCESS, make_session
from tests.stripe_sandbox import StripeSandbox

KEPT = "4242424242424242"
ASKS_EVERY_TIME = "4000002760003184"
ASKS_ONCE = "4000002500003155"
DECLINES_LATER = "4000000000000341"


def open_page(sandbox: StripeSandbox, **changes: object) -> stripe.checkout.Session:
    customer = sandbox.client.v1.customers.create({"email": "fan@digis.test"})
    params = {"mode": "setup", "currency": "usd", "customer": customer.id, "success_url": SUCCESS, **changes}
    return sandbox.client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]  # as some tests break them


def keep(sandbox: StripeSandbox, number: str) -> stripe.SetupIntent:
    session = open_page(sandbox)
    answer = sandbox.submit_card(session.url or "", number)
    if "authenticate" in answer.headers.get("Location", ""):
        sandbox.answer_bank(session.url or "", "complete")
    found = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]}).setup_intent
    assert isinstance(found, stripe.SetupIntent)
    return found


def charge(sandbox: StripeSandbox, kept: stripe.SetupIntent, **changes: object) -> stripe.PaymentIntent:
    params = {
        "amount": 1200,
        "currency": "usd",
        "customer": str(kept.customer),
        "payment_method": str(kept.payment_method),
        "off_session": True,
        "confirm": True,
        **changes,
    }
    return sandbox.client.v1.payment_intents.create(params)  # type: ignore[arg-type]


def test_a_card_is_kept_and_nothing_is_charged(sandbox: StripeSandbox) -> None:
    kept = keep(sandbox, KEPT)
    assert (kept.status, kept.usage) == ("succeeded", "off_session")
    method = sandbox.client.v1.payment_methods.retrieve(str(kept.payment_method))
    assert (method.customer, method.card.last4 if method.card else "") == (kept.customer, "4242")
    assert sandbox.client.v1.charges.list().data == []
    told = [event["type"] for event in sandbox.events()]
    assert [name for name in told if name.startswith(("setup", "checkout", "payment_method"))] == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_kept_card_pays_without_its_owner(sandbox: StripeSandbox) -> None:
    assert charge(sandbox, keep(sandbox, KEPT)).status == "succeeded"


def test_a_bank_asked_once_does_not_ask_again(sandbox: StripeSandbox) -> None:
    assert charge(sandbox, keep(sandbox, ASKS_ONCE)).status == "succeeded"


@pytest.mark.parametrize(
    ("number", "code"), [(ASKS_EVERY_TIME, "authentication_required"), (DECLINES_LATER, "generic_decline")]
)
def test_what_a_kept_card_refuses_is_told_with_its_intent(sandbox: StripeSandbox, number: str, code: str) -> None:
    kept = keep(sandbox, number)
    with pytest.raises(stripe.CardError) as refused:
        charge(sandbox, kept, metadata={"purchase": "7"})
    body = refused.value.json_body["error"]
    assert body["decline_code"] == code
    intent = sandbox.client.v1.payment_intents.retrieve(body["payment_intent"]["id"])
    assert (intent.status, (intent.metadata or {})["purchase"]) == ("requires_payment_method", "7")


def test_a_card_that_is_declined_is_not_kept(sandbox: StripeSandbox) -> None:
    session = open_page(sandbox)
    assert sandbox.submit_card(session.url or "", "4000000000000002").status_code == 402
    found = sandbox.client.v1.setup_intents.list({"customer": str(session.customer)}).data[0]
    assert (found.status, found.payment_method) == ("requires_payment_method", None)


def test_a_failed_challenge_keeps_nothing(sandbox: StripeSandbox) -> None:
    session = open_page(sandbox)
    sandbox.submit_card(session.url or "", ASKS_ONCE)
    sandbox.answer_bank(session.url or "", "fail")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert "unable to authenticate" in httpx.get(f"{session.url}?again=1").text


def test_a_card_of_somebody_else_is_refused(sandbox: StripeSandbox) -> None:
    kept, other = keep(sandbox, KEPT), keep(sandbox, KEPT)
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        charge(sandbox, kept, customer=str(other.customer))


def test_a_forgotten_card_cannot_be_charged(sandbox: StripeSandbox) -> None:
    kept = keep(sandbox, KEPT)
    sandbox.client.v1.payment_methods.detach(str(kept.payment_method))
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        charge(sandbox, kept)


def test_a_kept_card_is_offered_on_paying_pages_of_its_customer_alone(sandbox: StripeSandbox) -> None:
    kept = keep(sandbox, KEPT)
    shows = {"saved_payment_method_options": {"allow_redisplay_filters": ["limited"]}}
    session = make_session(sandbox, customer=str(kept.customer), **shows)
    assert "Pay with Visa ···· 4242" in httpx.get(session.url or "").text
    answer = httpx.post(session.url or "", data={"saved": str(kept.payment_method)})
    assert answer.headers["Location"] == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    other = make_session(sandbox, **shows)
    assert "Pay with" not in httpx.get(other.url or "").text
    refused = httpx.post(other.url or "", data={"saved": str(kept.payment_method)})
    assert (refused.status_code, "not saved any more" in refused.text) == (422, True)


def test_a_kept_card_that_declines_leaves_the_page_open(sandbox: StripeSandbox) -> None:
    kept = keep(sandbox, DECLINES_LATER)
    shows = {"saved_payment_method_options": {"allow_redisplay_filters": ["limited"]}}
    session = make_session(sandbox, customer=str(kept.customer), **shows)
    answer = httpx.post(session.url or "", data={"saved": str(kept.payment_method)})
    assert (answer.status_code, "Your card was declined." in answer.text) == (402, True)
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_expired_page_ends_its_setup(sandbox: StripeSandbox) -> None:
    session = open_page(sandbox)
    sandbox.client.v1.checkout.sessions.expire(session.id)
    assert sandbox.client.v1.setup_intents.retrieve(str(session.setup_intent)).status == "canceled"


@pytest.mark.parametrize(
    ("changes", "param"),
    [({"line_items": [{"price": "p", "quantity": 1}]}, "line_items"), ({"currency": ""}, "currency")],
)
def test_a_page_for_a_card_takes_no_money(sandbox: StripeSandbox, changes: dict[str, object], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_page(sandbox, **changes)
    assert refused.value.param == param


def test_paying_pages_still_pay(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.pay(session.id)
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).mode == "payment"
