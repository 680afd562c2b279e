"""Disputes of payments as Stripe tells them, and the charges that each took back from creators (LEDGER-8)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.money import Money
from economy.models.ledger import LedgerTransaction
from economy.models.lots import TokenLot
from economy.models.purchases import Purchase


class Dispute(models.Model):
    """A buyer's bank that takes a payment back, or asks about it first. What it moved is in the ledger.

    `reviewed_at` is empty until staff have looked at the buyer's account; `submitted_at` until our evidence is with the bank.
    """

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("Inquiry: needs an answer")
        WARNING_UNDER_REVIEW = "warning_under_review", _("Inquiry: with the bank")
        WARNING_CLOSED = "warning_closed", _("Inquiry closed")
        NEEDS_RESPONSE = "needs_response", _("Needs an answer")
        UNDER_REVIEW = "under_review", _("With the bank")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        PREVENTED = "prevented", _("Prevented")

    WAITING: Final = ("needs_response", "warning_needs_response")
    OPEN: Final = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")

    stripe_id = models.CharField(max_length=255)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=24, choices=Status)
    reason = models.CharField(max_length=60)  # in Stripe's word: fraudulent, product_not_received, …
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField(null=True, blank=True)  # when the bank stops waiting for evidence
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], name="economy_dispute_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="economy_dispute_amount"),
        ]
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["-opened_at"], name="economy_dispute_newest")]
        permissions = [("answer_dispute", "Can answer disputes")]

    @override
    def __str__(self) -> str:
        return f"{self.stripe_id}: {self.status}"

    @property
    def money(self) -> Money:
        """What the buyer wants back."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether the bank has not decided yet."""
        return self.status in self.OPEN

    @property
    def can_be_answered(self) -> bool:
        """Whether the bank still waits for what we have to say."""
        return self.status in self.WAITING and (self.due_at is None or self.due_at > clock.now())


class ChargeReversal(models.Model):
    """A charge, or a part of one, that a dispute took back from its creator; `restored` gave it again (LEDGER-8)."""

    id = models.BigAutoField(primary_key=True)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="charge_reversals")
    charge = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(TokenLot, on_delete=models.PROTECT, related_name="+")
    reversal = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="+")
    restored = models.OneToOneField(
        LedgerTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    amount = models.BigIntegerField()  # tokens
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="economy_reversal_amount")]

    @override
    def __str__(self) -> str:
        return f"{self.amount} of {self.charge_id}"
