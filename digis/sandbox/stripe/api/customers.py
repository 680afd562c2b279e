"""Customers, and the payment methods they keep."""

from digis.sandbox.stripe import cards, objects, payments
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_CHANGEABLE = ("name", "email", "description", "phone", "tax_exempt")


@route("POST", "/v1/customers", "CustomerCreateParams")
def create_customer(ask: Ask) -> Thing:
    customer = ask.call.add(objects.customer(ask.call, ask.params))
    ask.call.emit("customer.created", customer)
    return customer


@route("GET", "/v1/customers", "CustomerListParams")
def list_customers(ask: Ask) -> Thing:
    return page(ask, Listing("customer", "/v1/customers", ("email",)))


@route("GET", "/v1/customers/{id}")
def get_customer(ask: Ask) -> Thing:
    customer = ask.call.get("customer", ask.id)
    if customer.get("_deleted"):
        return {"id": ask.id, "object": "customer", "deleted": True}
    return customer


@route("POST", "/v1/customers/{id}", "CustomerUpdateParams")
def update_customer(ask: Ask) -> Thing:
    customer = _present(ask.call, ask.id)
    previous = {
        name: customer[name] for name in _CHANGEABLE if name in ask.params and customer[name] != ask.params[name]
    }
    if "metadata" in ask.params:
        previous["metadata"] = dict(customer["metadata"])
        objects.merge_metadata(customer, ask.params)
    for name in _CHANGEABLE:
        if name in ask.params:
            customer[name] = ask.params[name] or None
    if isinstance(ask.params.get("invoice_settings"), dict):
        customer["invoice_settings"].update(ask.params["invoice_settings"])
    if isinstance(ask.params.get("address"), dict):
        customer["address"] = {**objects.NO_ADDRESS, **ask.params["address"]}
    ask.call.save(customer)
    ask.call.emit("customer.updated", customer, previous=previous)
    return customer


@route("DELETE", "/v1/customers/{id}")
def delete_customer(ask: Ask) -> Thing:
    customer = _present(ask.call, ask.id)
    customer["_deleted"] = True
    ask.call.save(customer)
    ask.call.emit("customer.deleted", customer)
    return {"id": ask.id, "object": "customer", "deleted": True}


@route("GET", "/v1/customers/{id}/payment_methods")
def list_methods_of(ask: Ask) -> Thing:
    _present(ask.call, ask.id)
    fixed = {"customer": ask.id}
    return page(ask, Listing("payment_method", f"/v1/customers/{ask.id}/payment_methods", ("type",), fixed))


@route("POST", "/v1/payment_methods", "PaymentMethodCreateParams")
def create_method(ask: Ask) -> Thing:
    card = ask.params.get("card")
    if ask.params.get("type") != "card" or not isinstance(card, dict) or "number" not in card:
        raise invalid_parameter("This stand-in offers type=card with card[number] only.", "type")
    number = cards.digits(card["number"])
    if not cards.is_luhn(number):
        raise ApiError("Your card number is incorrect.", status=402, family="card_error", code="incorrect_number")
    billing = ask.params.get("billing_details")
    return ask.call.add(
        objects.payment_method(
            ask.call,
            cards.find(number),
            month=int(card.get("exp_month") or 12),
            year=int(card.get("exp_year") or 2034),
            billing=billing if isinstance(billing, dict) else None,
        )
    )


@route("GET", "/v1/payment_methods")
def list_methods(ask: Ask) -> Thing:
    return page(ask, Listing("payment_method", "/v1/payment_methods", ("customer", "type")))


@route("GET", "/v1/payment_methods/{id}")
def get_method(ask: Ask) -> Thing:
    return payments.find_method(ask.call, ask.id)


@route("POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams")
def attach_method(ask: Ask) -> Thing:
    method = payments.find_method(ask.call, ask.id)
    method["customer"] = _present(ask.call, ask.params["customer"])["id"]
    ask.call.save(method)
    ask.call.emit("payment_method.attached", method)
    return method


@route("POST", "/v1/payment_methods/{id}/detach")
def detach_method(ask: Ask) -> Thing:
    method = ask.call.get("payment_method", ask.id)
    previous = {"customer": method["customer"]}
    method["customer"] = None
    ask.call.save(method)
    ask.call.emit("payment_method.detached", method, previous=previous)
    return method


def _present(call: Call, customer_id: str) -> Thing:
    customer = call.get("customer", customer_id)
    if customer.get("_deleted"):
        raise ApiError(f"No such customer: '{customer_id}'", status=404, code="resource_missing", param="id")
    return customer
