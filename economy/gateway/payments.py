"""What people pay: customers, hosted checkouts, and what became of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import stripe
from django.conf import settings

from economy.gateway.books import Dispute, read_dispute
from economy.gateway.door import PAGE, client, digest, failed, plain, raise_for

OPEN_DISPUTES = {"needs_response", "under_review"}
TAKING = OPEN_DISPUTES | {"lost"}  # the states in which a dispute has the money


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A hosted checkout page as Stripe knows it."""

    id: str
    url: str
    status: str  # open, complete, expired
    intent_id: str


@dataclass(frozen=True, slots=True)
class Payment:
    """What Stripe says of a payment now, in minor units. `kept` is what is neither refunded nor disputed away."""

    id: str
    status: str
    amount: int
    currency: str
    purchase_id: str
    received: int
    refunded: int
    disputed: int
    has_open_dispute: bool
    card: str
    failure: str
    is_live: bool
    disputes: tuple[Dispute, ...]
    decline: str = ""  # Stripe's word for why a card was declined, such as insufficient_funds
    card_country: str = ""  # of the bank that issued the card
    billing_country: str = ""

    @property
    def kept(self) -> int:
        return max(0, self.received - self.refunded - self.disputed)


def create_customer(*, person_id: UUID, email: str, name: str) -> str:
    """Make the person known to Stripe and return the customer's id; asking again returns the same."""
    try:
        customer = client().v1.customers.create(
            {"email": email, "name": name, "metadata": {"person": str(person_id)}},
            {"idempotency_key": f"customer:{person_id}:{digest(email, name)}"},
        )
    except stripe.StripeError as error:
        raise failed("create_customer", error) from error
    return customer.id


def open_checkout(
    *,
    purchase_id: UUID,
    customer_id: str,
    title: str,
    amount_minor: int,
    currency: str,
    success_url: str,
    cancel_url: str,
    about: str = "",
) -> CheckoutSession:
    """Open a hosted checkout page for a purchase; asking again returns the same page.

    `about` stands under the title. The payment carries the purchase's id in its metadata: the payment intent does not exist yet and is matched by it.
    """
    reference = {"purchase": str(purchase_id)}
    product: Any = {"name": title, "description": about} if about else {"name": title}
    try:
        session = client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer_id,
                "client_reference_id": str(purchase_id),
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": currency.lower(),
                            "unit_amount": amount_minor,
                            "product_data": product,
                        },
                    }
                ],
                "metadata": reference,
                "payment_intent_data": {"metadata": reference},
                # A card that was saved for auto top-up is offered here too; its owner is there to choose.
                "saved_payment_method_options": {"allow_redisplay_filters": ["always", "limited", "unspecified"]},
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": f"checkout:{purchase_id}"},
        )
    except stripe.StripeError as error:
        raise failed("open_checkout", error) from error
    return read_session(session)


def get_checkout(session_id: str) -> CheckoutSession:
    """Return a hosted checkout page as it is now."""
    try:
        return read_session(client().v1.checkout.sessions.retrieve(session_id))
    except stripe.StripeError as error:
        raise failed("get_checkout", error) from error


def close_checkout(session_id: str) -> CheckoutSession:
    """End a hosted checkout page nobody paid on; one that was paid meanwhile stays as it is."""
    try:
        return read_session(client().v1.checkout.sessions.expire(session_id))
    except stripe.InvalidRequestError:
        return get_checkout(session_id)
    except stripe.StripeError as error:
        raise failed("close_checkout", error) from error


def get_payment(intent_id: str) -> Payment:
    """Return what Stripe says of a payment now: received, refunded, disputed, by which card.

    Raises GatewayRefusedError with resource_missing for one that Stripe does not have.
    """
    try:
        ask = client().v1
        intent = ask.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        raw = plain(intent)
        charge = raw.get("latest_charge") or {}
        if isinstance(charge, str):
            charge = plain(ask.charges.retrieve(charge))
        disputes = tuple(
            read_dispute(plain(dispute))
            for dispute in ask.disputes.list({"payment_intent": intent_id, "limit": PAGE}).auto_paging_iter()
        )
    except stripe.StripeError as error:
        raise_for("get_payment", error)
    error_ = raw.get("last_payment_error") or {}
    failure, decline = error_.get("message") or "", error_.get("decline_code") or error_.get("code") or ""
    return Payment(
        id=raw["id"],
        status=raw["status"],
        amount=raw["amount"],
        currency=raw["currency"].upper(),
        purchase_id=(raw.get("metadata") or {}).get("purchase", ""),
        received=raw.get("amount_received") or 0,
        refunded=charge.get("amount_refunded") or 0,
        disputed=sum(_taken(dispute, raw) for dispute in disputes if dispute.status in TAKING),
        has_open_dispute=any(dispute.status in OPEN_DISPUTES for dispute in disputes),
        card=_card(charge),
        failure=failure[:200],
        is_live=bool(raw.get("livemode")),
        disputes=disputes,
        decline=decline,
        card_country=_country((charge.get("payment_method_details") or {}).get("card") or {}),
        billing_country=_country((charge.get("billing_details") or {}).get("address") or {}),
    )


def _taken(dispute: Dispute, intent: dict[str, Any]) -> int:
    """Return what a dispute took, in the payment's own currency; one told in another counts for all that was received.

    Minor units of two currencies are never added up: until such a case is closed, none of the payment is spent.
    """
    same = dispute.currency == intent["currency"].upper()
    return dispute.amount if same else intent.get("amount_received") or 0


def refund_payment(*, intent_id: str, amount_minor: int, return_id: UUID) -> str:
    """Pay so much of a payment back, in minor units, and return the refund's id; asking again returns the same.

    It is looked for by our own id first: Stripe forgets a key some time after it was used. Raises GatewayRefusedError when
    Stripe will not do it at all.
    """
    reference = {"return": str(return_id)}
    try:
        ask = client().v1.refunds
        for made in ask.list({"payment_intent": intent_id, "limit": PAGE}).auto_paging_iter():
            if (plain(made).get("metadata") or {}).get("return") == str(return_id):
                return made.id
        sent = ask.create(
            {"payment_intent": intent_id, "amount": amount_minor, "metadata": reference},
            {"idempotency_key": f"return:{return_id}"},
        )
    except stripe.StripeError as error:
        raise_for("refund_payment", error)
    return sent.id


def answer_dispute(dispute_id: str, *, evidence: dict[str, str], key: str) -> Dispute:
    """Send evidence to the buyer's bank, for good: it is taken once. Raises GatewayRefusedError when it is too late."""
    try:
        sent = client().v1.disputes.update(
            dispute_id, cast("Any", {"evidence": evidence, "submit": True}), {"idempotency_key": key}
        )
    except stripe.StripeError as error:
        raise_for("answer_dispute", error)
    return read_dispute(plain(sent))


def is_signed(*, body: bytes, header: str, secret: str) -> bool:
    """Say whether Stripe signed this body with this secret, not longer ago than the tolerance (LEDGER-5)."""
    try:
        stripe.WebhookSignature.verify_header(
            body.decode("utf-8"), header, secret, tolerance=settings.STRIPE_WEBHOOK_TOLERANCE
        )
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def find_payment_intent(object_: dict[str, Any]) -> tuple[str, str]:
    """Return (payment intent id, purchase id) of what an event is about; empty where it tells neither.

    A refund or a dispute may arrive before anything tied its payment to a purchase: then Stripe is asked.
    """
    metadata = object_.get("metadata") or {}
    purchase_id = metadata.get("purchase", "") or object_.get("client_reference_id") or ""
    if object_.get("object") == "payment_intent":
        return object_["id"], purchase_id
    intent = object_.get("payment_intent") or ""
    intent_id = intent if isinstance(intent, str) else intent.get("id", "")
    if intent_id and not purchase_id:
        try:
            purchase_id = plain(client().v1.payment_intents.retrieve(intent_id)).get("metadata", {}).get("purchase", "")
        except stripe.StripeError as error:
            raise failed("find_payment_intent", error) from error
    return intent_id, purchase_id


def read_session(session: Any) -> CheckoutSession:
    """Read a session as Stripe sends it."""
    raw = plain(session)
    intent = raw.get("payment_intent") or ""
    return CheckoutSession(
        id=raw["id"],
        url=raw.get("url") or "",
        status=raw.get("status") or "open",
        intent_id=intent if isinstance(intent, str) else intent["id"],
    )


def _country(said: dict[str, Any]) -> str:
    code = str(said.get("country") or "").upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def _card(charge: dict[str, Any]) -> str:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    if not card.get("last4"):
        return ""
    return f"{str(card.get('brand') or 'card').capitalize()} ···· {card['last4']}"
