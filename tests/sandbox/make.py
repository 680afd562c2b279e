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


# — creators —


def account_params(**changes: Any) -> dict[str, Any]:
    return {
        "country": "US",
        "email": "cora@digis.test",
        "controller": {
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
            "stripe_dashboard": {"type": "express"},
        },
        "capabilities": {"transfers": {"requested": True}},
        "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        "metadata": {"person": "cora"},
        **changes,
    }


def make_account(sandbox: StripeSandbox, **changes: Any) -> str:
    return sandbox.client.v1.accounts.create(account_params(**changes)).id


def make_creator(sandbox: StripeSandbox, *, number: str | None = None, funds: int = 0, **changes: Any) -> str:
    """Make a connected account that may be paid; `funds` have been transferred to it."""
    account = make_account(sandbox, **changes)
    sandbox.onboard(account, number=number)
    if funds:
        sandbox.add_funds(funds)
        transfer(sandbox, account, funds)
    return account


def transfer(sandbox: StripeSandbox, account: str, amount: int, **changes: Any) -> stripe.Transfer:
    key = changes.pop("key", None)
    options: stripe.RequestOptions = {"idempotency_key": key} if key else {}
    params = {"amount": amount, "currency": "usd", "destination": account, **changes}
    return sandbox.client.v1.transfers.create(params, options)


def pay_out(sandbox: StripeSandbox, account: str, amount: int, **changes: Any) -> stripe.Payout:
    key = changes.pop("key", None)
    options: stripe.RequestOptions = {"stripe_account": account}
    if key:
        options["idempotency_key"] = key
    return sandbox.client.v1.payouts.create({"amount": amount, "currency": "usd", **changes}, options)


def available(sandbox: StripeSandbox, account: str | None = None, currency: str = "usd") -> int:
    options: stripe.RequestOptions = {"stripe_account": account} if account else {}
    balance = sandbox.client.v1.balance.retrieve({}, options)
    return sum(entry.amount for entry in balance.available if entry.currency == currency)
