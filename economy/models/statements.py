"""Months that are closed, as statements (PAY-8), and the numbered documents that accountants ask for (LAW-10)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from digis.core.money import Money
from economy.models.purchases import Purchase
from economy.models.taxes import PurchaseTax


class ClosedMonth(models.Model):
    """A month, in UTC, of which everybody who has moved tokens has a statement."""

    month = models.DateField(primary_key=True)  # its first day
    statements = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(default=clock.now)

    @override
    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Statement(models.Model):
    """One person's month in one role, summed from the ledger when it was closed and never changed afterwards (PAY-8).

    Tokens throughout, as the platform owes them: what a person owes counts against what they have. `sums` holds a row per
    group of movements and `pots` the balances at the end by kind of account; both are shapes of `selectors.statements`.
    """

    class Role(models.TextChoices):
        FAN = "fan", _("Wallet")
        CREATOR = "creator", _("Earnings")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements")
    role = models.CharField(max_length=7, choices=Role)
    month = models.DateField()
    opening = models.BigIntegerField()
    change = models.BigIntegerField()
    closing = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    lines = models.PositiveIntegerField()
    sums = models.JSONField(default=list)
    pots = models.JSONField(default=dict)
    payout_micros = models.BigIntegerField()  # what one earned token was worth in the month (PAY-9)
    closed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role", "month"], name="economy_statement_once"),
            models.CheckConstraint(condition=Q(closing=F("opening") + F("change")), name="economy_statement_adds_up"),
            models.CheckConstraint(condition=Q(month__day=1), name="economy_statement_month"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.role} {self.month:%Y-%m} of {self.person_id}"


class InvoiceSeries(models.Model):
    """The last number that was given out. Its row is locked for each, so that none is missing and none comes twice."""

    name = models.CharField(max_length=12, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    @override
    def __str__(self) -> str:
        return f"{self.name}: {self.last}"


class Invoice(models.Model):
    """A numbered document: what was sold, or what was given back. Written once; a mistake is corrected by the next one.

    Of a purchase, tokens at their price to the buyer; of a creator's statement, the platform's fees of that month. What
    people are called at that time stands in `billed_to`.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="invoices")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=11, choices=Kind)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invoices")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections")
    tokens = models.BigIntegerField()
    bonus_tokens = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    tax = models.ForeignKey(PurchaseTax, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")
    tax_minor = models.BigIntegerField(default=0)  # within `amount_minor`
    issuer = ArrayField(models.CharField(max_length=120))  # name and address, a line each
    billed_to = models.CharField(max_length=200)
    issued_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="economy_invoice_number_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="economy_invoice_number"),
            models.CheckConstraint(
                condition=Q(purchase__isnull=False, statement__isnull=True)
                | Q(purchase__isnull=True, statement__isnull=False),
                name="economy_invoice_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", amount_minor__gte=0) | Q(kind="credit_note", amount_minor__lte=0),
                name="economy_invoice_sign",
            ),
            models.CheckConstraint(
                condition=Q(tax__isnull=True, tax_minor=0)
                | Q(tax__isnull=False, purchase__isnull=False, tax_minor__gte=0, tax_minor__lte=F("amount_minor"))
                | Q(tax__isnull=False, purchase__isnull=False, tax_minor__lte=0, tax_minor__gte=F("amount_minor")),
                name="economy_invoice_tax",
            ),
        ]
        indexes = [models.Index(fields=["person", "-id"], name="economy_invoice_person")]

    @override
    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number as people quote it."""
        return f"{self.series_id}-{self.number:06d}"

    @property
    def money(self) -> Money:
        """What it is about, tax and all; negative on a credit note."""
        return Money(self.amount_minor, self.currency)

    @property
    def tax_money(self) -> Money:
        """The tax in it."""
        return Money(self.tax_minor, self.currency)

    @property
    def net_money(self) -> Money:
        """What is left without its tax."""
        return Money(self.amount_minor - self.tax_minor, self.currency)
