import time

import pytest
import stripe

from tests.sandbox.make import make_payment, session_params
from tests.stripe_sandbox import StripeSandbox, client_for

SESSIONS = "/v1/checkout/sessions"


def test_a_call_fails_before_it_did_anything(sandbox: StripeSandbox) -> None:
    sandbox.fault("error", SESSIONS, method="POST", times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            sandbox.client.v1.checkout.sessions.create(session_params())
    assert sandbox.client.v1.checkout.sessions.list().data == []
    sandbox.client.v1.checkout.sessions.create(session_params())
    assert len(sandbox.client.v1.checkout.sessions.list().data) == 1


def test_too_many_calls_are_turned_away(sandbox: StripeSandbox) -> None:
    sandbox.fault("rate_limit", "/v1/customers.*")
    with pytest.raises(stripe.RateLimitError):
        sandbox.client.v1.customers.list()
    assert sandbox.client.v1.customers.list().data == []


def test_a_connection_breaks_after_the_money_has_moved(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    sandbox.fault("drop", "/v1/refunds", method="POST")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    assert [r.amount for r in sandbox.client.v1.refunds.list().data] == [100]


def test_the_sdks_own_retry_meets_the_kept_answer(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    sandbox.fault("drop", "/v1/refunds", method="POST")
    patient = client_for(sandbox.url, retries=2)
    patient.v1.refunds.create({"payment_intent": intent, "amount": 100}, {"idempotency_key": "patient-1"})
    assert [r.amount for r in sandbox.client.v1.refunds.list().data] == [100]


def test_a_call_may_be_slow(sandbox: StripeSandbox) -> None:
    sandbox.fault("slow", "/v1/account", seconds=0.4)
    start = time.monotonic()
    sandbox.client.v1.accounts.retrieve_current()
    assert time.monotonic() - start >= 0.4


def test_faults_can_be_forgotten(sandbox: StripeSandbox) -> None:
    sandbox.fault("error", times=100)
    sandbox.forget_faults()
    assert sandbox.client.v1.customers.list().data == []
