"""Refunds, disputes, warnings of fraud, the balance and its transactions."""

from digis.sandbox.stripe import balance, disputes, objects
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import ApiError, missing_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call


def find_charge(call: Call, params: Params) -> Thing:
    """Fetch the charge that `charge` or `payment_intent` names."""
    if params.get("charge"):
        return call.get("charge", params["charge"], param="charge")
    if not params.get("payment_intent"):
        raise missing_parameter("payment_intent")
    intent = call.get("payment_intent", params["payment_intent"], param="payment_intent")
    if not intent["latest_charge"]:
        raise ApiError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    return call.get("charge", intent["latest_charge"], param="charge")


@route("POST", "/v1/refunds", "RefundCreateParams")
def create_refund(ask: Ask) -> Thing:
    return disputes.refund(
        ask.call, find_charge(ask.call, ask.params), ask.params, amount=objects.number(ask.params, "amount")
    )


@route("GET", "/v1/refunds", "RefundListParams")
def list_refunds(ask: Ask) -> Thing:
    return page(ask, Listing("refund", "/v1/refunds", ("charge", "payment_intent")))


@route("GET", "/v1/refunds/{id}")
def get_refund(ask: Ask) -> Thing:
    return ask.call.get("refund", ask.id)


@route("POST", "/v1/refunds/{id}", "RefundModifyParams")
def update_refund(ask: Ask) -> Thing:
    refund = ask.call.get("refund", ask.id)
    objects.merge_metadata(refund, ask.params)
    ask.call.save(refund)
    ask.call.emit("refund.updated", refund)
    return refund


@route("GET", "/v1/disputes", "DisputeListParams")
def list_disputes(ask: Ask) -> Thing:
    return page(ask, Listing("dispute", "/v1/disputes", ("charge", "payment_intent")))


@route("GET", "/v1/disputes/{id}")
def get_dispute(ask: Ask) -> Thing:
    return ask.call.get("dispute", ask.id)


@route("POST", "/v1/disputes/{id}", "DisputeModifyParams")
def update_dispute(ask: Ask) -> Thing:
    dispute = ask.call.get("dispute", ask.id)
    objects.merge_metadata(dispute, ask.params)
    return disputes.answer_dispute(ask.call, dispute, ask.params)


@route("POST", "/v1/disputes/{id}/close")
def close_dispute(ask: Ask) -> Thing:
    return disputes.accept(ask.call, ask.call.get("dispute", ask.id))


_WARNINGS = "/v1/radar/early_fraud_warnings"


@route("GET", _WARNINGS, "radar.EarlyFraudWarningListParams")
def list_fraud_warnings(ask: Ask) -> Thing:
    return page(ask, Listing("radar.early_fraud_warning", _WARNINGS, ("charge", "payment_intent")))


@route("GET", _WARNINGS + "/{id}")
def get_fraud_warning(ask: Ask) -> Thing:
    return ask.call.get("radar.early_fraud_warning", ask.id)


@route("GET", "/v1/balance")
def get_balance(ask: Ask) -> Thing:
    return balance.balance(ask.call)


@route("GET", "/v1/balance_transactions", "BalanceTransactionListParams")
def list_balance_transactions(ask: Ask) -> Thing:
    return page(ask, Listing("balance_transaction", "/v1/balance_transactions", ("type", "source", "currency")))


@route("GET", "/v1/balance_transactions/{id}")
def get_balance_transaction(ask: Ask) -> Thing:
    return ask.call.get("balance_transaction", ask.id)
