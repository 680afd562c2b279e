"""What creators earned and when it may be withdrawn, and what we take of it (PAY-1)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from digis.core import clock
from economy.models.ledger import LedgerTransaction


class Earning(models.Model):
    """The withdrawable share of one charge, in tokens, until its day and after.

    `amount - reversed` of it stands in the creator's pending account while `matured_at` is empty. An empty
    `available_at` waits for an event: a delivery, an acceptance (PAY-1).
    """

    transaction = models.OneToOneField(
        LedgerTransaction, on_delete=models.PROTECT, primary_key=True, related_name="earning"
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="earnings", db_index=False
    )
    amount = models.BigIntegerField()
    reversed = models.BigIntegerField(default=0)
    available_at = models.DateTimeField(null=True, blank=True)
    matured_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(reversed__gte=0) & Q(reversed__lte=F("amount")),
                name="economy_earning_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["available_at"], name="economy_earning_due", condition=Q(matured_at__isnull=True)),
            models.Index(
                fields=["creator", "available_at"],
                name="economy_earning_waiting",
                condition=Q(matured_at__isnull=True),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.amount - self.reversed} of {self.transaction_id}"

    @property
    def left(self) -> int:
        """What was not taken back."""
        return self.amount - self.reversed


class CreatorRisk(models.Model):
    """A creator whose earnings are held longer than most, and why; no row: the usual holds (PAY-1, PAY-6)."""

    creator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="creator_risk"
    )
    hold_days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)  # the creator reads it
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    @override
    def __str__(self) -> str:
        return f"{self.hold_days} days for {self.creator_id}"


class FeeRule(models.Model):
    """The platform's part of a sale from a day on: for a creator, a kind of sale, both, or all of them.

    The narrowest rule in force wins: creator and kind, creator, kind, all; of two alike, the later. Never changed
    afterwards: what was sold carries the fee of its day. One that has not begun may be withdrawn: it never begins then.
    """

    kind = models.CharField(max_length=32, blank=True)  # empty: every kind
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="fee_rules"
    )
    fee_bp = models.PositiveIntegerField()  # basis points: 2000 is a fifth
    starts_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    withdrawal = models.CharField(max_length=300, blank=True, editable=False)  # why

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(fee_bp__lte=10_000), name="economy_fee_at_most_all"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawal="")
                | Q(withdrawn_at__lt=F("starts_at"), withdrawal__gt=""),
                name="economy_fee_withdrawn_before",
            ),
            models.UniqueConstraint(
                fields=["creator", "kind", "starts_at"],
                condition=Q(withdrawn_at__isnull=True),
                name="economy_fee_once",
                nulls_distinct=False,
            ),
        ]
        permissions = [("withdraw_feerule", "Can withdraw fee rules that have not begun")]

    @override
    def __str__(self) -> str:
        return f"{self.fee_bp / 100:g} % of {self.kind or 'everything'}"
