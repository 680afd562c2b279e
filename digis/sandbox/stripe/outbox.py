"""The outgoing webhooks as rows: who is to be told what, when, and under which test rule."""

import fnmatch
import random
from typing import Any

from digis.sandbox.stripe.store import Store, Thing

MAX_ATTEMPTS = 40
MAX_AGE = 3 * 86_400  # Stripe gives up after three days
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0


def list_receivers(store: Store, event: Thing) -> list[Thing]:
    wants_connect = bool(event.get("account"))
    return [
        endpoint
        for endpoint in reversed(store.all("webhook_endpoint"))
        if endpoint["status"] == "enabled"
        and bool(endpoint.get("_connect")) == wants_connect
        and any(fnmatch.fnmatchcase(event["type"], pattern) for pattern in endpoint["enabled_events"])
    ]


def count_receivers(store: Store, event: Thing) -> int:
    return len(list_receivers(store, event))


def enqueue(store: Store, event: Thing, *, now: float) -> None:
    for endpoint in list_receivers(store, event):
        state, due = _apply_rules(store, event["type"], now)
        store.insert(
            "INSERT INTO deliveries (event, type, endpoint, state, due, position) VALUES (?, ?, ?, ?, ?, "
            "(SELECT coalesce(max(position), 0) + 1 FROM deliveries))",
            event["id"],
            event["type"],
            endpoint["id"],
            state,
            due,
        )
    _settle_reordering(store, now)


def _apply_rules(store: Store, event_type: str, now: float) -> tuple[str, float]:
    for rule in store.rows("SELECT * FROM rules WHERE remaining > 0 ORDER BY id"):
        if not fnmatch.fnmatchcase(event_type, rule["pattern"]):
            continue
        store.run("UPDATE rules SET remaining = remaining - 1 WHERE id = ?", rule["id"])
        match rule["effect"]:
            case "hold":
                return "held", now
            case "drop":
                return "dropped", now
            case "reorder":
                return f"collected:{rule['id']}", now
            case _:
                return "pending", now + rule["seconds"]
    return "pending", now


def _settle_reordering(store: Store, now: float) -> None:
    """Let a collected group go, last in first out, once it is complete."""
    for rule in store.rows("SELECT * FROM rules WHERE effect = 'reorder' AND remaining = 0"):
        group = store.rows("SELECT id FROM deliveries WHERE state = ? ORDER BY id", f"collected:{rule['id']}")
        let_go(store, [row["id"] for row in reversed(group)], now)
        store.run("DELETE FROM rules WHERE id = ?", rule["id"])


def let_go(store: Store, ids: list[int], now: float) -> None:
    """Make deliveries due, in exactly the order given."""
    top = store.rows("SELECT coalesce(max(position), 0) AS top FROM deliveries")[0]["top"]
    for place, number in enumerate(ids, start=1):
        store.run(
            "UPDATE deliveries SET state = 'pending', due = ?, position = ? WHERE id = ?", now, top + place, number
        )


def release(store: Store, *, order: str, types: str, events: list[str], seed: int, now: float) -> int:
    """Let held deliveries go: oldest first, newest first, shuffled, or in the order of the event ids given."""
    rows = store.rows("SELECT * FROM deliveries WHERE state = 'held' OR state LIKE 'collected:%' ORDER BY id")
    rows = [row for row in rows if fnmatch.fnmatchcase(row["type"], types)]
    if events:
        places = {event: place for place, event in enumerate(events)}
        rows = sorted((row for row in rows if row["event"] in places), key=lambda row: places[row["event"]])
    elif order == "newest":
        rows.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(rows)
    let_go(store, [row["id"] for row in rows], now)
    return len(rows)


def claim(store: Store, now: float) -> dict[str, Any] | None:
    """Take the next due delivery, so that no other worker takes it too."""
    with store.transaction():
        row = store.row(
            "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due, position LIMIT 1", now
        )
        if row is None:
            return None
        store.run("UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ?", row["id"])
        return {**dict(row), "attempts": row["attempts"] + 1}


def record(store: Store, delivery: dict[str, Any], *, status: int | None, error: str | None, now: float) -> None:
    """Note how an attempt went, and plan the next one unless it went well or enough is enough."""
    with store.transaction():
        store.insert(
            "INSERT INTO attempts (delivery, at, status, error) VALUES (?, ?, ?, ?)", delivery["id"], now, status, error
        )
        is_done = status is not None and 200 <= status < 300
        state = "succeeded" if is_done else "pending"
        if not is_done and delivery["attempts"] >= MAX_ATTEMPTS:
            state = "failed"
        wait = 0.0 if is_done else min(FIRST_WAIT * 2 ** (delivery["attempts"] - 1), LONGEST_WAIT)
        store.run(
            "UPDATE deliveries SET state = ?, last_status = ?, last_error = ?, due = ? WHERE id = ?",
            state,
            status,
            error,
            now + wait,
            delivery["id"],
        )


def recover(store: Store) -> None:
    """Take up again what a dead process was sending."""
    store.run("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")


def next_due(store: Store) -> float | None:
    row = store.row("SELECT min(due) AS due FROM deliveries WHERE state = 'pending'")
    return row["due"] if row else None


def count_unfinished(store: Store) -> int:
    return int(store.rows("SELECT count(*) AS n FROM deliveries WHERE state IN ('pending', 'sending')")[0]["n"])
