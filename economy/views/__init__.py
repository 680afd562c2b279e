"""Pages of the wallet, and the door for Stripe's webhooks."""

from economy.views.giving import give, invite, redeem
from economy.views.limits import limits
from economy.views.tips import tip, tips
from economy.views.wallet import buy, history, purchase, receipt, wallet
from economy.views.webhooks import stripe_webhook

__all__ = [
    "buy",
    "give",
    "history",
    "invite",
    "limits",
    "purchase",
    "receipt",
    "redeem",
    "stripe_webhook",
    "tip",
    "tips",
    "wallet",
]
