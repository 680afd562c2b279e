"""Money that goes back by the merchant's will: refunds."""

from digis.sandbox.stripe import balance, cards, money_objects, rates
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_HARMLESS = frozenset(["won", "warning_closed", "prevented"])
FAILURES = frozenset(
    [
        "charge_for_pending_refund_disputed",
        "declined",
        "expired_or_canceled_card",
        "insufficient_funds",
        "lost_or_stolen_card",
        "merchant_request",
        "unknown",
    ]
)


def refund(call: Call, charge: Thing, params: Params, *, amount: int | None) -> Thing:
    """Give back all that is left of a charge, or a part of it."""
    left = charge["amount"] - charge["amount_refunded"]
    given = left if amount is None else amount
    _check_refundable(call, charge, left=left, amount=given)
    card = cards.find(_number_of(call, charge))
    status = "pending" if card.refund == "pending" else "succeeded"
    thing = call.add(money_objects.refund(call, charge, params, amount=given, status=status))
    amount, kept, at = rates.settle(call, given, charge["currency"])
    booked = balance.book(
        call,
        amount=-amount,
        currency=kept,
        rate=at,
        kind="refund",
        source=thing["id"],
        available_on=balance.available_on(call, charge),
    )
    thing["balance_transaction"] = booked["id"]
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += given
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.save(charge)
    call.save(thing)
    call.emit("refund.created", thing)
    call.emit("charge.refunded", charge, previous=previous)
    if card.refund == "failed":
        fail_refund(call, thing)
    return thing


def _check_refundable(call: Call, charge: Thing, *, left: int, amount: int) -> None:
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} is not in a state that can be refunded.", code="charge_not_refundable")
    cases = call.store.all("dispute", call.account, charge=charge["id"])
    if any(case["status"] not in _HARMLESS and not case["is_charge_refundable"] for case in cases):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount <= 0:
        raise invalid_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        raise ApiError(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")


def _number_of(call: Call, charge: Thing) -> str:
    return str(call.get("payment_method", charge["payment_method"])["_number"])


def settle_refund(call: Call, thing: Thing) -> Thing:
    """Let a pending refund succeed."""
    if thing["status"] != "pending":
        raise ApiError(f"Refund {thing['id']} is {thing['status']}, not pending.")
    thing.update(status="succeeded", pending_reason=None)
    call.save(thing)
    previous = {"status": "pending", "pending_reason": "processing"}
    call.emit("refund.updated", thing, previous=previous)
    call.emit("charge.refund.updated", thing, previous=previous)
    return thing


def fail_refund(call: Call, thing: Thing, reason: str = "lost_or_stolen_card") -> Thing:
    """Let the bank return a refund: the money is the merchant's again."""
    if thing["status"] not in {"pending", "succeeded"}:
        raise ApiError(f"Refund {thing['id']} is {thing['status']} and cannot fail.")
    if reason not in FAILURES:
        raise invalid_parameter(f"Invalid reason: must be one of {', '.join(sorted(FAILURES))}", "reason")
    previous = {"status": thing["status"], "failure_reason": None, "failure_balance_transaction": None}
    charge = call.get("charge", thing["charge"])
    amount, kept, at = rates.settle(call, thing["amount"], thing["currency"])
    booked = balance.book(call, amount=amount, currency=kept, rate=at, kind="refund_failure", source=thing["id"])
    thing.update(
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=booked["id"],
        pending_reason=None,
    )
    charge["amount_refunded"] -= thing["amount"]
    charge["refunded"] = False
    call.save(thing)
    call.save(charge)
    call.emit("refund.updated", thing, previous=previous)
    call.emit("refund.failed", thing)
    call.emit("charge.refund.updated", thing, previous=previous)
    return thing
