"""Money from the platform to connected accounts, and back."""

from decimal import Decimal

from digis.sandbox.stripe import balance, connect_objects, objects, rates
from digis.sandbox.stripe.errors import ApiError, invalid_parameter, missing_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_SHOWN_REVERSALS = 10


def create(call: Call, params: Params) -> Thing:
    """Move money at once; what a charge has not settled yet follows when the charge does (`source_transaction`)."""
    if call.account:
        raise ApiError("This stand-in lets only the platform make transfers.", status=403)
    amount, currency = objects.number(params, "amount"), params["currency"].lower()
    if amount is None:
        raise missing_parameter("amount")
    if amount < 1:
        raise invalid_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    account = _destination(call, params["destination"])
    source = (
        call.get("charge", params["source_transaction"], param="source_transaction")
        if params.get("source_transaction")
        else None
    )
    if source is None:
        _check_funds(call, amount, currency)
        ready = call.now
    else:
        ready = _check_source(call, source, amount, currency)
    group = objects.text(params, "transfer_group") or (_group_of(call, source) if source else None)
    made = connect_objects.transfer(
        call, params, amount=amount, currency=currency, destination=account["id"], group=group
    )
    booked = balance.book(
        call, amount=-amount, currency=currency, kind="transfer", source=made["id"], available_on=ready
    )
    payment = _receive(call.within(account["id"]), account, made, ready=ready)
    made.update(balance_transaction=booked["id"], destination_payment=payment["id"])
    call.add(made)
    call.emit("transfer.created", made)
    return made


def _destination(call: Call, account_id: str) -> Thing:
    account = call.store.find(account_id)
    if account is None or not account.get("_connected") or account.get("_gone"):
        raise ApiError(f"No such destination: '{account_id}'", code="resource_missing", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise ApiError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _check_funds(call: Call, amount: int, currency: str) -> None:
    if amount > balance.available(call, currency):
        raise ApiError(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card.",
            code="balance_insufficient",
        )


def _check_source(call: Call, charge: Thing, amount: int, currency: str) -> int:
    """Return when the money of a transfer out of one charge becomes available."""
    if charge["status"] != "succeeded" or currency != charge["currency"]:
        raise ApiError(
            f"The charge {charge['id']} cannot be the source of a transfer in {currency}.", param="source_transaction"
        )
    sent = call.store.all("transfer", "", source_transaction=charge["id"])
    left = charge["amount"] - charge["amount_refunded"] - sum(t["amount"] - t["amount_reversed"] for t in sent)
    if amount > left:
        raise ApiError(
            f"The transfers from charge {charge['id']} cannot exceed what is left of it ({left}).", param="amount"
        )
    return balance.available_on(call, charge)


def _group_of(call: Call, charge: Thing) -> str:
    if not charge["transfer_group"]:
        charge["transfer_group"] = f"group_{charge['payment_intent'] or charge['id']}"
        call.save(charge)
        call.emit("charge.updated", charge, previous={"transfer_group": None})
    return str(charge["transfer_group"])


def _receive(inside: Call, account: Thing, transfer: Thing, *, ready: int) -> Thing:
    payment = connect_objects.destination_payment(inside, transfer)
    kept = account["default_currency"]
    at = rates.rate(inside, transfer["currency"], kept)
    booked = balance.book(
        inside,
        amount=rates.convert(transfer["amount"], at),
        currency=kept,
        kind="payment",
        category="charge",
        source=payment["id"],
        available_on=ready,
        rate=at,
    )
    payment["balance_transaction"] = booked["id"]
    return inside.add(payment)


def update(call: Call, transfer: Thing, params: Params) -> Thing:
    if "description" in params:
        transfer["description"] = params["description"] or None
    objects.merge_metadata(transfer, params)
    call.save(transfer)
    call.emit("transfer.updated", transfer)
    return transfer


# — and back —


def reverse(call: Call, transfer: Thing, params: Params) -> Thing:
    """Take money back out of the connected account, as far as its balance covers it."""
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = objects.number(params, "amount")
    amount = left if amount is None else amount
    if left == 0:
        raise ApiError(f"Transfer {transfer['id']} is already fully reversed.")
    if amount < 1:
        raise invalid_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        raise ApiError(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})", param="amount"
        )
    inside = call.within(transfer["destination"])
    payment = inside.get("charge", transfer["destination_payment"])
    made = connect_objects.reversal(call, params, transfer, amount=amount)
    back = _give_back(inside, payment, made)
    sent = call.get("balance_transaction", transfer["balance_transaction"])
    booked = balance.book(
        call,
        amount=amount,
        currency=transfer["currency"],
        kind="transfer_refund",
        category="transfer_reversal",
        source=made["id"],
        available_on=max(call.now, sent["available_on"]),
    )
    made.update(balance_transaction=booked["id"], destination_payment_refund=back["id"])
    call.add(made)
    previous = {"amount_reversed": transfer["amount_reversed"], "reversed": transfer["reversed"]}
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    call.save(transfer)
    call.emit("transfer.reversed", shown(call, transfer), previous=previous)
    return made


def _give_back(inside: Call, payment: Thing, reversal: Thing) -> Thing:
    received = inside.get("balance_transaction", payment["balance_transaction"])
    at = None if received["exchange_rate"] is None else Decimal(str(received["exchange_rate"]))
    after = rates.convert(payment["amount_refunded"] + reversal["amount"], at)
    taken = after - rates.convert(payment["amount_refunded"], at)
    is_settled = received["available_on"] <= inside.now
    if is_settled and taken > balance.available(inside, received["currency"]):
        raise ApiError(
            "The destination account does not have a sufficient balance to cover this reversal.",
            code="balance_insufficient",
        )
    back = connect_objects.destination_refund(inside, payment, reversal)
    booked = balance.book(
        inside,
        amount=-taken,
        currency=received["currency"],
        kind="payment_refund",
        category="refund",
        source=back["id"],
        available_on=max(inside.now, received["available_on"]),
        rate=at,
    )
    back["balance_transaction"] = booked["id"]
    payment["amount_refunded"] += reversal["amount"]
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    inside.save(payment)
    return inside.add(back)


def update_reversal(call: Call, reversal: Thing, params: Params) -> Thing:
    objects.merge_metadata(reversal, params)
    return call.save(reversal)


def find_reversal(call: Call, transfer_id: str, reversal_id: str) -> Thing:
    reversal = call.get("transfer_reversal", reversal_id)
    if reversal["transfer"] != transfer_id:
        raise ApiError(f"No such transfer reversal: '{reversal_id}'", status=404, code="resource_missing", param="id")
    return reversal


def shown(call: Call, transfer: Thing) -> Thing:
    """Put the latest reversals into a transfer."""
    known = call.store.all("transfer_reversal", "", transfer=transfer["id"])
    listed = {**transfer["reversals"], "data": known[:_SHOWN_REVERSALS], "has_more": len(known) > _SHOWN_REVERSALS}
    return {**transfer, "reversals": listed}
