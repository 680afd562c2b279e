"""How often a creator's payments are disputed, and what of their earnings is held back for it (PAY-6)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from digis.core import clock


class DisputeStanding(models.Model):
    """The latest count for a creator: payments of the last 90 days that paid them, and how many of those were disputed."""

    creator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="dispute_standing"
    )
    payments = models.PositiveIntegerField()
    disputed = models.PositiveIntegerField()
    stops_payouts = models.BooleanField(default=False)
    measured_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(disputed__lte=F("payments")), name="economy_standing_counts")]

    @override
    def __str__(self) -> str:
        return f"{self.disputed} of {self.payments} of {self.creator_id}"

    @property
    def rate_bp(self) -> int:
        """Disputed payments of all, in basis points, rounded down."""
        return self.disputed * 10_000 // self.payments if self.payments else 0


class Reserve(models.Model):
    """A time in which a part of what a creator earns is held back, each earning for RESERVE_DAYS; open while it has no end."""

    id = models.BigAutoField(primary_key=True)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reserves")
    part_bp = models.PositiveIntegerField()  # of what becomes available meanwhile
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["creator"], condition=Q(ends_at__isnull=True), name="economy_reserve_one_open"
            ),
            models.CheckConstraint(condition=Q(part_bp__gt=0) & Q(part_bp__lte=10_000), name="economy_reserve_part"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="economy_reserve_times"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.part_bp / 100:g} % of {self.creator_id}"
