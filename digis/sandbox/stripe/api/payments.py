"""Payment intents and charges."""

from digis.sandbox.stripe import objects, payments
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import ApiError, missing_parameter
from digis.sandbox.stripe.forms import is_true
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call


@route("POST", "/v1/payment_intents", "PaymentIntentCreateParams")
def create_intent(ask: Ask) -> Thing:
    customer = (
        ask.call.get("customer", ask.params["customer"], param="customer")["id"] if ask.params.get("customer") else None
    )
    method = payments.find_method(ask.call, ask.params["payment_method"]) if ask.params.get("payment_method") else None
    intent = payments.create(
        ask.call,
        ask.params,
        amount=int(ask.params["amount"]),
        currency=ask.params["currency"].lower(),
        customer=customer,
    )
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
        ask.call.save(intent)
    if is_true(ask.params.get("confirm")):
        return _confirm(ask.call, intent, method)
    return intent


@route("GET", "/v1/payment_intents", "PaymentIntentListParams")
def list_intents(ask: Ask) -> Thing:
    return page(ask, Listing("payment_intent", "/v1/payment_intents", ("customer",)))


@route("GET", "/v1/payment_intents/{id}")
def get_intent(ask: Ask) -> Thing:
    return ask.call.get("payment_intent", ask.id, param="intent")


@route("POST", "/v1/payment_intents/{id}", "PaymentIntentModifyParams")
def update_intent(ask: Ask) -> Thing:
    intent = ask.call.get("payment_intent", ask.id, param="intent")
    if "amount" in ask.params:
        if intent["status"] in {"succeeded", "canceled"}:
            raise payments.unexpected_state(intent, "update the amount of")
        payments.check_amount(int(ask.params["amount"]), intent["currency"])
        intent["amount"] = int(ask.params["amount"])
    if "description" in ask.params:
        intent["description"] = ask.params["description"] or None
    objects.merge_metadata(intent, ask.params)
    return ask.call.save(intent)


@route("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams")
def confirm_intent(ask: Ask) -> Thing:
    intent = ask.call.get("payment_intent", ask.id, param="intent")
    if ask.params.get("return_url"):
        intent["_return_url"] = ask.params["return_url"]
    chosen = ask.params.get("payment_method") or intent["payment_method"]
    return _confirm(ask.call, intent, payments.find_method(ask.call, chosen) if chosen else None)


@route("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams")
def cancel_intent(ask: Ask) -> Thing:
    intent = ask.call.get("payment_intent", ask.id, param="intent")
    owner = [
        s
        for s in ask.call.store.all("checkout.session", ask.call.account, payment_intent=ask.id)
        if s["status"] == "open"
    ]
    if owner:
        raise ApiError(
            "You cannot cancel the PaymentIntent of a Checkout Session. Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    return payments.cancel(ask.call, intent, reason=ask.params.get("cancellation_reason"))


def _confirm(call: Call, intent: Thing, method: Thing | None) -> Thing:
    if method is None:
        raise missing_parameter("payment_method")
    payments.confirm(call, intent, method)
    if intent["status"] == "succeeded":
        payments.finish(call, intent)
    return intent


@route("GET", "/v1/charges", "ChargeListParams")
def list_charges(ask: Ask) -> Thing:
    return page(ask, Listing("charge", "/v1/charges", ("customer", "payment_intent", "transfer_group")))


@route("GET", "/v1/charges/{id}")
def get_charge(ask: Ask) -> Thing:
    return ask.call.get("charge", ask.id, param="charge")


@route("POST", "/v1/charges/{id}", "ChargeModifyParams")
def update_charge(ask: Ask) -> Thing:
    charge = ask.call.get("charge", ask.id, param="charge")
    if "description" in ask.params:
        charge["description"] = ask.params["description"] or None
    objects.merge_metadata(charge, ask.params)
    ask.call.save(charge)
    ask.call.emit("charge.updated", charge)
    return charge


@route("GET", "/v1/charges/{id}/refunds")
def list_refunds_of(ask: Ask) -> Thing:
    ask.call.get("charge", ask.id, param="charge")
    return page(ask, Listing("refund", f"/v1/charges/{ask.id}/refunds", (), {"charge": ask.id}))
