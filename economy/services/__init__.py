"""Every act on tokens and money."""

from economy.services.charges import Charge, ChargeOutcome, charge, charge_many, refund_charge
from economy.services.earnings import mature_earnings, start_hold
from economy.services.expiry import plan_expiry_reminders
from economy.services.folding import fold_earnings
from economy.services.grants import expire_promotional_lots, grant_on_sign_up, grant_promotional
from economy.services.holds import place_hold, release_hold, top_up_hold
from economy.services.limits import set_limit, set_limits
from economy.services.purchases import (
    converge_due_purchases,
    converge_purchase,
    look_at_purchase,
    mark_purchase_due,
    post_purchase,
    receive_stripe_event,
    start_purchase,
)
from economy.services.referrals import note_referral, open_referral_code, reward_referral, settle_referral
from economy.services.tips import Context, GiftChoice, send_tip
from economy.services.transfers import transfer
from economy.services.vouchers import give_bonus, redeem_code, save_code

__all__ = [
    "Charge",
    "ChargeOutcome",
    "Context",
    "GiftChoice",
    "charge",
    "charge_many",
    "converge_due_purchases",
    "converge_purchase",
    "expire_promotional_lots",
    "fold_earnings",
    "give_bonus",
    "grant_on_sign_up",
    "grant_promotional",
    "look_at_purchase",
    "mark_purchase_due",
    "mature_earnings",
    "note_referral",
    "open_referral_code",
    "place_hold",
    "plan_expiry_reminders",
    "post_purchase",
    "receive_stripe_event",
    "redeem_code",
    "refund_charge",
    "release_hold",
    "reward_referral",
    "save_code",
    "send_tip",
    "set_limit",
    "set_limits",
    "settle_referral",
    "start_hold",
    "start_purchase",
    "top_up_hold",
    "transfer",
]
