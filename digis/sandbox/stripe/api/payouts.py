"""Payouts of the account that asks."""

from digis.sandbox.stripe import payouts
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.store import Thing

_URL = "/v1/payouts"


@route("POST", _URL, "PayoutCreateParams")
def create_payout(ask: Ask) -> Thing:
    return payouts.create(ask.call, ask.params)


@route("GET", _URL, "PayoutListParams")
def list_payouts(ask: Ask) -> Thing:
    return page(ask, Listing("payout", _URL, ("destination", "status"), dates=("created", "arrival_date")))


@route("GET", _URL + "/{id}")
def get_payout(ask: Ask) -> Thing:
    return ask.call.get("payout", ask.id)


@route("POST", _URL + "/{id}", "PayoutModifyParams")
def update_payout(ask: Ask) -> Thing:
    return payouts.update(ask.call, ask.call.get("payout", ask.id), ask.params)


@route("POST", _URL + "/{id}/cancel", "PayoutCancelParams")
def cancel_payout(ask: Ask) -> Thing:
    return payouts.cancel(ask.call, ask.call.get("payout", ask.id))
