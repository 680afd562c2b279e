"""What happens by itself when time passes."""

from digis.sandbox.stripe import checkout, connect, disputes, payouts
from digis.sandbox.stripe.world import Call, World


def keep_house(world: World) -> int:
    """Do all that is due; return how many checkout sessions expired."""
    expired = checkout.expire_overdue(Call(world))
    connect.decide_overdue(world)
    disputes.close_overdue(world)
    payouts.step_due(world)
    return expired
