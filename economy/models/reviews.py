"""Sales whose earnings staff look at before they are released: what is suspicious, and what was decided (LEDGER-9, LEDGER-10)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from economy.models.ledger import LedgerTransaction
from economy.models.purchases import Purchase


class SaleReview(models.Model):
    """One suspicion about what one person paid one creator. `evidence` holds figures and dates, no address and no device.

    One of a cause is open between two people at a time. While it is, its sales wait in the creator's pending earnings.
    """

    class Cause(models.TextChoices):
        VELOCITY = "velocity", _("A large first purchase went to one creator at once")
        SELF_DEALING = "self_dealing", _("Payer and creator may be the same person or household")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for staff")
        RELEASED = "released", _("Released")
        REFUNDED = "refunded", _("Given back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cause = models.CharField(max_length=16, choices=Cause)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sale_reviews_as_payer")
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sale_reviews_as_payee")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, blank=True, related_name="sale_reviews")
    evidence = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)  # why it was decided so; staff read it

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "payer", "payee"], condition=Q(state="open"), name="economy_review_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True, reason="")
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(reason="")),
                name="economy_review_decided",
            ),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="economy_review_two_people"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | (~Q(decided_by=F("payer")) & ~Q(decided_by=F("payee"))),
                name="economy_review_not_ones_own",
            ),
        ]
        indexes = [models.Index(fields=["-opened_at"], name="economy_review_queue", condition=Q(state="open"))]
        permissions = [("decide_salereview", "Can release or give back sales under review")]

    @override
    def __str__(self) -> str:
        return f"{self.cause}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether staff have not decided yet."""
        return self.state == self.State.OPEN


class ReviewedSale(models.Model):
    """One charge under a review. `available_at` is the day its earning had: released, it has that day again.

    Empty where the earning waited for an event, or where there is none because free tokens alone paid.
    """

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(SaleReview, on_delete=models.PROTECT, related_name="sales")
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="sale_reviews")
    available_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "transaction"], name="economy_reviewed_sale_once")]

    @override
    def __str__(self) -> str:
        return f"{self.transaction_id} in {self.review_id}"
