"""Every act on tokens and money."""

from economy.services.charges import Charge, ChargeOutcome, charge, charge_many, refund_charge
from economy.services.earnings import mature_earnings, start_hold
from economy.services.folding import fold_earnings
from economy.services.grants import expire_promotional_lots, grant_on_sign_up, grant_promotional
from economy.services.holds import place_hold, release_hold, top_up_hold
from economy.services.limits import set_limit
from economy.services.purchases import (
    converge_due_purchases,
    converge_purchase,
    look_at_purchase,
    mark_purchase_due,
    post_purchase,
    receive_stripe_event,
    start_purchase,
)

__all__ = [
    "Charge",
    "ChargeOutcome",
    "charge",
    "charge_many",
    "converge_due_purchases",
    "converge_purchase",
    "expire_promotional_lots",
    "fold_earnings",
    "grant_on_sign_up",
    "grant_promotional",
    "look_at_purchase",
    "mark_purchase_due",
    "mature_earnings",
    "place_hold",
    "post_purchase",
    "receive_stripe_event",
    "refund_charge",
    "release_hold",
    "set_limit",
    "start_hold",
    "start_purchase",
    "top_up_hold",
]
