"""Where tokens came from, and where each of them went: lots, their uses, and holds (LEDGER-3)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from economy.models.ledger import LedgerTransaction


class TokenLot(models.Model):
    """Tokens that arrived together. `remaining` is free to spend; held tokens stand in `HoldLot`.

    `granted = remaining + held + used` always. Earnings paid from a lot that is not withdrawable go to the creator's
    non-withdrawable account (LEDGER-9).
    """

    class Origin(models.TextChoices):
        PURCHASE = "purchase", _("Bought")
        BONUS = "bonus", _("Bonus of a purchase")
        GRANT = "grant", _("Free grant")
        GIFT = "gift", _("Gift")

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="token_lots")
    origin = models.CharField(max_length=12, choices=Origin)
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)
    is_withdrawable = models.BooleanField(default=True)
    is_disputed = models.BooleanField(default=False)
    purchase = models.ForeignKey(
        "economy.Purchase", on_delete=models.PROTECT, null=True, blank=True, related_name="lots"
    )
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="lots")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("granted")), name="economy_lot_remaining"
            ),
            models.CheckConstraint(condition=Q(granted__gt=0), name="economy_lot_granted"),
            models.CheckConstraint(
                condition=~Q(origin="purchase") | Q(expires_at__isnull=True), name="economy_lot_bought_never_expires"
            ),
            models.UniqueConstraint(fields=["purchase", "origin"], name="economy_lot_purchase_once"),
        ]
        indexes = [
            models.Index(fields=["owner"], name="economy_lot_free", condition=Q(remaining__gt=0)),
            models.Index(
                fields=["expires_at"],
                name="economy_lot_expiry",
                condition=Q(remaining__gt=0) & Q(expires_at__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.origin} {self.remaining}/{self.granted}"


class Hold(models.Model):
    """Tokens set aside for something under way. `key` makes placing it again return the same hold."""

    class State(models.TextChoices):
        OPEN = "open", _("Held")
        RELEASED = "released", _("Released")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="token_holds")
    amount = models.BigIntegerField()  # all that was ever moved into it
    remaining = models.BigIntegerField()
    source_type = models.CharField(max_length=32, blank=True)
    source_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="economy_hold_key_once"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("amount")), name="economy_hold_remaining"
            ),
            models.CheckConstraint(condition=Q(state="open") | Q(remaining=0), name="economy_hold_released_empty"),
        ]
        indexes = [
            models.Index(fields=["person"], name="economy_hold_open", condition=Q(state="open")),
            models.Index(fields=["source_type", "source_id"], name="economy_hold_source"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.remaining}/{self.amount} for {self.source_type}"


class HoldLot(models.Model):
    """Which lot's tokens stand in a hold, so that they go back where they came from."""

    id = models.BigAutoField(primary_key=True)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="lots", db_index=False)
    lot = models.ForeignKey(TokenLot, on_delete=models.PROTECT, related_name="holds")
    remaining = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "lot"], name="economy_hold_lot_once"),
            models.CheckConstraint(condition=Q(remaining__gte=0), name="economy_hold_lot_remaining"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.remaining} of lot {self.lot_id}"


class LotUse(models.Model):
    """Tokens of a lot that left it in a transaction; negative where a transaction brought them back. Append-only."""

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(TokenLot, on_delete=models.PROTECT, related_name="uses")
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="lot_uses")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="uses", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="economy_lot_use_not_zero")]

    @override
    def __str__(self) -> str:
        return f"{self.amount} of lot {self.lot_id}"
