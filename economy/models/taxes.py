"""Tax on sales: rates by place and day, what each purchase was taxed by, and the evidence of where it was supplied (LAW-10)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.choices import countries
from digis.core import clock
from economy.models.purchases import Purchase
from economy.taxing import Place, write_rate

COUNTRY: Final = r"^[A-Z]{2}$"


class TaxRate(models.Model):
    """What a sale to a place is taxed at from a day on, in UTC. A place without one is not taxed.

    Written once (the database refuses changes): the next rate of a place takes this one's place on its day, and a rate of
    zero ends it. A region's rate stands before its country's. A mistake is withdrawn, once: it counts for nothing from then on.
    """

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=6, blank=True)  # ISO 3166-2, such as US-NY; empty for the whole country
    name = models.CharField(max_length=40)  # what people call it: VAT, sales tax
    rate_ppm = models.PositiveIntegerField()  # parts per million: 8.875 % is 88,750
    is_inclusive = models.BooleanField()
    starts_on = models.DateField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    withdrawal = models.CharField(max_length=300, blank=True, editable=False)  # why

    class Meta:
        ordering = ["country", "region", "-starts_on"]
        permissions = [("withdraw_taxrate", "Can withdraw tax rates")]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "region", "starts_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="economy_tax_rate_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawal="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, withdrawal__gt=""),
                name="economy_tax_rate_withdrawn",
            ),
            models.CheckConstraint(condition=Q(rate_ppm__lt=1_000_000), name="economy_tax_rate_below_whole"),
            models.CheckConstraint(
                condition=Q(country__regex=COUNTRY)
                & (Q(region="") | Q(region__regex=r"^[A-Z]{2}-[A-Z0-9]{1,3}$", region__startswith=models.F("country"))),
                name="economy_tax_rate_place",
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(reason=""), name="economy_tax_rate_words"),
        ]

    @override
    def __str__(self) -> str:
        country = dict(countries()).get(self.country, self.country)
        return f"{country}{self.region and f', {self.region[3:]}'}: {write_rate(self.rate_ppm)} %"


class TaxPlace(models.Model):
    """Where a person says that they live, for the tax of what they buy. What each purchase was taxed by stays with it."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="tax_place"
    )
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=6, blank=True)
    declared_at = models.DateTimeField(default=clock.now)

    @override
    def __str__(self) -> str:
        return self.region or self.country


class PurchaseTax(models.Model):
    """By what a purchase is taxed: as it was quoted (LEDGER-7), and anew where staff settled another place. Written once.

    The latest is in force. The second splits the same price: nobody is charged anew.
    """

    class Source(models.TextChoices):
        QUOTE = "quote", _("Quoted")
        SETTLEMENT = "settlement", _("Settled by staff")

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="taxes")
    source = models.CharField(max_length=10, choices=Source)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=6, blank=True)
    name = models.CharField(max_length=40, blank=True)
    rate_ppm = models.PositiveIntegerField(default=0)
    is_inclusive = models.BooleanField(default=True)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "source"], name="economy_purchase_tax_once"),
            models.CheckConstraint(
                condition=Q(net_minor__gte=0) & Q(tax_minor__gte=0), name="economy_purchase_tax_parts"
            ),
            models.CheckConstraint(
                condition=Q(rate_ppm=0, tax_minor=0) | (Q(rate_ppm__gt=0, rate_ppm__lt=1_000_000) & ~Q(name="")),
                name="economy_purchase_tax_rate",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.net_minor} + {self.tax_minor} {self.name} {self.place.code}"

    @property
    def place(self) -> Place:
        """Where it is taxed."""
        return Place(self.country, self.region)

    @property
    def gross_minor(self) -> int:
        """What is charged."""
        return self.net_minor + self.tax_minor

    @property
    def percent(self) -> str:
        """The rate as people write it."""
        return write_rate(self.rate_ppm)


class PlaceEvidence(models.Model):
    """One thing that says where the buyer of a purchase is. Written once; the first of a kind stays."""

    class Kind(models.TextChoices):
        DECLARED = "declared", _("Declared by the buyer")
        EDGE = "edge", _("Country of the network address")
        CARD = "card", _("Country of the card")
        BILLING = "billing", _("Billing address")

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="place_evidence")
    kind = models.CharField(max_length=8, choices=Kind)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=6, blank=True)
    seen_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "kind"], name="economy_place_evidence_once"),
            models.CheckConstraint(condition=Q(country__regex=COUNTRY), name="economy_place_evidence_country"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind}: {self.region or self.country}"


class PurchasePlace(models.Model):
    """Where a purchase that was paid is supplied: agreed upon by two evidences or more, or for staff to settle (LAW-10)."""

    class State(models.TextChoices):
        AGREED = "agreed", _("Evidence agrees")
        OPEN = "open", _("To settle")
        SETTLED = "settled", _("Settled")

    purchase = models.OneToOneField(Purchase, on_delete=models.PROTECT, primary_key=True, related_name="place")
    state = models.CharField(max_length=7, choices=State)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=6, blank=True)
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "place of supply"
        verbose_name_plural = "places of supply to settle"
        permissions = [("settle_purchaseplace", "Can settle where a purchase is supplied")]
        indexes = [models.Index(fields=["-opened_at"], name="economy_place_queue", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", country="", decided_at__isnull=True, decided_by__isnull=True, reason="")
                | (Q(state="agreed", decided_at__isnull=True, decided_by__isnull=True, reason="") & ~Q(country=""))
                | (
                    Q(state="settled", decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(reason="")
                    & ~Q(country="")
                ),
                name="economy_place_decided",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.state} {self.region or self.country}"

    @property
    def is_open(self) -> bool:
        """Whether staff have to settle it."""
        return self.state == self.State.OPEN
