"""Pages of the wallet and of a creator's money, and the door for Stripe's webhooks."""

from economy.views.giving import give, invite, redeem
from economy.views.limits import limits
from economy.views.sales import give_back, return_purchase
from economy.views.statements import invoice_pdf, statement, statement_csv, statement_pdf, statements
from economy.views.studio import disputes, earnings, payout, payout_setup, payouts, tax
from economy.views.taxes import tax_place
from economy.views.tips import tip, tips
from economy.views.top_ups import card, card_kept, card_remove, top_up, top_up_off
from economy.views.wallet import buy, history, history_csv, purchase, receipt, wallet
from economy.views.webhooks import stripe_webhook

__all__ = [
    "buy",
    "card",
    "card_kept",
    "card_remove",
    "disputes",
    "earnings",
    "give",
    "give_back",
    "history",
    "history_csv",
    "invite",
    "invoice_pdf",
    "limits",
    "payout",
    "payout_setup",
    "payouts",
    "purchase",
    "receipt",
    "redeem",
    "return_purchase",
    "statement",
    "statement_csv",
    "statement_pdf",
    "statements",
    "stripe_webhook",
    "tax",
    "tax_place",
    "tip",
    "tips",
    "top_up",
    "top_up_off",
    "wallet",
]
