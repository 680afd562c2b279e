"""Setup intents, as the hosted page leaves them behind."""

from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.store import Thing


@route("GET", "/v1/setup_intents", "SetupIntentListParams")
def list_setups(ask: Ask) -> Thing:
    return page(ask, Listing("setup_intent", "/v1/setup_intents", ("customer", "payment_method")))


@route("GET", "/v1/setup_intents/{id}")
def get_setup(ask: Ask) -> Thing:
    return ask.call.get("setup_intent", ask.id, param="intent")
