"""Money on its way back to the card it came from, for tokens that were not used (LEDGER-12)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from digis.core.money import Money
from economy.models.purchases import Purchase


class PurchaseReturn(models.Model):
    """A return of a purchase's unused part. Its tokens have left the wallet before anything is asked of Stripe.

    Committed as `requested`; sent by whoever converges the purchase, under a key of its own, so that it is paid once.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Asked for")
        SENT = "sent", _("On the way to your bank")
        REFUSED = "refused", _("Refused by Stripe")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="returns")
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    amount_minor = models.BigIntegerField()
    key = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stripe_refund_id = models.CharField(max_length=255, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    moved_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["requested_by", "key"], name="economy_return_key_once"),
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(state="requested"), name="economy_return_one_open"
            ),
            models.UniqueConstraint(
                fields=["stripe_refund_id"], condition=~Q(stripe_refund_id=""), name="economy_return_refund_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="economy_return_amount"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.purchase_id}: {self.state}"

    @property
    def money(self) -> Money:
        """What goes back, in the currency it was paid in."""
        return Money(self.amount_minor, self.purchase.currency)
