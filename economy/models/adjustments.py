"""Corrections of what the ledger holds for somebody, asked for by one member of staff and decided by another (PAY-4)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from economy.models.ledger import LedgerTransaction


class Adjustment(models.Model):
    """One correction, in tokens. Nothing is posted before a second member of staff has agreed."""

    class Kind(models.TextChoices):
        FORGIVE_CREATOR = "forgive_creator", _("Write off what a creator owes")
        FORGIVE_FAN = "forgive_fan", _("Write off what a buyer owes")
        CREDIT_CREATOR = "credit_creator", _("Add to a creator’s available earnings")
        DEBIT_CREATOR = "debit_creator", _("Take from a creator’s earnings")

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waits for a second person")
        POSTED = "posted", _("Posted")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="adjustments")
    tokens = models.BigIntegerField()
    reason = models.CharField(max_length=300)  # the person reads it
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=300, blank=True)
    transaction = models.OneToOneField(
        LedgerTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="adjustment"
    )
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["requested_by", "key"], name="economy_adjustment_once"),
            models.CheckConstraint(condition=Q(tokens__gt=0), name="economy_adjustment_tokens"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="economy_adjustment_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state="posted", transaction__isnull=False, decided_by__isnull=False)
                | (~Q(state="posted") & Q(transaction__isnull=True)),
                name="economy_adjustment_posted",
            ),
        ]
        permissions = [("decide_adjustment", "Can decide adjustments that others asked for")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.tokens}: {self.state}"

    @property
    def is_of_creator(self) -> bool:
        """Whether it is about earnings; else about what a buyer owes."""
        return self.kind != self.Kind.FORGIVE_FAN

    @property
    def signed(self) -> int:
        """The tokens as the person sees them: taken, or given."""
        return -self.tokens if self.kind == self.Kind.DEBIT_CREATOR else self.tokens
