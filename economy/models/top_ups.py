"""Cards that Stripe keeps for people, and what people let us buy with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.money import Money
from economy.models.purchases import Pack


class SavedCard(models.Model):
    """A person's card at Stripe, kept for payments without them. We know its last digits and never its number."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="saved_card"
    )
    method_id = models.CharField(max_length=255)
    title = models.CharField(max_length=40)  # "Visa ···· 4242"
    expires_on = models.DateField()  # the last day it works
    set_up_at = models.DateTimeField()  # by Stripe's clock: of two cards the later one stays
    saved_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["method_id"], name="economy_saved_card_once"),
            models.CheckConstraint(condition=~Q(method_id=""), name="economy_saved_card_method"),
        ]

    @override
    def __str__(self) -> str:
        return self.title

    @property
    def is_expired(self) -> bool:
        """Whether its last day is over."""
        return self.expires_on < clock.now().date()


class ForgottenCard(models.Model):
    """A card that its person removed, or that another took the place of: whoever tells of it again, it stays away."""

    method_id = models.CharField(max_length=255, primary_key=True)
    forgotten_at = models.DateTimeField(default=clock.now, editable=False)

    @override
    def __str__(self) -> str:
        return self.method_id


class TopUpPlan(models.Model):
    """What a person agreed to: this pack at this price, whenever fewer than `threshold` tokens are free, up to a cap.

    The price is the one they saw (LEDGER-7): where it is another by now, nothing is bought until they agree again.
    `month_cap` counts tokens bought, bonuses not, in a calendar month of their own zone. Off until they turn it on.
    """

    class Stop(models.TextChoices):
        DECLINED = "declined", _("The card was declined")
        BANK = "bank", _("The bank wants to ask you")
        CARD = "card", _("The card is gone or has expired")
        PRICE = "price", _("The price changed")
        DISPUTE = "dispute", _("A payment is disputed at your bank")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="top_up_plan"
    )
    is_on = models.BooleanField(default=False)
    threshold = models.BigIntegerField()
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    month_cap = models.BigIntegerField()
    stop = models.CharField(max_length=10, choices=Stop, blank=True)  # why it went off by itself
    rests_until = models.DateTimeField(
        null=True, blank=True
    )  # nothing can be bought before: a cap or a limit is reached
    agreed_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gt=0) & Q(amount_minor__gt=0) & Q(month_cap__gt=0),
                name="economy_top_up_amounts",
            ),
            models.CheckConstraint(condition=Q(is_on=False) | Q(stop=""), name="economy_top_up_stopped_is_off"),
        ]
        indexes = [models.Index(fields=["person"], name="economy_top_up_on", condition=Q(is_on=True))]

    @override
    def __str__(self) -> str:
        return f"{self.pack} below {self.threshold}"

    @property
    def price(self) -> Money:
        """What each time costs."""
        return Money(self.amount_minor, self.currency)
