"""Looking: the state, the events, and how their deliveries go."""

import fnmatch
import time
from typing import Any

from digis.sandbox.stripe import outbox
from digis.sandbox.stripe.control.order import Act, Order
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import public


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


OUTSIDE: dict[str, Act] = {"wait": wait_for_deliveries}
INSIDE: dict[str, Act] = {"deliveries": deliveries, "events": events, "state": state}
