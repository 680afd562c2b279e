"""The economy in the admin: money to be read, gifts and codes to be edited."""

from economy.admin import giving, ledger

__all__ = ["giving", "ledger"]
