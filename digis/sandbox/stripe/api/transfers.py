"""Transfers and their reversals."""

from digis.sandbox.stripe import transfers
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.store import Thing

_URL = "/v1/transfers"


@route("POST", _URL, "TransferCreateParams")
def create_transfer(ask: Ask) -> Thing:
    return transfers.create(ask.call, ask.params)


@route("GET", _URL, "TransferListParams")
def list_transfers(ask: Ask) -> Thing:
    return page(ask, Listing("transfer", _URL, ("destination", "transfer_group")))


@route("GET", _URL + "/{id}")
def get_transfer(ask: Ask) -> Thing:
    return ask.call.get("transfer", ask.id)


@route("POST", _URL + "/{id}", "TransferModifyParams")
def update_transfer(ask: Ask) -> Thing:
    return transfers.update(ask.call, ask.call.get("transfer", ask.id), ask.params)


@route("POST", _URL + "/{id}/reversals", "TransferCreateReversalParams")
def create_reversal(ask: Ask) -> Thing:
    return transfers.reverse(ask.call, ask.call.get("transfer", ask.id), ask.params)


@route("GET", _URL + "/{id}/reversals", "TransferListReversalsParams")
def list_reversals(ask: Ask) -> Thing:
    ask.call.get("transfer", ask.id)
    return page(ask, Listing("transfer_reversal", f"{_URL}/{ask.id}/reversals", fixed={"transfer": ask.id}))


@route("GET", _URL + "/{id}/reversals/{item}")
def get_reversal(ask: Ask) -> Thing:
    return transfers.find_reversal(ask.call, ask.id, ask.item)


@route("POST", _URL + "/{id}/reversals/{item}", "TransferModifyReversalParams")
def update_reversal(ask: Ask) -> Thing:
    return transfers.update_reversal(ask.call, transfers.find_reversal(ask.call, ask.id, ask.item), ask.params)
