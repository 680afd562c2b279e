"""The control interface under /_ctl/: what a test may do to the stand-in that no merchant may.

Bodies and answers are JSON. `types` is a pattern such as `charge.*`; `times` says how often a rule applies. `account`
names the connected account that an order is about; without it, it is about the platform.
"""

from typing import Any

from digis.sandbox.stripe.control import connect, looking, outside, telling
from digis.sandbox.stripe.control.order import Act, Order
from digis.sandbox.stripe.control.telling import register
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.world import World

__all__ = ["act", "register"]

_OUTSIDE: dict[str, Act] = looking.OUTSIDE | telling.OUTSIDE | outside.OUTSIDE
_INSIDE: dict[str, Act] = looking.INSIDE | telling.INSIDE | outside.INSIDE | connect.INSIDE


def act(world: World, name: str, given: dict[str, Any]) -> Any:
    """Carry out one order; acts that wait for the network do not hold the store meanwhile."""
    order = Order(world, given)
    if name in _OUTSIDE:
        return _OUTSIDE[name](order)
    if name not in _INSIDE:
        raise ApiError(f"No such control: {name}", status=404)
    with world.store.transaction():
        return _INSIDE[name](order)
