"""Checkout sessions."""

from digis.sandbox.stripe import checkout, objects
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.store import Thing

_URL = "/v1/checkout/sessions"


@route("POST", _URL, "checkout.SessionCreateParams")
def create_session(ask: Ask) -> Thing:
    return checkout.create(ask.call, ask.params)


@route("GET", _URL)
def list_sessions(ask: Ask) -> Thing:
    return page(ask, Listing("checkout.session", _URL, ("customer", "payment_intent", "status")))


@route("GET", _URL + "/{id}")
def get_session(ask: Ask) -> Thing:
    return ask.call.get("checkout.session", ask.id, param="session")


@route("POST", _URL + "/{id}", "checkout.SessionModifyParams")
def update_session(ask: Ask) -> Thing:
    session = ask.call.get("checkout.session", ask.id, param="session")
    objects.merge_metadata(session, ask.params)
    return ask.call.save(session)


@route("GET", _URL + "/{id}/line_items")
def list_line_items(ask: Ask) -> Thing:
    return checkout.lines_of(ask.call.get("checkout.session", ask.id, param="session"))


@route("POST", _URL + "/{id}/expire")
def expire_session(ask: Ask) -> Thing:
    return checkout.expire(ask.call, ask.call.get("checkout.session", ask.id, param="session"))
