"""The control interface under /_ctl/: what a test may do to the stand-in that no merchant may.

Bodies and answers are JSON. `types` is a pattern such as `charge.*`; `times` says how often a rule applies.
"""

import copy
import fnmatch
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from digis.sandbox.stripe import balance, cards, checkout, money_objects, objects, outbox, reversals, webhooks
from digis.sandbox.stripe.api.money import find_charge
from digis.sandbox.stripe.errors import ApiError, missing, missing_parameter
from digis.sandbox.stripe.loopback import is_loopback_url
from digis.sandbox.stripe.store import Store, Thing
from digis.sandbox.stripe.world import Call, World, new_id, public, random_text


@dataclass(frozen=True)
class Order:
    world: World
    given: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        if name not in self.given:
            raise missing_parameter(name)
        return self.given[name]

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)

    def amount(self) -> int | None:
        return int(self.given["amount"]) if self.given.get("amount") else None

    def call(self) -> Call:
        return Call(self.world, account=str(self.given.get("account", "")))


Act = Callable[[Order], Any]
FAULTS = frozenset(["error", "rate_limit", "drop", "slow"])
_ENDLESS = 1_000_000_000


def act(world: World, name: str, given: dict[str, Any]) -> Any:
    """Carry out one order; acts that wait for the network do not hold the store meanwhile."""
    order = Order(world, given)
    if name in _OUTSIDE:
        return _OUTSIDE[name](order)
    if name not in _INSIDE:
        raise ApiError(f"No such control: {name}", status=404)
    with world.store.transaction():
        return _INSIDE[name](order)


def _get(world: World, kind: str, thing_id: str) -> Thing:
    found = world.store.find(thing_id)
    if found is None or found["object"] != kind:
        raise missing(kind, thing_id)
    return found


# — looking —


def state(order: Order) -> Any:
    return {
        "now": order.world.clock.now(),
        "offset": order.world.clock.offset,
        "platform": order.world.platform,
        "base": order.world.base,
        "unfinished": outbox.count_unfinished(order.world.store),
        "endpoints": [{**public(e), "secrets": e["_secrets"]} for e in order.world.store.all("webhook_endpoint")],
    }


def events(order: Order) -> Any:
    """List events, oldest first, by `types` and by the id of the `object` they are about or mention."""
    about, types = order.get("object"), order.get("types", "*")
    return [
        event
        for event in reversed(order.world.store.all("event", None))
        if fnmatch.fnmatchcase(event["type"], types) and (not about or _is_about(event["data"]["object"], about))
    ]


def _is_about(thing: Thing, thing_id: str) -> bool:
    return thing_id in (thing.get("id"), thing.get("payment_intent"), thing.get("charge"), thing.get("customer"))


def deliveries(order: Order) -> Any:
    found = order.world.store.rows("SELECT * FROM deliveries ORDER BY id")
    wanted = [
        dict(row)
        for row in found
        if fnmatch.fnmatchcase(row["type"], order.get("types", "*"))
        and order.get("event") in {None, row["event"]}
        and order.get("state") in {None, row["state"].partition(":")[0]}
    ]
    for delivery in wanted:
        attempts = order.world.store.rows(
            "SELECT at, status, error FROM attempts WHERE delivery = ? ORDER BY id", delivery["id"]
        )
        delivery["tries"] = [dict(row) for row in attempts]
    return wanted


def wait_for_deliveries(order: Order) -> Any:
    """Wait until nothing is due or being sent; what a rule holds back does not count."""
    limit = time.monotonic() + float(order.get("timeout", 10))
    while time.monotonic() < limit:
        if outbox.count_unfinished(order.world.store) == 0:
            return {"is_idle": True}
        time.sleep(0.02)
    return {"is_idle": False, "unfinished": outbox.count_unfinished(order.world.store)}


# — webhooks —


def replay(order: Order) -> Any:
    """Send copies of an event at the same moment; `patch` changes fields first, under a new id if `is_new`."""
    event = copy.deepcopy(_get(order.world, "event", order["event"]))
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


# — the world outside —


def advance(order: Order) -> Any:
    """Move time forward: sessions expire, pending money becomes available, waiting retries fall due."""
    before = order.world.clock.now()
    order.world.clock.advance(float(order["seconds"]))
    order.world.store.set("clock", str(order.world.clock.offset))
    call = order.call()
    expired = checkout.expire_overdue(call)
    balance.announce_available(call, before=before)
    order.world.wake.set()
    return {"now": order.world.clock.now(), "expired": expired}


def open_dispute(order: Order) -> Any:
    call = order.call()
    return public(
        reversals.open_dispute(
            call, find_charge(call, order.given), reason=order.get("reason", "fraudulent"), amount=order.amount()
        )
    )


def close_dispute(order: Order) -> Any:
    dispute = _get(order.world, "dispute", order["dispute"])
    return public(reversals.close_dispute(order.call(), dispute, status=order["status"]))


def refund(order: Order) -> Any:
    """Refund as staff do in the dashboard, without the merchant's program knowing."""
    call = order.call()
    return public(
        reversals.refund(call, find_charge(call, order.given), {"reason": order.get("reason")}, amount=order.amount())
    )


def fail_refund(order: Order) -> Any:
    return public(reversals.fail_refund(order.call(), _get(order.world, "refund", order["refund"])))


def settle_refund(order: Order) -> Any:
    return public(reversals.settle_refund(order.call(), _get(order.world, "refund", order["refund"])))


def pay(order: Order) -> Any:
    """Pay a session with a card number, as the hosted page does; `passes` answers a challenge."""
    call = order.call()
    session = call.get("checkout.session", order["session"], param="session")
    number = cards.digits(order.get("card", "4242424242424242"))
    email = order.get("email") or (session["customer_details"] or {}).get("email") or "fan@digis.test"
    billing = {"email": email, "name": order.get("name", "Fan Fannes"), "address": {"country": "US"}}
    method = checkout.new_method(call, number, month=12, year=2034, billing=billing)
    details = money_objects.customer_details(email=email, name=billing["name"], country="US")
    try:
        intent = checkout.pay(call, session, method, details=details)
        if intent["status"] == "requires_action" and "passes" in order:
            checkout.answer_challenge(call, session, intent, passed=bool(order["passes"]))
    except ApiError as error:
        if not error.keeps:
            raise
    return public(checkout.shown(call, session))


def reset(order: Order) -> Any:
    """Forget everything but the account and the receivers."""
    store: Store = order.world.store
    kept = [*store.all("webhook_endpoint", None), *store.all("account", None)]
    platform = order.world.platform
    order.world.clock.reset()
    store.clear()
    for thing in reversed(kept):
        store.add(thing, "")
    store.set("platform", platform)
    return {"now": order.world.clock.now()}


_OUTSIDE: dict[str, Act] = {"wait": wait_for_deliveries, "replay": replay}
_INSIDE: dict[str, Act] = {
    "advance": advance,
    "delay": rule("delay"),
    "deliveries": deliveries,
    "disputes": open_dispute,
    "disputes/close": close_dispute,
    "drop": rule("drop"),
    "emit": emit,
    "endpoint": endpoint,
    "events": events,
    "fault": fault,
    "faults/forget": forget_faults,
    "hold": rule("hold"),
    "pay": pay,
    "refunds": refund,
    "refunds/fail": fail_refund,
    "refunds/settle": settle_refund,
    "release": release,
    "reorder": rule("reorder"),
    "reset": reset,
    "rules/forget": forget_rules,
    "state": state,
}
