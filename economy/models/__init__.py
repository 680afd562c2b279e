"""The ledger, the lots behind its balances, holds, and the purchases that bring tokens in."""

from economy.models.earnings import CreatorRisk, Earning, FeeRule
from economy.models.giving import (
    BonusGrant,
    Gift,
    Redemption,
    Referral,
    ReferralCode,
    SpendingChoice,
    Tip,
    Transfer,
    VoucherCode,
)
from economy.models.ledger import EntryToFold, LedgerAccount, LedgerEntry, LedgerTransaction
from economy.models.limits import SpendingLimit
from economy.models.lots import Hold, HoldLot, LotUse, TokenLot
from economy.models.purchases import Pack, Purchase, StripeCustomer

__all__ = [
    "BonusGrant",
    "CreatorRisk",
    "Earning",
    "EntryToFold",
    "FeeRule",
    "Gift",
    "Hold",
    "HoldLot",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LotUse",
    "Pack",
    "Purchase",
    "Redemption",
    "Referral",
    "ReferralCode",
    "SpendingChoice",
    "SpendingLimit",
    "StripeCustomer",
    "Tip",
    "TokenLot",
    "Transfer",
    "VoucherCode",
]
