"""The API under /v1/: one route, one function."""

from digis.sandbox.stripe.api import (
    accounts,
    catalog,
    customers,
    events,
    money,
    payments,
    payouts,
    sessions,
    setups,
    transfers,
)
from digis.sandbox.stripe.api.router import answer

__all__ = [
    "accounts",
    "answer",
    "catalog",
    "customers",
    "events",
    "money",
    "payments",
    "payouts",
    "sessions",
    "setups",
    "transfers",
]
