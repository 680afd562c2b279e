import time

import pytest
import stripe

from tests.sandbox.make import SUCCESS, make_payment, make_session, session_params
from tests.stripe_sandbox import StripeSandbox


def test_a_session_is_open_with_an_address_to_pay_at(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox, 2500, metadata={"purchase": "7"})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 2500)
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert session.id.startswith("cs_test_")
    assert session.payment_intent is None
    assert session.client_reference_id == "purchase-1"
    assert session.metadata is not None
    assert session.metadata["purchase"] == "7"


def test_a_paid_session_leads_to_intent_charge_and_balance_transaction(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.pay(session.id)
    expand = ["line_items", "payment_intent.latest_charge.balance_transaction"]
    paid = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": expand})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.line_items is not None
    assert paid.line_items.data[0].description == "240 tokens"
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.metadata["purchase"] == "purchase-1"
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.metadata["purchase"] == "purchase-1"
    booked = charge.balance_transaction
    assert isinstance(booked, stripe.BalanceTransaction)
    assert (booked.amount, booked.fee, booked.net, booked.status) == (1200, 65, 1135, "pending")


def test_a_session_takes_prices_of_the_catalogue_and_a_customer(sandbox: StripeSandbox) -> None:
    client = sandbox.client.v1
    product = client.products.create({"name": "500 tokens"})
    price = client.prices.create({"product": product.id, "unit_amount": 2400, "currency": "usd"})
    customer = client.customers.create({"email": "fan@digis.test"})
    session = make_session(sandbox, line_items=[{"price": price.id, "quantity": 2}], customer=customer.id)
    assert session.amount_total == 4800
    assert session.customer == customer.id
    assert session.customer_details is not None
    assert session.customer_details.email == "fan@digis.test"
    sandbox.pay(session.id)
    assert [c.customer for c in client.charges.list({"customer": customer.id}).data] == [customer.id]


def test_the_page_can_make_a_customer(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox, customer_creation="always")
    sandbox.submit_card(session.url or "", email="new@digis.test")
    customer = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]}).customer
    assert isinstance(customer, stripe.Customer)
    assert customer.email == "new@digis.test"
    assert [e["type"] for e in sandbox.events("customer.*")] == ["customer.created"]


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"payment_intent_dada": "x"}, "payment_intent_dada", "parameter_unknown"),
        ({"payment_intent_data": {"metdata": {"a": "b"}}}, "payment_intent_data[metdata]", "parameter_unknown"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]", "resource_missing"),
        ({"line_items": [{"quantity": "many"}]}, "line_items[0][quantity]", "parameter_invalid_integer"),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"success_url": ""}, "success_url", "parameter_missing"),
        ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
        ({"mode": "gift"}, "mode", None),
        ({"mode": "subscription"}, "mode", None),
        ({"expires_at": 1}, "expires_at", None),
    ],
)
def test_wrong_parameters_are_refused_by_name(
    sandbox: StripeSandbox, changes: dict[str, object], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        make_session(sandbox, **changes)
    assert (refused.value.param, refused.value.code) == (param, code)


def test_an_amount_too_small_is_refused(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        make_session(sandbox, 49)
    assert refused.value.code == "amount_too_small"


def test_a_missing_nested_parameter_is_refused(sandbox: StripeSandbox) -> None:
    params = session_params()
    del params["line_items"][0]["price_data"]["currency"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.checkout.sessions.create(params)
    assert refused.value.code == "parameter_missing"
    assert refused.value.param == "line_items[0][price_data][currency]"


def test_an_expired_session_takes_no_money(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    expired = sandbox.client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.checkout.sessions.expire(session.id)
    assert sandbox.submit_card(f"{sandbox.url}/c/pay/{session.id}").status_code == 410
    assert [e["type"] for e in sandbox.events()] == ["checkout.session.expired"]


def test_time_expires_a_session_and_cancels_its_intent(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox, expires_at=int(time.time()) + 1860)
    sandbox.submit_card(session.url or "", "4000000000000002")
    sandbox.advance(1900)
    seen = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert seen.status == "expired"
    assert isinstance(seen.payment_intent, stripe.PaymentIntent)
    assert seen.payment_intent.status == "canceled"
    assert [e["type"] for e in sandbox.events()][-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_lists_page_in_both_directions(sandbox: StripeSandbox) -> None:
    made = [make_session(sandbox).id for _ in range(5)][::-1]
    sessions = sandbox.client.v1.checkout.sessions
    first = sessions.list({"limit": 2})
    assert ([s.id for s in first.data], first.has_more) == (made[:2], True)
    last = sessions.list({"limit": 3, "starting_after": made[1]})
    assert ([s.id for s in last.data], last.has_more) == (made[2:], False)
    back = sessions.list({"limit": 2, "ending_before": made[3]})
    assert ([s.id for s in back.data], back.has_more) == (made[1:3], True)
    assert [s.id for s in sessions.list({"limit": 2}).auto_paging_iter()] == made


def test_lists_filter(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    open_one = make_session(sandbox).id
    sessions = sandbox.client.v1.checkout.sessions
    assert [s.id for s in sessions.list({"status": "open"}).data] == [open_one]
    assert [s.payment_intent for s in sessions.list({"payment_intent": intent}).data] == [intent]
    charges = sandbox.client.v1.charges
    assert len(charges.list({"payment_intent": intent}).data) == 1
    assert charges.list({"created": {"gt": int(time.time()) + 60}}).data == []
    assert len(charges.list({"created": {"gte": int(time.time()) - 60}}).data) == 1


def test_the_success_address_carries_the_session(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    answer = sandbox.submit_card(session.url or "")
    assert answer.status_code == 303
    assert answer.headers["Location"] == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)


def test_what_is_not_there_is_a_404_in_stripes_words(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.payment_intents.retrieve("pi_none")
    assert refused.value.code == "resource_missing"
    assert refused.value.http_status == 404
