"""The ledger, the lots behind its balances, holds, and the purchases that bring tokens in."""

from economy.models.ledger import EntryToFold, LedgerAccount, LedgerEntry, LedgerTransaction
from economy.models.lots import Hold, HoldLot, LotUse, TokenLot
from economy.models.purchases import Pack, Purchase, StripeCustomer

__all__ = [
    "EntryToFold",
    "Hold",
    "HoldLot",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LotUse",
    "Pack",
    "Purchase",
    "StripeCustomer",
    "TokenLot",
]
