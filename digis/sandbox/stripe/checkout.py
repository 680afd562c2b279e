"""Checkout sessions: made by the merchant, paid on the hosted page, or expired."""

import re
from typing import Any
from urllib.parse import urlsplit

from digis.sandbox.stripe import cards, money_objects, objects, payments, setups
from digis.sandbox.stripe.errors import ApiError, invalid_parameter, missing_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, new_id

SHORTEST_LIFE = 30 * 60
LONGEST_LIFE = 24 * 3_600
_SLACK = 60  # the caller's clock may be a little behind ours
SESSION_ID_MARK = "{CHECKOUT_SESSION_ID}"


def create(call: Call, params: Params) -> Thing:
    if params.get("mode") not in {"payment", "setup"}:
        raise invalid_parameter("This stand-in offers mode=payment and mode=setup only.", "mode")
    _check_addresses(params)
    if params["mode"] == "setup":
        return _create_for_card(call, params)
    lines = [_line(call, line, f"line_items[{place}]") for place, line in enumerate(params.get("line_items") or [])]
    if not lines:
        raise missing_parameter("line_items")
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise invalid_parameter("All line items must have the same currency.", "line_items")
    total = sum(line["amount_total"] for line in lines)
    currency = currencies.pop()
    payments.check_amount(total, currency, param="line_items")
    customer = call.get("customer", params["customer"], param="customer") if params.get("customer") else None
    session = _object(call, params, total=total, currency=currency, customer=customer)
    session["_lines"] = lines
    session["_known_email"] = (session["customer_details"] or {}).get("email")
    session["_intent"] = params.get("payment_intent_data") or {}
    return call.add(session)


def _create_for_card(call: Call, params: Params) -> Thing:
    """Make a page that keeps a card and takes no money."""
    if params.get("line_items"):
        raise invalid_parameter("You may not pass `line_items` in `setup` mode.", "line_items")
    if not params.get("currency") and not params.get("payment_method_types"):
        raise missing_parameter("currency")
    customer = call.get("customer", params["customer"], param="customer") if params.get("customer") else None
    session = _object(call, params, total=None, currency=objects.text(params, "currency"), customer=customer)
    intent = setups.create(call, params.get("setup_intent_data") or {}, customer=session["customer"])
    session.update(mode="setup", payment_status="no_payment_required", setup_intent=intent["id"])
    session.update(_lines=[], _known_email=(session["customer_details"] or {}).get("email"), _intent={})
    return call.add(session)


def _check_addresses(params: Params) -> None:
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid_parameter("This stand-in offers ui_mode=hosted_page only.", "ui_mode")
    if not params.get("success_url"):
        raise missing_parameter("success_url")
    for name in ("success_url", "cancel_url"):
        address = params.get(name)
        if address and (urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).netloc):
            raise invalid_parameter("Not a valid URL", name, "url_invalid")


def _line(call: Call, line: Params, path: str) -> Thing:
    quantity = int(line.get("quantity") or 1)
    if quantity < 1:
        raise invalid_parameter("This value must be greater than or equal to 1.", f"{path}[quantity]")
    if line.get("price"):
        price = call.get("price", line["price"], param=f"{path}[price]")
        product = call.get("product", price["product"])
        if not price["active"]:
            raise ApiError(f"The price specified is inactive: {price['id']}", param=f"{path}[price]")
    else:
        price, product = _inline_price(call, line.get("price_data"), path)
    if price["unit_amount"] is None or price["type"] != "one_time":
        raise invalid_parameter("mode=payment takes one-time prices only.", path)
    item = money_objects.line_item(price, description=product["name"], quantity=quantity)
    item["_images"] = product["images"]
    item["_about"] = product["description"]
    return item


def _inline_price(call: Call, data: Any, path: str) -> tuple[Thing, Thing]:
    if not isinstance(data, dict):
        raise missing_parameter(f"{path}[price]")
    if data.get("product"):
        product = call.get("product", data["product"], param=f"{path}[price_data][product]")
    elif isinstance(data.get("product_data"), dict):
        product = {**objects.product(call, data["product_data"]), "active": False}
        call.add(product)
    else:
        raise missing_parameter(f"{path}[price_data][product]")
    if data.get("unit_amount") is None:
        raise missing_parameter(f"{path}[price_data][unit_amount]")
    price = {**objects.price(call, data, product_id=product["id"]), "active": False}
    return call.add(price), product


def _expiry(call: Call, params: Params) -> int:
    if not params.get("expires_at"):
        return call.now + LONGEST_LIFE
    moment = int(params["expires_at"])
    if moment < call.now + SHORTEST_LIFE - _SLACK:
        raise invalid_parameter(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at"
        )
    if moment > call.now + LONGEST_LIFE + _SLACK:
        raise invalid_parameter(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at"
        )
    return moment


def _object(call: Call, params: Params, *, total: int | None, currency: str | None, customer: Thing | None) -> Thing:
    email = objects.text(params, "customer_email")
    known = customer["email"] if customer else email
    thing = objects.base(call, "checkout.session")
    return {
        **thing,
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": objects.text(params, "billing_address_collection"),
        "branding_settings": None,
        "cancel_url": objects.text(params, "cancel_url"),
        "client_reference_id": objects.text(params, "client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": (params.get("custom_text") or {}).get("submit"),
            "terms_of_service_acceptance": None,
        },
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "customer_creation": None if customer else params.get("customer_creation") or "if_required",
        "customer_details": money_objects.customer_details(email=known) if known else None,
        "customer_email": email,
        "discounts": [],
        "expires_at": _expiry(call, params),
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "locale": objects.text(params, "locale"),
        "metadata": objects.metadata_of(params),
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": list(params.get("payment_method_types") or ["card"]),
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "presentment_details": None,
        "recovered_from": None,
        "saved_payment_method_options": _saved_options(params),
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": objects.text(params, "submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
        "wallet_options": None,
    }


def _saved_options(params: Params) -> Thing | None:
    given = params.get("saved_payment_method_options")
    if not given:
        return None
    return {
        "allow_redisplay_filters": list(given.get("allow_redisplay_filters") or ["always"]),
        "payment_method_remove": given.get("payment_method_remove"),
        "payment_method_save": given.get("payment_method_save"),
    }


def list_saved(call: Call, session: Thing) -> list[Thing]:
    """Return the cards its customer has kept and this page offers, the newest first."""
    if session["mode"] != "payment" or not session["customer"]:
        return []
    options = session["saved_payment_method_options"] or {"allow_redisplay_filters": ["always"]}
    kept = call.store.all("payment_method", call.account, customer=session["customer"])
    found = [method for method in kept if method["allow_redisplay"] in options["allow_redisplay_filters"]]
    return sorted(found, key=lambda method: int(method["created"]), reverse=True)


def shown(call: Call, session: Thing) -> Thing:
    """Give the hosted page's address while the session is open."""
    url = f"{call.world.base}/c/pay/{session['id']}" if session["status"] == "open" else None
    return {**session, "url": url}


def lines_of(session: Thing) -> Thing:
    return {
        "object": "list",
        "data": session["_lines"],
        "has_more": False,
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
    }


def pay(call: Call, session: Thing, method: Thing, *, details: dict[str, Any]) -> Thing:
    """Pay as a person does on the hosted page; returns the intent, which may ask for a challenge.

    A decline raises and leaves the session open.
    """
    _check_open(session)
    session["customer_details"] = details
    intent = call.find("payment_intent", session["payment_intent"])
    if intent is None:
        intent = payments.create(
            call,
            {"payment_method_types": session["payment_method_types"], **session["_intent"]},
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
        )
        session["payment_intent"] = intent["id"]
    elif intent["status"] == "requires_action":
        intent.update(status="requires_payment_method", next_action=None)  # the person chose another card instead
    call.save(session)
    payments.confirm(call, intent, method)
    if intent["status"] == "succeeded":
        complete(call, session, intent)
    return intent


def keep_card(call: Call, session: Thing, method: Thing, *, details: dict[str, Any]) -> Thing:
    """Keep a card as a person does on the hosted page; returns the setup intent, which may ask for a challenge."""
    _check_open(session)
    session["customer_details"] = details
    call.save(session)
    intent = call.get("setup_intent", session["setup_intent"])
    if intent["status"] == "requires_action":
        intent.update(status="requires_payment_method", next_action=None)
    setups.confirm(call, intent, method)
    if intent["status"] == "succeeded":
        close(call, session)
    return intent


def intent_of(call: Call, session: Thing) -> Thing | None:
    """Return what the page is there for: a setup intent, a payment intent, or None before anybody paid."""
    if session["mode"] == "setup":
        return call.find("setup_intent", session["setup_intent"])
    return call.find("payment_intent", session["payment_intent"])


def answer_challenge(call: Call, session: Thing, intent: Thing, *, passed: bool) -> None:
    if session["mode"] == "setup":
        setups.authenticate(call, intent, passed=passed)
        close(call, session)
    else:
        payments.authenticate(call, intent, passed=passed)
        complete(call, session, intent)


def close(call: Call, session: Thing) -> None:
    """End a session whose card is kept, and say so."""
    session["status"] = "complete"
    call.save(session)
    call.emit("checkout.session.completed", shown(call, session))


def complete(call: Call, session: Thing, intent: Thing) -> None:
    """Close a session whose intent has succeeded, and say so."""
    if session["customer"] is None and session["customer_creation"] == "always":
        _make_customer(call, session, intent)
    if session["customer"] and intent["setup_future_usage"]:
        method = call.get("payment_method", intent["payment_method"])
        method["customer"] = session["customer"]
        call.save(method)
        call.emit("payment_method.attached", method)
    session.update(status="complete", payment_status="paid")
    call.save(session)
    call.emit("checkout.session.completed", shown(call, session))
    payments.finish(call, intent)


def _make_customer(call: Call, session: Thing, intent: Thing) -> None:
    details = session["customer_details"]
    customer = objects.customer(call, {"email": details["email"], "name": details["name"]})
    call.add(customer)
    call.emit("customer.created", customer)
    session["customer"] = intent["customer"] = customer["id"]
    call.save(intent)


def expire(call: Call, session: Thing) -> Thing:
    _check_open(session)
    session["status"] = "expired"
    call.save(session)
    intent = call.find("payment_intent", session["payment_intent"])
    if intent is not None and intent["status"] not in {"succeeded", "canceled"}:
        payments.cancel(call, intent, reason="abandoned")
    if session["mode"] == "setup":
        setups.cancel(call, call.get("setup_intent", session["setup_intent"]), reason="abandoned")
    call.emit("checkout.session.expired", shown(call, session))
    return session


def expire_overdue(call: Call) -> int:
    """Expire every open session of this account whose time is over."""
    overdue = [
        s for s in call.store.all("checkout.session", call.account, status="open") if s["expires_at"] <= call.now
    ]
    for session in overdue:
        expire(call, session)
    return len(overdue)


def _check_open(session: Thing) -> None:
    if session["status"] != "open":
        raise ApiError(
            f'Only Checkout Sessions with a status in ["open"] can be used so. '
            f"This Checkout Session has a status of {session['status']}."
        )


def success_address(session: Thing) -> str:
    return re.sub(r"\{CHECKOUT_SESSION_ID\}|%7BCHECKOUT_SESSION_ID%7D", session["id"], session["success_url"])


def new_method(call: Call, number: str, *, month: int, year: int, billing: dict[str, Any]) -> Thing:
    method = objects.payment_method(call, cards.find(number), month=month, year=year, billing=billing)
    method["id"] = new_id("payment_method")
    return call.add(method)
