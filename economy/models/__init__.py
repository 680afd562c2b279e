"""The ledger, the lots behind its balances, holds, purchases that bring tokens in, and payouts that take them out."""

from economy.models.adjustments import Adjustment
from economy.models.disputes import ChargeReversal, Dispute
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
from economy.models.payouts import Payout, PayoutAccount, PayoutBatch, PayoutStep, TaxProfile
from economy.models.purchases import Pack, PackPrice, Purchase, StripeCustomer
from economy.models.rates import ExchangeRate
from economy.models.reconciliation import Finding, Reconciliation
from economy.models.returns import PurchaseReturn
from economy.models.reviews import ReviewedSale, SaleReview
from economy.models.standing import DisputeStanding, Reserve
from economy.models.statements import ClosedMonth, Invoice, InvoiceSeries, Statement
from economy.models.stripe import StripeEvent
from economy.models.taxes import PlaceEvidence, PurchasePlace, PurchaseTax, TaxPlace, TaxRate
from economy.models.top_ups import ForgottenCard, SavedCard, TopUpPlan

__all__ = [
    "Adjustment",
    "BonusGrant",
    "ChargeReversal",
    "ClosedMonth",
    "CreatorRisk",
    "Dispute",
    "DisputeStanding",
    "Earning",
    "EntryToFold",
    "ExchangeRate",
    "FeeRule",
    "Finding",
    "ForgottenCard",
    "Gift",
    "Hold",
    "HoldLot",
    "Invoice",
    "InvoiceSeries",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LotUse",
    "Pack",
    "PackPrice",
    "Payout",
    "PayoutAccount",
    "PayoutBatch",
    "PayoutStep",
    "PlaceEvidence",
    "Purchase",
    "PurchasePlace",
    "PurchaseReturn",
    "PurchaseTax",
    "Reconciliation",
    "Redemption",
    "Referral",
    "ReferralCode",
    "Reserve",
    "ReviewedSale",
    "SaleReview",
    "SavedCard",
    "SpendingChoice",
    "SpendingLimit",
    "Statement",
    "StripeCustomer",
    "StripeEvent",
    "TaxPlace",
    "TaxProfile",
    "TaxRate",
    "Tip",
    "TokenLot",
    "TopUpPlan",
    "Transfer",
    "VoucherCode",
]
