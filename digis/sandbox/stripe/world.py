"""What every request works with: the store, the clock, who asks, and the way out for events."""

import copy
import secrets
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from digis.sandbox.stripe import API_VERSION, outbox
from digis.sandbox.stripe.clock import Clock
from digis.sandbox.stripe.errors import missing
from digis.sandbox.stripe.store import Store, Thing

_ALPHABET = string.ascii_letters + string.digits
_LENGTHS = {"cs_test": 58}
_PREFIXES = {
    "acct": "acct",
    "balance_transaction": "txn",
    "bank_account": "ba",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "destination_payment": "py",
    "destination_refund": "pyr",
    "dispute": "du",
    "event": "evt",
    "item": "li",
    "payment_intent": "pi",
    "payment_method": "pm",
    "payout": "po",
    "price": "price",
    "product": "prod",
    "radar.early_fraud_warning": "issfr",
    "refund": "re",
    "setup_intent": "seti",
    "transfer": "tr",
    "transfer_reversal": "trr",
    "webhook_endpoint": "we",
}


@dataclass
class World:
    store: Store
    clock: Clock
    base: str  # the address this process answers at
    wake: threading.Event = field(default_factory=threading.Event)  # set when a delivery may be due
    on_the_way: threading.Condition = field(default_factory=threading.Condition)
    letters: int = 0  # deliveries being sent right now, guarded by `on_the_way`

    @contextmanager
    def sending(self) -> Iterator[None]:
        with self.on_the_way:
            self.letters += 1
        try:
            yield
        finally:
            with self.on_the_way:
                self.letters -= 1
                self.on_the_way.notify_all()

    def wait_for_letters(self, timeout: float) -> bool:
        """Wait until nothing is being sent."""
        with self.on_the_way:
            return self.on_the_way.wait_for(lambda: self.letters == 0, timeout)

    @property
    def platform(self) -> str:
        return self.store.setting("platform")


@dataclass
class Call:
    """One request: for which account (empty for the platform), under which ids."""

    world: World
    account: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def within(self, account: str) -> "Call":
        """Return the same request as it touches another account: what it makes there, and the events it causes there."""
        return replace(self, account="" if account == self.world.platform else account)

    def add(self, thing: Thing) -> Thing:
        self.store.add(thing, self.account)
        return thing

    def save(self, thing: Thing) -> Thing:
        self.store.save(thing)
        return thing

    def get(self, kind: str, thing_id: str, *, param: str = "id", name: str | None = None) -> Thing:
        thing = self.find(kind, thing_id)
        if thing is None:
            raise missing(name or kind, thing_id, param)
        return thing

    def find(self, kind: str, thing_id: str | None) -> Thing | None:
        thing = self.store.find(thing_id, self.account) if thing_id else None
        return thing if thing is not None and thing["object"] == kind else None

    def emit(self, event_type: str, thing: Thing, *, previous: dict[str, Any] | None = None) -> Thing:
        """Record an event with a snapshot of the object as it is now, and queue its deliveries."""
        data: dict[str, Any] = {"object": public(copy.deepcopy(thing))}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Thing = {
            "id": new_id("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": event_type,
        }
        if self.account:
            event["account"] = self.account
        event["pending_webhooks"] = outbox.count_receivers(self.store, event)
        self.add(event)
        outbox.enqueue(self.store, event, now=self.world.clock.steady())
        self.world.wake.set()
        return event


def new_id(kind: str) -> str:
    prefix = _PREFIXES[kind]
    return f"{prefix}_{random_text(_LENGTHS.get(prefix, 24))}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def public(value: Any) -> Any:
    """Drop our own keys from an object that leaves the process."""
    if isinstance(value, dict):
        return {key: public(child) for key, child in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(child) for child in value]
    return value
