"""What every control works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from digis.sandbox.stripe.errors import missing, missing_parameter
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World


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

    def call_about(self, kind: str, name: str) -> tuple[Call, Thing]:
        """Fetch the thing that the order names, whichever account it belongs to, and a call within that account."""
        found = get(self.world, kind, self[name])
        return Call(self.world, self.world.store.account_of(found["id"])), found


Act = Callable[[Order], Any]


def get(world: World, kind: str, thing_id: str) -> Thing:
    found = world.store.find(thing_id)
    if found is None or found["object"] != kind:
        raise missing(kind, thing_id)
    return found
