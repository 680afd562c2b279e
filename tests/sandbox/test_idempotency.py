import threading

import httpx
import pytest
import stripe

from tests.sandbox.make import make_payment, session_params
from tests.stripe_sandbox import TEST_KEY, StripeSandbox, client_for

HEADERS = {"Authorization": f"Bearer {TEST_KEY}", "Idempotency-Key": "key-1"}


def test_a_repeated_key_gives_the_first_answer_again(sandbox: StripeSandbox) -> None:
    url = f"{sandbox.url}/v1/customers"
    first = httpx.post(url, data={"email": "a@digis.test"}, headers=HEADERS)
    again = httpx.post(url, data={"email": "a@digis.test"}, headers=HEADERS)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(sandbox.client.v1.customers.list().data) == 1
    assert len(sandbox.events("customer.created")) == 1


def test_a_key_belongs_to_its_parameters(sandbox: StripeSandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "key-2"}
    sandbox.client.v1.checkout.sessions.create(session_params(1200), options)
    with pytest.raises(stripe.IdempotencyError) as refused:
        sandbox.client.v1.checkout.sessions.create(session_params(2400), options)
    assert refused.value.http_status == 400


def test_what_never_began_uses_no_key(sandbox: StripeSandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "key-3"}
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.customers.create({"nickname": "x"}, options)  # type: ignore[typeddict-unknown-key]
    assert sandbox.client.v1.customers.create({"name": "x"}, options).name == "x"


def test_a_decline_is_kept_under_its_key(sandbox: StripeSandbox) -> None:
    params = {"amount": 900, "currency": "usd", "confirm": True, "payment_method": "pm_card_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            sandbox.client.v1.payment_intents.create(params, {"idempotency_key": "key-4"})
    assert len(sandbox.client.v1.charges.list().data) == 1


def test_a_key_is_forgotten_after_a_day(sandbox: StripeSandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "key-5"}
    first = sandbox.client.v1.customers.create({}, options)
    sandbox.advance(86_401)
    assert sandbox.client.v1.customers.create({}, options).id != first.id


def test_twins_at_the_same_moment_are_one(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    gate, made = threading.Barrier(8), []

    def ask() -> None:
        client = client_for(sandbox.url)
        gate.wait()
        made.append(
            client.v1.refunds.create({"payment_intent": intent, "amount": 100}, {"idempotency_key": "key-6"}).id
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(sandbox.client.v1.refunds.list().data) == 1
