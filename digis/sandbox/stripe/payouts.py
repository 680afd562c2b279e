"""Payouts: out of a balance, to the bank, and sometimes back."""

from digis.sandbox.stripe import balance, banks, connect, connect_objects, objects
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World, random_text

SENT_AFTER = 6 * 3_600  # pending until then, in transit after
ARRIVES_AFTER_DAYS = 2
OPEN = ("pending", "in_transit")


def create(call: Call, params: Params) -> Thing:
    """Take money out of the available balance and promise it to the bank."""
    amount, currency = int(params["amount"]), params["currency"].lower()
    if amount < 1:
        raise invalid_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if params.get("method", "standard") != "standard":
        raise ApiError(
            "This bank account does not support Instant Payouts.", code="instant_payouts_unsupported", param="method"
        )
    _check_allowed(call)
    bank = _bank(call, params.get("destination"), currency)
    if amount > balance.available(call, currency):
        raise ApiError(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You "
            "can use the /v1/balance endpoint to view your Stripe balance.",
            code="balance_insufficient",
        )
    arrival = (call.now // balance.DAY + ARRIVES_AFTER_DAYS) * balance.DAY
    made = connect_objects.payout(call, params, amount=amount, currency=currency, destination=bank, arrival=arrival)
    booked = balance.book(call, amount=-amount, currency=currency, kind="payout", source=made["id"])
    made["balance_transaction"] = booked["id"]
    call.add(made)
    call.emit("payout.created", made)
    return made


def _check_allowed(call: Call) -> None:
    account = call.store.find(call.account or call.world.platform)
    if account is None or not account["payouts_enabled"]:
        raise ApiError(
            "Payouts are not enabled for this account: see its requirements for what is missing.",
            code="payouts_not_allowed",
        )


def _bank(call: Call, wanted: str | None, currency: str) -> Thing:
    known = call.store.all("bank_account", call.account, _gone=False)
    if not call.account and not known:
        platform = call.store.find(call.world.platform) or {}
        known = [call.add(connect_objects.bank_account(platform, banks.scheme_of("US").banks[0], holder=None))]
    found = [b for b in known if (b["id"] == wanted if wanted else b["default_for_currency"])]
    if wanted and not found:
        raise ApiError(
            f"No such external account: '{wanted}'", status=404, code="resource_missing", param="destination"
        )
    if not found or found[0]["currency"] != currency:
        raise ApiError(f"Sorry, you don't have any external accounts in that currency ({currency}).", param="currency")
    if found[0]["status"] == "errored":
        raise ApiError(
            "An earlier payout to this bank account failed. It has to be replaced before it is paid to again.",
            code="bank_account_unusable",
        )
    return found[0]


def update(call: Call, payout: Thing, params: Params) -> Thing:
    previous = {"metadata": dict(payout["metadata"])}
    objects.merge_metadata(payout, params)
    call.save(payout)
    call.emit("payout.updated", payout, previous=previous)
    return payout


def cancel(call: Call, payout: Thing) -> Thing:
    """Take back what the bank has not been sent yet."""
    _need(payout, "pending", verb="canceled")
    booked = _return(call, payout, kind="payout_cancel")
    _move(
        call,
        payout,
        "canceled",
        failure_balance_transaction=booked["id"],
        trace_id={"status": "unsupported", "value": None},
    )
    return payout


# — what the bank does —


def send(call: Call, payout: Thing) -> Thing:
    _need(payout, "pending", verb="sent to the bank")
    _move(call, payout, "in_transit")
    return payout


def pay(call: Call, payout: Thing) -> Thing:
    _need(payout, *OPEN, verb="paid")
    if payout["status"] == "pending":
        send(call, payout)
    _move(call, payout, "paid", trace_id={"status": "supported", "value": random_text(15).upper()})
    return payout


def fail(call: Call, payout: Thing, code: str, *, spoils: bool = True) -> Thing:
    """Let the bank refuse a payout, even one it took before: the money is in the balance again.

    The bank account takes no more payouts then, unless `spoils` is false.
    """
    _need(payout, *OPEN, "paid", verb="refused")
    if code not in banks.FAILURES:
        raise invalid_parameter(f"Invalid code: must be one of {', '.join(banks.FAILURES)}", "code")
    booked = _return(call, payout, kind="payout_failure")
    _move(
        call,
        payout,
        "failed",
        failure_balance_transaction=booked["id"],
        failure_code=code,
        failure_message=banks.FAILURES[code],
        trace_id={"status": "unsupported", "value": None},
    )
    bank = call.find("bank_account", payout["destination"])
    if spoils and bank is not None:
        connect.spoil_bank(call, bank)
    return payout


def _need(payout: Thing, *statuses: str, verb: str) -> None:
    if payout["status"] not in statuses:
        raise ApiError(f"Payouts that are {payout['status']} cannot be {verb}.")


def _return(call: Call, payout: Thing, *, kind: str) -> Thing:
    return balance.book(
        call,
        amount=payout["amount"],
        currency=payout["currency"],
        kind=kind,
        category="payout_reversal",
        source=payout["id"],
    )


def _move(call: Call, payout: Thing, status: str, **changes: object) -> None:
    previous = {name: payout[name] for name in ("status", *changes)}
    payout.update(status=status, **changes)
    call.save(payout)
    call.emit("payout.updated", payout, previous=previous)
    if status != "in_transit":
        call.emit(f"payout.{status}", payout)


def step(call: Call, payout: Thing) -> Thing:
    """Take a payout one step further: to the bank, then to the end its bank account is for."""
    if payout["status"] == "pending":
        return send(call, payout)
    bank = call.find("bank_account", payout["destination"])
    code = payout.get("_will_fail") or (bank or {}).get("_failure")
    return fail(call, payout, code) if code else pay(call, payout)


def step_due(world: World) -> None:
    """Take every open payout as far as the time has come for it."""
    for payout in reversed(world.store.all("payout", None, status=list(OPEN))):
        call = Call(world, world.store.account_of(payout["id"]))
        if payout["status"] == "pending" and payout["created"] + SENT_AFTER <= call.now:
            step(call, payout)
        if payout["status"] == "in_transit" and payout["arrival_date"] <= call.now:
            step(call, payout)
