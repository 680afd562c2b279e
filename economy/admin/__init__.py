"""The economy in the admin: money to be read, payouts to be decided, gifts and codes to be edited."""

from economy.admin import disputes, giving, ledger, payouts

__all__ = ["disputes", "giving", "ledger", "payouts"]
