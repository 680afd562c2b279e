"""Packs, and purchases: what a person was quoted, what Stripe said, and what we posted for it."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from digis.core.money import Money


class Pack(models.Model):
    """A number of tokens at a price, some of them with a bonus paid for by the platform (PAY-9)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tokens = models.BigIntegerField()
    bonus_tokens = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    is_default = models.BooleanField(default=False)  # the tile that is chosen when the page opens
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "tokens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tokens__gt=0) & Q(bonus_tokens__gte=0) & Q(amount_minor__gt=0),
                name="economy_pack_amounts",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.tokens} + {self.bonus_tokens}"

    @property
    def total_tokens(self) -> int:
        """Tokens that arrive, the bonus included."""
        return self.tokens + self.bonus_tokens

    @property
    def unit_cents(self) -> str:
        """What one token of it comes to, in cents to one place, the bonus counted."""
        tenths = unit_tenths(self.amount_minor, self.total_tokens)
        return f"{tenths // 10}.{tenths % 10}"

    @property
    def price(self) -> Money:
        """What it costs."""
        return Money(self.amount_minor, self.currency)


def unit_tenths(minor: int, tokens: int) -> int:
    """Return what one of so many tokens comes to, in tenths of the smallest unit, rounded half up."""
    return (20 * minor + tokens) // (2 * tokens)


class PackPrice(models.Model):
    """What a pack costs in another currency than its own, for buyers who chose it.

    Offered only while it covers what creators are paid for the tokens, by the rate of these days (LEDGER-11).
    """

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pack__position", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "currency"], name="economy_pack_price_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="economy_pack_price_amount"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.price.decimal} {self.currency}"

    @property
    def price(self) -> Money:
        """What the pack costs in it."""
        return Money(self.amount_minor, self.currency)


# Its documents do not say yet what is kept of its money: the first is owed, or the next (LAW-10).
TO_INVOICE: Final = Q(postings__gt=0) & (
    Q(invoices_made=0) | ~Q(invoiced_minor=Greatest(F("amount_minor") - F("refunded_minor") - F("disputed_minor"), 0))
)


class Purchase(models.Model):
    """One attempt to buy tokens. It is the stored quote (LEDGER-7), and the row every convergence locks.

    `credited_tokens` and `credited_bonus` are what the ledger holds for it now; `postings` numbers the movements.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        REFUNDED = "refunded", _("Refunded")
        DISPUTED = "disputed", _("Disputed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases")
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tokens = models.BigIntegerField()
    bonus_tokens = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # What one unit of TOKEN_CURRENCY was worth in `currency`, in millionths, when the price was found to be enough; empty
    # where it is in TOKEN_CURRENCY itself (LEDGER-7).
    rate_micros = models.BigIntegerField(null=True, blank=True)
    rate_day = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    key = models.CharField(max_length=200)
    next_path = models.CharField(max_length=500, blank=True)  # where in the site the person goes on afterwards
    return_url = models.CharField(max_length=500, blank=True)  # an API client's own address, checked when it was given
    quote_expires_at = models.DateTimeField()
    stripe_session_id = models.CharField(max_length=255, blank=True)
    stripe_payment_intent_id = models.CharField(max_length=255, blank=True)
    stripe_payment_method_id = models.CharField(max_length=255, blank=True)  # the kept card that pays, without a page
    checkout_url = models.TextField(blank=True)
    card = models.CharField(max_length=40, blank=True)  # "Visa ···· 4242", as Stripe tells it
    failure = models.CharField(max_length=200, blank=True)
    quarantine_reason = models.CharField(max_length=200, blank=True)  # what Stripe says is not what was quoted
    credited_tokens = models.BigIntegerField(default=0)
    credited_bonus = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    disputed_minor = models.BigIntegerField(default=0)
    postings = models.PositiveIntegerField(default=0)
    invoiced_minor = models.BigIntegerField(default=0)  # what its invoices and credit notes come to
    invoices_made = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="economy_purchase_key_once"),
            models.UniqueConstraint(
                fields=["stripe_session_id"], condition=~Q(stripe_session_id=""), name="economy_purchase_session_once"
            ),
            models.UniqueConstraint(
                fields=["stripe_payment_intent_id"],
                condition=~Q(stripe_payment_intent_id=""),
                name="economy_purchase_intent_once",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status="pending") & ~Q(stripe_payment_method_id=""),
                name="economy_purchase_one_top_up",
            ),
            models.CheckConstraint(
                condition=Q(tokens__gt=0) & Q(bonus_tokens__gte=0) & Q(amount_minor__gt=0),
                name="economy_purchase_amounts",
            ),
            models.CheckConstraint(
                condition=Q(rate_micros__isnull=True, rate_day__isnull=True)
                | Q(rate_micros__isnull=False, rate_micros__gt=0, rate_day__isnull=False),
                name="economy_purchase_rate",
            ),
            models.CheckConstraint(
                condition=Q(credited_tokens__gte=0)
                & Q(credited_tokens__lte=F("tokens"))
                & Q(credited_bonus__gte=0)
                & Q(credited_bonus__lte=F("bonus_tokens")),
                name="economy_purchase_credited",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="economy_purchase_person"),
            models.Index(
                fields=["next_check_at"], name="economy_purchase_due", condition=Q(next_check_at__isnull=False)
            ),
            models.Index(fields=["id"], name="economy_purchase_to_invoice", condition=TO_INVOICE),
            models.Index(fields=["paid_at"], name="economy_purchase_paid", condition=Q(paid_at__isnull=False)),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.tokens} + {self.bonus_tokens} for {self.price.decimal} {self.currency}: {self.status}"

    @property
    def total_tokens(self) -> int:
        """Tokens that were quoted, the bonus included."""
        return self.tokens + self.bonus_tokens

    @property
    def price(self) -> Money:
        """What was quoted."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_top_up(self) -> bool:
        """Whether it was bought by itself, with a kept card."""
        return bool(self.stripe_payment_method_id)

    @property
    def received_tokens(self) -> int:
        """Tokens the ledger holds for it now, the bonus included."""
        return self.credited_tokens + self.credited_bonus

    @property
    def is_settled(self) -> bool:
        """Whether the person need not wait any longer."""
        return self.status != self.Status.PENDING


class StripeCustomer(models.Model):
    """A person as Stripe knows them, so that cards and receipts stay together."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="stripe_customer"
    )
    customer_id = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer_id"], name="economy_customer_once")]

    @override
    def __str__(self) -> str:
        return self.customer_id
