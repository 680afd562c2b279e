"""The economy in the admin: money to be read, payouts to be decided, gifts and codes to be edited."""

from economy.admin import giving, ledger, payouts

__all__ = ["giving", "ledger", "payouts"]
