"""Money that goes back: refunds and disputes."""

from typing import Any

from digis.sandbox.stripe import balance, cards, money_objects
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

RESPONSE_DAYS = 14
OPEN_STATES = frozenset(["needs_response", "under_review", "warning_needs_response", "warning_under_review"])


def refund(call: Call, charge: Thing, params: Params, *, amount: int | None) -> Thing:
    """Give back all that is left of a charge, or a part of it."""
    left = charge["amount"] - charge["amount_refunded"]
    given = left if amount is None else amount
    _check_refundable(call, charge, left=left, amount=given)
    card = cards.find(_number_of(call, charge))
    status = "pending" if card.refund == "pending" else "succeeded"
    thing = call.add(money_objects.refund(call, charge, params, amount=given, status=status))
    booked = balance.book(
        call,
        amount=-given,
        currency=charge["currency"],
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
    disputes = call.store.all("dispute", call.account, charge=charge["id"])
    if any(dispute["status"] != "won" and not dispute["is_charge_refundable"] for dispute in disputes):
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
    call.emit("refund.updated", thing, previous={"status": "pending", "pending_reason": "processing"})
    return thing


def fail_refund(call: Call, thing: Thing) -> Thing:
    """Let the bank return a refund: the money is the merchant's again."""
    if thing["status"] not in {"pending", "succeeded"}:
        raise ApiError(f"Refund {thing['id']} is {thing['status']} and cannot fail.")
    previous = {"status": thing["status"], "failure_reason": None, "failure_balance_transaction": None}
    charge = call.get("charge", thing["charge"])
    booked = balance.book(
        call, amount=thing["amount"], currency=thing["currency"], kind="refund_failure", source=thing["id"]
    )
    thing.update(
        status="failed",
        failure_reason="lost_or_stolen_card",
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


def open_dispute(call: Call, charge: Thing, *, reason: str = "fraudulent", amount: int | None = None) -> Thing:
    """Let the buyer's bank take the money back, with the fee, until the case is decided."""
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} has not succeeded.")
    if charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} is disputed already.")
    left = charge["amount"] - charge["amount_refunded"]
    taken = amount or left or charge["amount"]  # a bank may dispute even what was refunded
    due_by = call.now + RESPONSE_DAYS * balance.DAY
    thing = money_objects.dispute(call, charge, amount=taken, reason=reason, status="needs_response", due_by=due_by)
    call.add(thing)
    booked = balance.book(
        call,
        amount=-taken,
        fee=balance.DISPUTE_FEE,
        currency=charge["currency"],
        kind="adjustment",
        category="dispute",
        source=thing["id"],
        available_on=balance.available_on(call, charge),
    )
    charge.update(disputed=True, dispute=thing["id"])
    call.save(charge)
    call.emit("charge.dispute.created", thing)
    thing["balance_transactions"] = [booked]
    call.save(thing)
    call.emit("charge.dispute.funds_withdrawn", thing)
    call.emit("charge.updated", charge, previous={"disputed": False, "dispute": None})
    return thing


def answer_dispute(call: Call, thing: Thing, params: Params) -> Thing:
    """Store evidence; submitting it hands the case to the bank."""
    if thing["status"] not in OPEN_STATES:
        raise ApiError(f"This dispute is already closed with a status of {thing['status']}.")
    previous: dict[str, Any] = {"evidence_details": dict(thing["evidence_details"])}
    if isinstance(params.get("evidence"), dict):
        thing["evidence"].update(params["evidence"])
        thing["evidence_details"]["has_evidence"] = True
    if params.get("submit", "true") == "true":
        previous["status"] = thing["status"]
        thing["status"] = "under_review"
        thing["evidence_details"]["submission_count"] += 1
    call.save(thing)
    call.emit("charge.dispute.updated", thing, previous=previous)
    return thing


def close_dispute(call: Call, thing: Thing, *, status: str) -> Thing:
    """Decide a case; when it is won, the money comes back with the fee."""
    if thing["status"] not in OPEN_STATES:
        raise ApiError(f"This dispute is already closed with a status of {thing['status']}.")
    if status not in {"won", "lost"}:
        raise invalid_parameter("Invalid status: must be one of won or lost", "status")
    previous = {"status": thing["status"]}
    thing["status"] = status
    if status == "won":
        booked = balance.book(
            call,
            amount=thing["amount"],
            fee=-balance.DISPUTE_FEE,
            currency=thing["currency"],
            kind="adjustment",
            category="dispute_reversal",
            source=thing["id"],
        )
        thing["balance_transactions"].append(booked)
    call.save(thing)
    call.emit("charge.dispute.closed", thing, previous=previous)
    if status == "won":
        call.emit("charge.dispute.funds_reinstated", thing)
    return thing
