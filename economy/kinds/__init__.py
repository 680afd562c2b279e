"""What people are told about their tokens and money. Each kind is declared here and told where it is caused."""

from economy.kinds import disputes, fees, giving, payouts, purchases, returns, statements, top_ups
from economy.kinds.disputes import tell_of_adjustments
from economy.kinds.fees import tell_of_fees, tell_of_withdrawn_fees
from economy.kinds.giving import tell_of_reward, tell_of_tip, tell_of_transfer
from economy.kinds.payouts import tell_of_adjustment, tell_of_payout, tell_of_standing, tell_of_stop
from economy.kinds.purchases import tell_of_purchase
from economy.kinds.returns import tell_of_refused_return, tell_of_return
from economy.kinds.statements import tell_of_statement
from economy.kinds.top_ups import tell_of_cap, tell_of_disputed_top_up, tell_of_stopped_top_up

__all__ = [
    "connect",
    "tell_of_adjustment",
    "tell_of_adjustments",
    "tell_of_cap",
    "tell_of_disputed_top_up",
    "tell_of_fees",
    "tell_of_payout",
    "tell_of_purchase",
    "tell_of_refused_return",
    "tell_of_return",
    "tell_of_reward",
    "tell_of_standing",
    "tell_of_statement",
    "tell_of_stop",
    "tell_of_stopped_top_up",
    "tell_of_tip",
    "tell_of_transfer",
    "tell_of_withdrawn_fees",
]


def connect() -> None:
    """Register all of them."""
    purchases.connect()
    giving.connect()
    payouts.connect()
    disputes.connect()
    returns.connect()
    fees.connect()
    top_ups.connect()
    statements.connect()
