"""Pages of the wallet, and the door for Stripe's webhooks."""

from economy.views.wallet import buy, history, purchase, receipt, wallet
from economy.views.webhooks import stripe_webhook

__all__ = ["buy", "history", "purchase", "receipt", "stripe_webhook", "wallet"]
