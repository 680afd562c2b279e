"""The economy in the admin: money to be read, payouts and findings to be decided, gifts and codes to be edited."""

from economy.admin import (
    adjustments,
    disputes,
    fees,
    giving,
    ledger,
    packs,
    payouts,
    places,
    rates,
    reconciliation,
    reviews,
    statements,
    stripe_events,
    taxes,
)

__all__ = [
    "adjustments",
    "disputes",
    "fees",
    "giving",
    "ledger",
    "packs",
    "payouts",
    "places",
    "rates",
    "reconciliation",
    "reviews",
    "statements",
    "stripe_events",
    "taxes",
]
