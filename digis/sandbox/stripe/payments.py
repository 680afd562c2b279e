"""Payment intents: confirmed, challenged, declined, succeeded, canceled."""

from typing import Any, NoReturn

from digis.sandbox.stripe import balance, cards, disputes, money_objects, objects, rates
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.rates import ZERO_DECIMAL
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

MINIMUM = 50
MAXIMUM = 99_999_999
NOT_AUTHENTICATED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)


def check_amount(amount: int, currency: str, *, param: str = "amount") -> None:
    if amount < (1 if currency in ZERO_DECIMAL else MINIMUM):
        raise invalid_parameter(
            f"Amount must be at least {currency} {MINIMUM} in its smallest unit.", param, "amount_too_small"
        )
    if amount > MAXIMUM:
        raise invalid_parameter("Amount must be no more than 99999999 in its smallest unit.", param, "amount_too_large")


def create(call: Call, params: Params, *, amount: int, currency: str, customer: str | None) -> Thing:
    check_amount(amount, currency)
    intent = money_objects.payment_intent(call, params, amount=amount, currency=currency, customer=customer)
    call.add(intent)
    call.emit("payment_intent.created", intent)
    return intent


def find_method(call: Call, method_id: str) -> Thing:
    """Fetch a payment method, or make one of a ready-made name such as `pm_card_visa`."""
    if method_id in cards.BY_TOKEN:
        card = cards.BY_NUMBER[cards.BY_TOKEN[method_id]]
        return call.add(objects.payment_method(call, card, month=12, year=2034))
    return call.get("payment_method", method_id, param="payment_method", name="PaymentMethod")


def card_of(method: Thing) -> cards.Card:
    return cards.find(method["_number"])


def confirm(call: Call, intent: Thing, method: Thing) -> Thing:
    """Try to pay; a decline raises the card error and leaves the intent open for another try."""
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        raise unexpected_state(intent, "confirm")
    card = card_of(method)
    intent["payment_method"] = method["id"]
    if intent.get("_off_session"):
        _check_kept(intent, method)
        if card.has_challenge and not card.is_remembered:
            code = "authentication_required"
            message = "Your card was declined. This transaction requires authentication."
            _fail(call, intent, method, code=code, decline_code=code, message=message)
    elif card.has_challenge:
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "redirect_to_url": {
                "return_url": intent["_return_url"],
                "url": f"{call.world.base}/authenticate/{intent['id']}/{intent['client_secret']}",
            },
            "type": "redirect_to_url",
        }
        call.save(intent)
        call.emit("payment_intent.requires_action", intent)
        return intent
    return settle(call, intent, method, was_challenged=False)


def _check_kept(intent: Thing, method: Thing) -> None:
    """Refuse a card that this customer did not leave for payments without them."""
    if not intent["customer"] or method["customer"] != intent["customer"]:
        raise invalid_parameter(
            f"The PaymentMethod {method['id']} is not attached to this customer, and cannot be charged without them.",
            "payment_method",
        )


def authenticate(call: Call, intent: Thing, *, passed: bool) -> Thing:
    """Answer the bank's challenge; a failed one leaves the intent open for another try."""
    if intent["status"] != "requires_action":
        raise unexpected_state(intent, "authenticate")
    intent["next_action"] = None
    method = call.get("payment_method", intent["payment_method"])
    if not passed:
        code = "payment_intent_authentication_failure"
        _fail(call, intent, method, code=code, decline_code=None, message=NOT_AUTHENTICATED)
    return settle(call, intent, method, was_challenged=True)


def settle(call: Call, intent: Thing, method: Thing, *, was_challenged: bool) -> Thing:
    card = card_of(method)
    charge = call.add(money_objects.charge(call, intent, method, card, was_challenged=was_challenged))
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    if card.refusal is not None:
        call.emit("charge.failed", charge)
        refusal = card.refusal
        _fail(
            call,
            intent,
            method,
            code=refusal.code,
            decline_code=refusal.decline_code,
            message=refusal.message,
            charge=charge,
        )
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    call.save(intent)
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    return intent


def finish(call: Call, intent: Thing) -> None:
    """Do what follows a payment a moment later: the fee is known, and a test card may dispute.

    Stripe captures asynchronously: the charge of `charge.succeeded` has no balance transaction yet.
    """
    charge = call.get("charge", intent["latest_charge"])
    card = card_of(call.get("payment_method", charge["payment_method"]))
    amount, kept, at = rates.settle(call, charge["amount"], charge["currency"])
    booked = balance.book(
        call,
        amount=amount,
        fee=balance.fee_on(amount),
        currency=kept,
        rate=at,
        kind="charge",
        source=charge["id"],
        available_on=call.now if card.settles_at_once else balance.settles_on(call.now),
    )
    charge["balance_transaction"] = booked["id"]
    call.save(charge)
    call.emit("charge.updated", charge, previous={"balance_transaction": None})
    if card.is_warned:
        disputes.warn(call, charge)
    if card.dispute:
        disputes.open_dispute(call, charge, reason=card.dispute, is_inquiry=card.is_inquiry)


def cancel(call: Call, intent: Thing, *, reason: str | None) -> Thing:
    if intent["status"] in {"succeeded", "canceled"}:
        raise unexpected_state(intent, "cancel")
    intent.update(status="canceled", canceled_at=call.now, cancellation_reason=reason, next_action=None)
    call.save(intent)
    call.emit("payment_intent.canceled", intent)
    return intent


def unexpected_state(intent: Thing, verb: str) -> ApiError:
    return ApiError(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def _fail(
    call: Call,
    intent: Thing,
    method: Thing,
    *,
    code: str,
    decline_code: str | None,
    message: str,
    charge: Thing | None = None,
) -> NoReturn:
    error: dict[str, Any] = {"code": code, "message": message, "type": "card_error"}
    if charge is not None:
        error = {"charge": charge["id"], **error}
    if decline_code:
        error["decline_code"] = decline_code
    if code == "payment_intent_authentication_failure":
        error["type"] = "invalid_request_error"
    intent.update(
        status="requires_payment_method", payment_method=None, last_payment_error={**error, "payment_method": method}
    )
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    fields = {key: value for key, value in error.items() if key not in {"type", "message"}}
    raise ApiError(message, status=402, family=error["type"], keeps=True, payment_intent=intent, **fields)
