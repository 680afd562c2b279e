"""Tax on sales: rates by place and day (LAW-10)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from typing_extensions import override

from digis.core import clock

COUNTRY: Final = r"^[A-Z]{2}$"


class TaxRate(models.Model):
    """What a sale to a place is taxed at from a day on, in UTC. A place without one is not taxed.

    Written once (the database refuses changes): the next rate of a place takes this one's place on its day, and a rate of
    zero ends it. A region's rate stands before its country's.
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

    class Meta:
        ordering = ["country", "region", "-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["country", "region", "starts_on"], name="economy_tax_rate_once_a_day"),
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
        return f"{self.name} {self.region or self.country} {self.rate_ppm} ppm"
