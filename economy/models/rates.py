"""What other currencies were worth, by day."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from typing_extensions import override

from digis.core import clock
from digis.core.currencies import Rate


class ExchangeRate(models.Model):
    """What one unit of TOKEN_CURRENCY was worth on a day, in millionths of a unit of `currency`.

    Written once (the database refuses changes): a price that was checked by it can be checked again.
    """

    class Source(models.TextChoices):
        BANK = "bank", "European Central Bank"
        STAFF = "staff", "Staff"
        FIXED = "fixed", "Fixed, for development"

    currency = models.CharField(max_length=3)
    day = models.DateField()
    micros = models.BigIntegerField()
    source = models.CharField(max_length=5, choices=Source)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-day", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="economy_rate_once_a_day"),
            models.CheckConstraint(condition=Q(micros__gt=0) & Q(micros__lt=10**12), name="economy_rate_micros"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.written} {self.currency} on {self.day:%Y-%m-%d}"

    @property
    def written(self) -> str:
        """The rate as people write it: six places, a point."""
        return f"{self.micros // 1_000_000}.{self.micros % 1_000_000:06d}"

    @property
    def rate(self) -> Rate:
        """What pages and prices work with."""
        return Rate(self.currency, self.micros, self.day)
