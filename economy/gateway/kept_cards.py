"""Cards that Stripe keeps for people: the page that takes one, and payments with it while nobody is there."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID

import stripe

from digis.core.ids import uuid7
from economy.gateway.door import GatewayRefusedError, between, client, failed, plain, raise_for
from economy.gateway.payments import CheckoutSession, read_session


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card that may be charged without its owner."""

    method_id: str
    customer_id: str
    title: str
    expires_on: date
    set_up_at: datetime


def open_card_page(*, customer_id: str, currency: str, success_url: str, cancel_url: str) -> CheckoutSession:
    """Open a hosted page that keeps a card and takes no money. `{CHECKOUT_SESSION_ID}` in the address is filled in."""
    try:
        session = client().v1.checkout.sessions.create(
            {
                "mode": "setup",
                "customer": customer_id,
                "currency": currency.lower(),
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": f"card-page:{uuid7()}"},
        )
    except stripe.StripeError as error:
        raise failed("open_card_page", error) from error
    return read_session(session)


def get_kept_card(session_id: str) -> KeptCard | None:
    """Return the card that a hosted page has kept; None while it has none, and once Stripe has forgotten it.

    Raises GatewayRefusedError for a page that Stripe does not have.
    """
    try:
        session = plain(client().v1.checkout.sessions.retrieve(session_id, {"expand": ["setup_intent.payment_method"]}))
    except stripe.StripeError as error:
        raise_for("get_kept_card", error)
    intent = session.get("setup_intent") or {}
    method = intent.get("payment_method") or {}
    card = method.get("card") or {}
    is_kept = session.get("mode") == "setup" and intent.get("status") == "succeeded"
    if not is_kept or not card.get("last4") or method.get("customer") != session.get("customer"):
        return None
    year, month = int(card["exp_year"]), int(card["exp_month"])
    return KeptCard(
        method_id=method["id"],
        customer_id=session.get("customer") or "",
        title=f"{str(card.get('brand') or 'card').capitalize()} ···· {card['last4']}",
        expires_on=date(year, month, calendar.monthrange(year, month)[1]),
        set_up_at=datetime.fromtimestamp(intent["created"], UTC),
    )


def forget_card(method_id: str) -> None:
    """Have Stripe forget a card; one that it has forgotten already is well."""
    try:
        client().v1.payment_methods.detach(method_id, {}, {"idempotency_key": f"forget:{method_id}"})
    except stripe.InvalidRequestError:
        return
    except stripe.StripeError as error:
        raise failed("forget_card", error) from error


def charge_card(
    *, purchase_id: UUID, customer_id: str, method_id: str, title: str, amount_minor: int, currency: str
) -> str:
    """Pay for a purchase with a kept card and return the payment intent's id, whether it paid or was declined.

    Asking again returns the same intent, for a day. Raises GatewayRefusedError where there is none: nothing was charged.
    """
    try:
        intent = client().v1.payment_intents.create(
            {
                "amount": amount_minor,
                "currency": currency.lower(),
                "customer": customer_id,
                "payment_method": method_id,
                "off_session": True,
                "confirm": True,
                "description": title,
                "metadata": {"purchase": str(purchase_id)},
            },
            {"idempotency_key": f"top-up:{purchase_id}"},
        )
    except stripe.CardError as error:
        body: Any = error.json_body or {}
        left = (body.get("error") or {}).get("payment_intent") or {}
        if not left.get("id"):
            raise GatewayRefusedError(
                "charge_card", code=error.code or "", message=str(error.user_message or "")[:200]
            ) from error
        return str(left["id"])
    except stripe.StripeError as error:
        raise_for("charge_card", error)
    return intent.id


def find_charge(*, customer_id: str, purchase_id: UUID, since: datetime) -> str:
    """Return the payment intent made for a purchase, looked for among the customer's own; empty where there is none."""
    try:
        listed = client().v1.payment_intents.list(cast("Any", {"customer": customer_id, **between(since, None)}))
        for intent in listed.auto_paging_iter():
            if (plain(intent).get("metadata") or {}).get("purchase") == str(purchase_id):
                return intent.id
    except stripe.StripeError as error:
        raise failed("find_charge", error) from error
    return ""


def cancel_payment(intent_id: str) -> None:
    """End a payment that nobody will go on with; one that has ended stays as it is."""
    try:
        client().v1.payment_intents.cancel(intent_id, {}, {"idempotency_key": f"cancel:{intent_id}"})
    except stripe.InvalidRequestError:
        return
    except stripe.StripeError as error:
        raise failed("cancel_payment", error) from error
