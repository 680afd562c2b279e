"""Makers for the tests of the stand-in."""

from typing import Any

import stripe

from tests.stripe_sandbox import StripeSandbox

SUCCESS = "http://127.0.0.1:8000/wallet/purchases/1/?session={CHECKOUT_SESSION_ID}"
CANCEL = "http://127.0.0.1:8000/wallet/buy/"
PAID_SEQUENCE = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "charge.updated",
]


def session_params(amount: int = 1200, **changes: Any) -> dict[str, Any]:
    line = {
        "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "240 tokens"}},
        "quantity": 1,
    }
    return {
        "mode": "payment",
        "line_items": [line],
        "success_url": SUCCESS,
        "cancel_url": CANCEL,
        "client_reference_id": "purchase-1",
        "payment_intent_data": {"metadata": {"purchase": "purchase-1"}},
        **changes,
    }


def make_session(sandbox: StripeSandbox, amount: int = 1200, **changes: Any) -> stripe.checkout.Session:
    return sandbox.client.v1.checkout.sessions.create(session_params(amount, **changes))


def make_payment(sandbox: StripeSandbox, amount: int = 1200, card: str = "4242424242424242") -> str:
    """Pay a checkout and return the id of its payment intent."""
    return sandbox.pay(make_session(sandbox, amount).id, card)["payment_intent"]
