"""Webhooks and the API's own faults: late, twice, reordered, dropped, forged, refused."""

import copy
from typing import Any

from digis.sandbox.stripe import objects, outbox, webhooks
from digis.sandbox.stripe.control.order import Act, Order, get
from digis.sandbox.stripe.errors import ApiError, missing
from digis.sandbox.stripe.loopback import is_loopback_url
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World, new_id, public, random_text

FAULTS = frozenset(["error", "rate_limit", "drop", "slow"])
_ENDLESS = 1_000_000_000


def replay(order: Order) -> Any:
    """Send copies of an event at the same moment; `patch` changes fields first, under a new id if `is_new`."""
    event = copy.deepcopy(get(order.world, "event", order["event"]))
    _merge(event, order.get("patch") or {})
    if order.get("is_new"):
        event["id"] = new_id("event")
    return webhooks.replay(order.world, event, order.given)


def _merge(thing: Thing, patch: Thing) -> None:
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(thing.get(name), dict):
            _merge(thing[name], value)
        else:
            thing[name] = value


def emit(order: Order) -> Any:
    """Send an event of any type about any object, as it is now or as given."""
    thing = order.get("data") or order.world.store.find(order["object"])
    if thing is None:
        raise missing("object", order["object"])
    return order.call().emit(order["type"], thing, previous=order.get("previous"))


def rule(effect: str) -> Act:
    def add(order: Order) -> Any:
        times = int(order.get("times") or (2 if effect == "reorder" else _ENDLESS))
        pattern, seconds = order.get("types", "*"), float(order.get("seconds", 0))
        sql = "INSERT INTO rules (effect, pattern, seconds, remaining) VALUES (?, ?, ?, ?)"
        return {"id": order.world.store.insert(sql, effect, pattern, seconds, times)}

    return add


def release(order: Order) -> Any:
    """Drop the rules that hold, and let go what they held: `oldest` first, `newest`, `shuffled`, or by `events`."""
    order.world.store.run("DELETE FROM rules WHERE effect IN ('hold', 'reorder')")
    released = outbox.release(
        order.world.store,
        order=order.get("order", "oldest"),
        types=order.get("types", "*"),
        events=list(order.get("events") or []),
        seed=int(order.get("seed", 0)),
        now=order.world.clock.steady(),
    )
    order.world.wake.set()
    return {"released": released}


def forget_rules(order: Order) -> Any:
    return {"removed": order.world.store.run("DELETE FROM rules")}


def endpoint(order: Order) -> Any:
    """Add a receiver, or change the one with this `id`: its url, secrets (several while rotating), events."""
    return register(
        order.world,
        url=order["url"],
        secrets=list(order.get("secrets") or [f"whsec_{random_text(32)}"]),
        endpoint_id=order.get("id"),
        events=order.get("events"),
        is_connect=bool(order.get("connect")),
    )


def register(
    world: World,
    *,
    url: str,
    secrets: list[str],
    endpoint_id: str | None,
    events: list[str] | None = None,
    is_connect: bool,
) -> Thing:
    if not is_loopback_url(url):
        raise ApiError("Webhooks go to plain http on loopback only.", param="url")
    call = Call(world)
    made = objects.webhook_endpoint(call, {"url": url, "enabled_events": events or ["*"]}, secret=secrets[0])
    made.update(_secrets=secrets, _connect=is_connect)
    if endpoint_id is not None:
        made["id"] = endpoint_id
    if world.store.find(made["id"]) is None:
        call.add(made)
    else:
        call.save(made)
    return {**public(made), "secrets": secrets}


# — the API's faults —


def fault(order: Order) -> Any:
    """Make the next API calls fail.

    `error` answers `status` (500) before anything happens · `rate_limit` answers 429 · `drop` commits and then breaks
    the connection · `slow` waits `seconds` first. `method` and `path` (a regular expression) choose the calls.
    """
    if order["kind"] not in FAULTS:
        raise ApiError(f"Unknown fault: must be one of {', '.join(sorted(FAULTS))}")
    sql = "INSERT INTO faults (method, path, kind, status, seconds, remaining) VALUES (?, ?, ?, ?, ?, ?)"
    number = order.world.store.insert(
        sql,
        order.get("method", "*"),
        order.get("path", ".*"),
        order["kind"],
        int(order.get("status") or 500),
        float(order.get("seconds", 0)),
        int(order.get("times") or 1),
    )
    return {"id": number}


def forget_faults(order: Order) -> Any:
    return {"removed": order.world.store.run("DELETE FROM faults")}


OUTSIDE: dict[str, Act] = {"replay": replay}
INSIDE: dict[str, Act] = {
    "delay": rule("delay"),
    "drop": rule("drop"),
    "emit": emit,
    "endpoint": endpoint,
    "fault": fault,
    "faults/forget": forget_faults,
    "hold": rule("hold"),
    "release": release,
    "reorder": rule("reorder"),
    "rules/forget": forget_rules,
}
