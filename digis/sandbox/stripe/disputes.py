"""Money that goes back by the buyer's will: disputes, the inquiries before them, and warnings of fraud."""

from typing import Any

from digis.sandbox.stripe import balance, money_objects, rates, reversals
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params, is_true
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World

RESPONSE_DAYS = 14
INQUIRY_STATES = frozenset(["warning_needs_response", "warning_under_review"])
OPEN_STATES = frozenset(["needs_response", "under_review", *INQUIRY_STATES])
_WAITING = ("needs_response", "warning_needs_response")
# What test evidence decides at once, by its text.
_VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}
_ESCALATES = "escalate_inquiry_evidence"


def open_dispute(
    call: Call,
    charge: Thing,
    *,
    reason: str = "fraudulent",
    amount: int | None = None,
    is_inquiry: bool = False,
    due_in_days: int = RESPONSE_DAYS,
) -> Thing:
    """Let the buyer's bank take the money back, with the fee, until the case is decided; an inquiry only asks."""
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} has not succeeded.")
    if charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} is disputed already.")
    left = charge["amount"] - charge["amount_refunded"]
    taken = amount or left or charge["amount"]  # a bank may dispute even what was refunded
    status = "warning_needs_response" if is_inquiry else "needs_response"
    due_by = call.now + due_in_days * balance.DAY
    thing = money_objects.dispute(call, charge, amount=taken, reason=reason, status=status, due_by=due_by)
    call.add(thing)
    charge.update(disputed=True, dispute=thing["id"])
    call.save(charge)
    call.emit("charge.dispute.created", thing)
    if not is_inquiry:
        _withdraw(call, charge, thing)
    call.emit("charge.updated", charge, previous={"disputed": False, "dispute": None})
    return thing


def _withdraw(call: Call, charge: Thing, thing: Thing) -> None:
    """Take the money; a refund still on its way fails, so that the buyer is not paid twice."""
    amount, kept, at = rates.settle(call, thing["amount"], charge["currency"])
    booked = balance.book(
        call,
        amount=-amount,
        fee=balance.DISPUTE_FEE,
        currency=kept,
        rate=at,
        kind="adjustment",
        category="dispute",
        source=thing["id"],
        available_on=balance.available_on(call, charge),
    )
    thing["balance_transactions"] = [booked]
    call.save(thing)
    call.emit("charge.dispute.funds_withdrawn", thing)
    for refund in call.store.all("refund", call.account, charge=charge["id"], status="pending"):
        reversals.fail_refund(call, refund, "charge_for_pending_refund_disputed")
    charge.update(call.get("charge", charge["id"]))


def answer_dispute(call: Call, thing: Thing, params: Params) -> Thing:
    """Store evidence; submitting it hands the case to the bank. Stripe submits unless told `submit=false`."""
    _need_open(thing)
    evidence = params.get("evidence") if isinstance(params.get("evidence"), dict) else None
    if evidence is None and "submit" not in params:
        return _tell(call, thing, {"metadata": thing["metadata"]})
    if thing["status"] not in _WAITING:
        raise ApiError("You have already submitted evidence for this dispute. It cannot be changed any more.")
    if call.now > thing["evidence_details"]["due_by"]:
        raise ApiError("The time to submit evidence for this dispute is over.")
    details = thing["evidence_details"]
    previous: dict[str, Any] = {"evidence_details": dict(details)}
    if evidence is not None:
        thing["evidence"].update({name: value or None for name, value in evidence.items()})
        details["has_evidence"] = True
    if not is_true(params.get("submit", "true")):
        return _tell(call, thing, previous)
    previous["status"] = thing["status"]
    details["submission_count"] += 1
    thing["status"] = "warning_under_review" if thing["status"] in INQUIRY_STATES else "under_review"
    _tell(call, thing, previous)
    said = str(thing["evidence"]["uncategorized_text"] or "")
    if said == _ESCALATES and thing["status"] in INQUIRY_STATES:
        return escalate(call, thing)
    if said in _VERDICTS:
        is_inquiry = thing["status"] in INQUIRY_STATES
        return close_dispute(call, thing, status="warning_closed" if is_inquiry else _VERDICTS[said])
    return thing


def _tell(call: Call, thing: Thing, previous: dict[str, Any]) -> Thing:
    call.save(thing)
    call.emit("charge.dispute.updated", thing, previous=previous)
    return thing


def escalate(call: Call, thing: Thing, *, due_in_days: int = RESPONSE_DAYS) -> Thing:
    """Turn an inquiry into a chargeback: now the money is taken."""
    if thing["status"] not in INQUIRY_STATES:
        raise ApiError(f"Dispute {thing['id']} is {thing['status']}, not an inquiry.")
    previous = {"status": thing["status"], "is_charge_refundable": thing["is_charge_refundable"]}
    thing.update(status="needs_response", is_charge_refundable=False)
    thing["payment_method_details"]["card"]["case_type"] = "chargeback"
    thing["evidence_details"].update(due_by=call.now + due_in_days * balance.DAY, submission_count=0)
    _tell(call, thing, previous)
    _withdraw(call, call.get("charge", thing["charge"]), thing)
    return thing


def close_dispute(call: Call, thing: Thing, *, status: str) -> Thing:
    """Decide a case; when it is won, the money comes back with the fee. An inquiry ends as `warning_closed`."""
    _need_open(thing)
    allowed = {"warning_closed"} if thing["status"] in INQUIRY_STATES else {"won", "lost"}
    if status not in allowed:
        raise invalid_parameter(f"Invalid status: must be one of {' or '.join(sorted(allowed))}", "status")
    previous = {"status": thing["status"]}
    thing["status"] = status
    thing["is_charge_refundable"] = status == "warning_closed"
    if status == "won":
        amount, kept, at = rates.settle(call, thing["amount"], thing["currency"])
        booked = balance.book(
            call,
            amount=amount,
            fee=-balance.DISPUTE_FEE,
            currency=kept,
            rate=at,
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


def accept(call: Call, thing: Thing) -> Thing:
    """Give a case up, as the merchant does."""
    return close_dispute(call, thing, status="warning_closed" if thing["status"] in INQUIRY_STATES else "lost")


def _need_open(thing: Thing) -> None:
    if thing["status"] not in OPEN_STATES:
        raise ApiError(f"This dispute is already closed with a status of {thing['status']}.")


def refund(call: Call, charge: Thing, params: Params, *, amount: int | None) -> Thing:
    """Refund, and let the inquiries about the charge end when its buyer has all the money back."""
    made = reversals.refund(call, charge, params, amount=amount)
    if charge["refunded"]:
        for thing in call.store.all("dispute", call.account, charge=charge["id"], status=sorted(INQUIRY_STATES)):
            close_dispute(call, thing, status="warning_closed")
    return made


def close_overdue(world: World) -> None:
    """Lose every case that nobody answered in time; an inquiry falls asleep."""
    for thing in reversed(world.store.all("dispute", None, status=list(_WAITING))):
        call = Call(world, world.store.account_of(thing["id"]))
        if thing["evidence_details"]["due_by"] < call.now:
            thing["evidence_details"]["past_due"] = True
            accept(call, thing)


# — before a dispute —


def warn(call: Call, charge: Thing, *, kind: str = "made_with_stolen_card") -> Thing:
    """Pass on the card network's warning that a payment is likely to be disputed."""
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} has not succeeded.")
    warning = call.add(money_objects.fraud_warning(call, charge, kind=kind))
    call.emit("radar.early_fraud_warning.created", warning)
    return warning


def shown(call: Call, warning: Thing) -> Thing:
    """Say whether refunding would still spare the dispute."""
    charge = call.find("charge", warning["charge"])
    return {**warning, "actionable": bool(charge and not charge["refunded"] and not charge["disputed"])}
