"""Comparisons of our books with Stripe's, and what did not agree (PAY-10)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.money import Money
from economy.models.payouts import Payout
from economy.models.purchases import Purchase


class Reconciliation(models.Model):
    """One comparison of what was made between `since` and `until`. Unfinished ones say why, and the next one does it all."""

    class Kind(models.TextChoices):
        RECENT = "recent", _("The last hours")
        NIGHTLY = "nightly", _("The last weeks")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind)
    since = models.DateTimeField()
    until = models.DateTimeField()
    started_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    charges = models.PositiveIntegerField(default=0)  # read at Stripe
    refunds = models.PositiveIntegerField(default=0)
    disputes = models.PositiveIntegerField(default=0)
    transfers = models.PositiveIntegerField(default=0)
    bank_payouts = models.PositiveIntegerField(default=0)
    repaired = models.PositiveIntegerField(default=0)  # purchases and payouts that had missed something
    found = models.PositiveIntegerField(default=0)  # differences, known ones among them
    failures = models.PositiveIntegerField(default=0)  # things Stripe could not be asked about
    error = models.CharField(max_length=300, blank=True)  # the first of them

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["-finished_at"], name="economy_reconciled_last", condition=Q(finished_at__isnull=False)
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} since {self.since:%Y-%m-%d %H:%M}"


class Finding(models.Model):
    """Something on which Stripe's books and ours differ. Staff see to it; nothing is posted because of it.

    `key` names the difference: found again, it is the same row. Amounts are in minor units of `currency`; `subject` is
    the thing at Stripe, or our own row, that it is about.
    """

    class Kind(models.TextChoices):
        UNKNOWN_CHARGE = "unknown_charge", _("A charge that is no purchase of ours")
        UNKNOWN_REFUND = "unknown_refund", _("A refund of nothing of ours")
        UNKNOWN_DISPUTE = "unknown_dispute", _("A dispute of nothing of ours")
        UNKNOWN_TRANSFER = "unknown_transfer", _("A transfer that is no payout of ours")
        UNKNOWN_BANK_PAYOUT = "unknown_bank_payout", _("Money to a bank that is no payout of ours")
        MISSING_CHARGE = "missing_charge", _("A purchase whose payment Stripe does not have")
        MISSING_TRANSFER = "missing_transfer", _("A payout whose transfer Stripe does not have")
        AMOUNT_DIFFERS = "amount_differs", _("Another amount was paid than was quoted")
        CURRENCY_DIFFERS = "currency_differs", _("Another currency was paid than was quoted")
        PURCHASE_DIFFERS = "purchase_differs", _("A purchase stands otherwise than its payment")
        PAYOUT_DIFFERS = "payout_differs", _("A payout stands otherwise than its money")

    OF_NOBODY: Final = (
        "unknown_charge",
        "unknown_refund",
        "unknown_dispute",
        "unknown_transfer",
        "unknown_bank_payout",
    )

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=300)
    kind = models.CharField(max_length=24, choices=Kind)
    subject = models.CharField(max_length=255)
    related_id = models.CharField(max_length=255, blank=True)  # the payment intent, or the connected account, it is of
    stripe_says = models.CharField(max_length=300, blank=True)
    we_say = models.CharField(max_length=300, blank=True)
    stripe_minor = models.BigIntegerField(null=True, blank=True)
    our_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)  # Stripe's
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, blank=True, related_name="findings")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="findings")
    happened_at = models.DateTimeField(null=True, blank=True)  # when it was made at Stripe
    sightings = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(  # nobody: a later look found its cause gone
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolution = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = [F("resolved_at").desc(nulls_first=True), "-opened_at", "-id"]  # open ones first
        constraints = [
            models.UniqueConstraint(fields=["key"], name="economy_finding_once"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=False) | Q(resolved_by__isnull=True, resolution=""),
                name="economy_finding_resolved",
            ),
        ]
        indexes = [
            models.Index(fields=["last_seen_at"], name="economy_finding_open", condition=Q(resolved_at__isnull=True))
        ]
        permissions = [("resolve_finding", "Can resolve findings of reconciliation")]

    @override
    def __str__(self) -> str:
        return self.key

    @property
    def is_open(self) -> bool:
        """Whether somebody has to see to it."""
        return self.resolved_at is None

    @property
    def owner_id(self) -> UUID | None:
        """Whose purchase or payout it is about: they do not decide on it themselves."""
        if self.payout is not None:
            return self.payout.creator_id
        return None if self.purchase is None else self.purchase.person_id

    @property
    def stripe_money(self) -> Money | None:
        """The amount at Stripe, where it is about one."""
        return None if self.stripe_minor is None else Money(self.stripe_minor, self.currency)

    @property
    def our_money(self) -> Money | None:
        """The amount in our books, where it is about one; its currency is that of what it is about."""
        ours = self.purchase or self.payout
        return None if self.our_minor is None or ours is None else Money(self.our_minor, ours.currency)
