"""The API under /v1/: one route, one function."""

from digis.sandbox.stripe.api import catalog, customers, events, money, payments, sessions
from digis.sandbox.stripe.api.router import answer

__all__ = ["answer", "catalog", "customers", "events", "money", "payments", "sessions"]
