"""Double entry: accounts, transactions, and the entries that sum to zero (LEDGER-1).

Rows of transactions and entries are written once, by the posting function in `economy/sql/`, and never changed: triggers
refuse it. An entry is positive when it adds to what the platform owes (a person's tokens, a creator's earnings, our fees)
and negative when it adds to what is owed to it or held against it. `side` turns that into a balance people can read: an
account's balance is `side × sum(entries)` and is zero or more for everything a person owns.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7


class LedgerAccount(models.Model):
    """One pot of tokens. `balance` is a cache; entries that wait in `EntryToFold` are not in it yet."""

    class Kind(models.TextChoices):
        # A person's tokens.
        PURCHASED = "purchased", _("Bought tokens")
        PROMOTIONAL = "promotional", _("Bonus tokens")
        HELD = "held", _("Held tokens")
        DEBT = "debt", _("Owed by the person")
        # A creator's earnings.
        PENDING = "pending", _("Pending earnings")
        AVAILABLE = "available", _("Available earnings")
        NON_WITHDRAWABLE = "non_withdrawable", _("Earnings from free tokens")
        IN_PAYOUT = "in_payout", _("On the way to the bank")
        CREATOR_DEBT = "creator_debt", _("Owed by the creator")
        # The platform's own; no owner.
        FEES = "fees", _("Fees")
        STRIPE_CLEARING = "stripe_clearing", _("Tokens sold through Stripe")
        PROMOTIONS = "promotions", _("Tokens given away")
        DISPUTES = "disputes", _("Disputed money")
        LOSSES = "losses", _("Losses")
        GIFTS = "gifts", _("Tokens given from person to person")  # empty whenever nobody looks away
        PAYOUTS = "payouts", _("Paid out to creators")

    class Side(models.IntegerChoices):
        OWED_BY_US = 1
        OWED_TO_US = -1

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    side = models.SmallIntegerField(choices=Side, default=Side.OWED_BY_US)
    balance = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind"], name="economy_account_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(balance__gte=0), name="economy_account_never_negative"
            ),
            models.CheckConstraint(condition=Q(side__in=[1, -1]), name="economy_account_side"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} of {self.owner_id or 'the platform'}"


class LedgerTransaction(models.Model):
    """One movement, whole. `key` is the idempotency key: it never expires and never names two movements (LEDGER-4).

    `amount` is the signed change of what the person owns (bought, bonus and held together): a charge is negative, a
    purchase positive, a hold zero. `fee` is the platform's part of a charge; the payee's share is the rest.
    """

    class Type(models.TextChoices):
        PURCHASE = "purchase", _("Purchase")
        DEDUCTION = "deduction", _("Spent")
        REFUND = "refund", _("Refund")
        PROMO = "promo", _("Bonus")
        HOLD = "hold", _("Hold")
        PAYOUT = "payout", _("Payout")
        TRANSFER = "transfer", _("Gift")
        EARNING = "earning", _("Earnings released")
        ADJUSTMENT = "adjustment", _("Adjustment")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=12, choices=Type)
    kind = models.CharField(max_length=32)  # what it was for, in the causing room's word: call, signup_grant, …
    key = models.CharField(max_length=200)
    source_type = models.CharField(max_length=32, blank=True)
    source_id = models.CharField(max_length=64, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_transactions"
    )
    payee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_income"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    amount = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    fee_bp = models.IntegerField(default=0)
    is_first = models.BooleanField(
        default=True
    )  # the first part of a sale that is posted in parts: heads its history line
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals")
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="economy_transaction_key_once"),
            models.CheckConstraint(
                condition=Q(payee__isnull=True) | Q(person__isnull=True) | ~Q(payee=F("person")),
                name="economy_transaction_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "-id"],
                name="economy_transaction_person",
                condition=Q(is_first=True) & ~Q(type="hold"),
            ),
            models.Index(fields=["payee", "-id"], name="economy_transaction_payee", condition=Q(payee__isnull=False)),
            models.Index(fields=["source_type", "source_id"], name="economy_transaction_source"),
            BrinIndex(fields=["created_at"], name="economy_transaction_when", autosummarize=True),  # a month at a time
        ]
        permissions = [("return_sale", "Can give sales back to their buyers")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def unsigned(self) -> int:
        """The amount without its sign."""
        return abs(self.amount)

    @property
    def share(self) -> int:
        """What the payee got; negative where a refund took it back, or staff did."""
        if self.source_type == "adjustment":
            return int(self.data["tokens"])
        return -self.amount - self.fee if self.payee_id else 0


class LedgerEntry(models.Model):
    """One side of a transaction. `balance_after` is null where the entry was appended and folded later."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="economy_entry_not_zero")]
        indexes = [models.Index(fields=["account", "-id"], name="economy_entry_account")]

    @override
    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"


class EntryToFold(models.Model):
    """An appended entry whose amount is not in its account's cache yet, so that a popular creator is no hot row."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True, related_name="to_fold")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="to_fold", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries to fold"
        indexes = [models.Index(fields=["account"], name="economy_to_fold_account")]

    @override
    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"
