"""The ledger, the lots behind its balances, holds, and the purchases that bring tokens in."""

from economy.models.earnings import CreatorRisk, Earning, FeeRule
from economy.models.ledger import EntryToFold, LedgerAccount, LedgerEntry, LedgerTransaction
from economy.models.limits import SpendingLimit
from economy.models.lots import Hold, HoldLot, LotUse, TokenLot
from economy.models.purchases import Pack, Purchase, StripeCustomer

__all__ = [
    "CreatorRisk",
    "Earning",
    "EntryToFold",
    "FeeRule",
    "Hold",
    "HoldLot",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LotUse",
    "Pack",
    "Purchase",
    "SpendingLimit",
    "StripeCustomer",
    "TokenLot",
]
