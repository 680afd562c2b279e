"""Routing, lists, expansion and idempotency: what all API resources share."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from digis.sandbox.stripe import balance, checkout, disputes, schema, transfers
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, public


@dataclass(frozen=True)
class Ask:
    """One API request: who asks, with which parameters, about which object of the path."""

    call: Call
    params: Params
    id: str = ""
    item: str = ""  # the second id of a path, such as a reversal of a transfer


Handler = Callable[[Ask], Thing]
MAX_PAGE = 100
_DATES = ("gt", "gte", "lt", "lte")
_MAX_DEPTH = 4


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    shape: str | None


_ROUTES: list[Route] = []


def route(method: str, path: str, shape: str | None = None) -> Callable[[Handler], Handler]:
    """Bind a function to a path such as `/v1/customers/{id}`; `shape` names the SDK's parameters for it."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def bind(handler: Handler) -> Handler:
        _ROUTES.append(Route(method, pattern, handler, shape))
        return handler

    return bind


def answer(call: Call, method: str, path: str, params: Params) -> Thing:
    """Run the one function of a route and return the JSON that leaves."""
    for known in _ROUTES:
        match = known.pattern.fullmatch(path)
        if known.method != method or match is None:
            continue
        expand = params.pop("expand", [])
        if known.shape:
            schema.check(params, known.shape)
        found = known.handler(Ask(call, params, **match.groupdict()))
        return shown(call, found, expand if isinstance(expand, list) else [expand])
    raise ApiError(f"Unrecognized request URL ({method}: {path}).", status=404)


# — lists —


@dataclass(frozen=True)
class Listing:
    kind: str
    url: str
    filters: tuple[str, ...] = ()
    fixed: dict[str, Any] = field(default_factory=dict)
    dates: tuple[str, ...] = ("created",)


def page(ask: Ask, listing: Listing) -> Thing:
    call, params = ask.call, ask.params
    limit = int(params.get("limit") or 10)
    if not 1 <= limit <= MAX_PAGE:
        raise invalid_parameter("Invalid limit: must be between 1 and 100", "limit", "parameter_invalid_integer")
    equals: dict[str, Any] = dict(listing.fixed)
    for name in listing.filters:
        if params.get(name):
            equals[name] = params[name]
    for name in listing.dates:
        equals |= _dates(name, params.get(name))
    for name in ("starting_after", "ending_before"):
        if params.get(name):
            call.get(listing.kind, params[name], param=name)
    data, has_more = call.store.page(
        listing.kind,
        call.account,
        limit=limit,
        after=params.get("starting_after"),
        before=params.get("ending_before"),
        equals=equals,
    )
    return {"object": "list", "data": data, "has_more": has_more, "url": listing.url}


def _dates(name: str, given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return {f"{name}:{operator}": int(given[operator]) for operator in _DATES if given.get(operator)}
    return {name: int(given)} if given else {}


# — what leaves —


def shown(call: Call, thing: Thing, expand: list[str]) -> Thing:
    """Make an object ready to leave: its passing fields computed, asked-for ids replaced by objects."""
    live = _live(call, thing)
    for path in expand:
        names = str(path).split(".")
        if len(names) > _MAX_DEPTH:
            raise invalid_parameter(f"You cannot expand more than {_MAX_DEPTH} levels: {path}", "expand")
        live = _expanded(call, live, names)
    result: Thing = public(live)
    return result


def _live(call: Call, thing: Thing) -> Thing:
    match thing.get("object"):
        case "list":
            return {**thing, "data": [_live(call, child) for child in thing["data"]]}
        case "checkout.session":
            return checkout.shown(call, thing)
        case "balance_transaction":
            return balance.shown(call, thing)
        case "transfer":
            return transfers.shown(call, thing)
        case "radar.early_fraud_warning":
            return disputes.shown(call, thing)
        case _:
            return thing


def _expanded(call: Call, value: Any, names: list[str]) -> Any:
    """Follow one path of `expand`; what does not exist or is empty stays as it is."""
    if isinstance(value, list):
        return [_expanded(call, child, names) for child in value]
    if not names or not isinstance(value, dict):
        return value
    name, rest = names[0], names[1:]
    child = _extra(call, value, name) if name not in value else value[name]
    if isinstance(child, str):
        call = _owner(call, value, name)
        found = call.store.find(child, call.account)
        child = child if found is None else _live(call, found)
    if child is None:
        return value
    return {**value, name: _expanded(call, child, rest)}


def _owner(call: Call, value: Thing, name: str) -> Call:
    """Look where an id belongs: what a transfer became lies in the connected account, and is shown to the platform."""
    match value.get("object"), name:
        case "transfer", "destination_payment":
            return call.within(value["destination"])
        case "transfer_reversal", "destination_payment_refund":
            return call.within(call.store.account_of(value[name]))
        case _, "source_transfer" | "source_transfer_reversal" | "account":
            return call.within("")
        case _:
            return call


def _extra(call: Call, value: Thing, name: str) -> Any:
    """Build what an object includes only when asked."""
    match value.get("object"), name:
        case "checkout.session", "line_items":
            return checkout.lines_of(value)
        case "charge", "refunds":
            refunds = [r for r in call.store.all("refund", call.account) if r["charge"] == value["id"]]
            return {"object": "list", "data": refunds, "has_more": False, "url": f"/v1/charges/{value['id']}/refunds"}
        case "customer", "sources" | "subscriptions" | "tax_ids":
            return {"object": "list", "data": [], "has_more": False, "url": f"/v1/customers/{value['id']}/{name}"}
        case _:
            return None
