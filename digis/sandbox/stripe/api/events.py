"""Events and the endpoints they are sent to."""

from digis.sandbox.stripe import objects
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import invalid_parameter
from digis.sandbox.stripe.forms import is_true
from digis.sandbox.stripe.loopback import is_loopback_url
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import random_text

_URL = "/v1/webhook_endpoints"


@route("GET", "/v1/events", "EventListParams")
def list_events(ask: Ask) -> Thing:
    fixed = {"type": ask.params["types"]} if ask.params.get("types") else {}
    return page(ask, Listing("event", "/v1/events", ("type",), fixed))


@route("GET", "/v1/events/{id}")
def get_event(ask: Ask) -> Thing:
    return ask.call.get("event", ask.id)


@route("POST", _URL, "WebhookEndpointCreateParams")
def create_endpoint(ask: Ask) -> Thing:
    _check_url(ask.params["url"])
    secret = f"whsec_{random_text(32)}"
    endpoint = ask.call.add(objects.webhook_endpoint(ask.call, ask.params, secret=secret))
    return {**endpoint, "secret": secret}


@route("GET", _URL)
def list_endpoints(ask: Ask) -> Thing:
    return page(ask, Listing("webhook_endpoint", _URL))


@route("GET", _URL + "/{id}")
def get_endpoint(ask: Ask) -> Thing:
    return ask.call.get("webhook_endpoint", ask.id)


@route("POST", _URL + "/{id}", "WebhookEndpointUpdateParams")
def update_endpoint(ask: Ask) -> Thing:
    endpoint = ask.call.get("webhook_endpoint", ask.id)
    if ask.params.get("url"):
        _check_url(ask.params["url"])
        endpoint["url"] = ask.params["url"]
    if ask.params.get("enabled_events"):
        endpoint["enabled_events"] = list(ask.params["enabled_events"])
    if "disabled" in ask.params:
        endpoint["status"] = "disabled" if is_true(ask.params["disabled"]) else "enabled"
    objects.merge_metadata(endpoint, ask.params)
    return ask.call.save(endpoint)


@route("DELETE", _URL + "/{id}")
def delete_endpoint(ask: Ask) -> Thing:
    ask.call.get("webhook_endpoint", ask.id)
    ask.call.store.remove(ask.id)
    return {"id": ask.id, "object": "webhook_endpoint", "deleted": True}


def _check_url(url: str) -> None:
    if not is_loopback_url(url):
        raise invalid_parameter("This stand-in sends webhooks to plain http on loopback only.", "url", "url_invalid")
