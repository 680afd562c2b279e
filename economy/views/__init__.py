"""Pages of the wallet and of a creator's money, and the door for Stripe's webhooks."""

from economy.views.giving import give, invite, redeem
from economy.views.limits import limits
from economy.views.studio import disputes, earnings, payout, payout_setup, payouts, tax
from economy.views.tips import tip, tips
from economy.views.wallet import buy, history, purchase, receipt, wallet
from economy.views.webhooks import stripe_webhook

__all__ = [
    "buy",
    "disputes",
    "earnings",
    "give",
    "history",
    "invite",
    "limits",
    "payout",
    "payout_setup",
    "payouts",
    "purchase",
    "receipt",
    "redeem",
    "stripe_webhook",
    "tax",
    "tip",
    "tips",
    "wallet",
]
