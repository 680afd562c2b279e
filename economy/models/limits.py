"""What people allow themselves to spend."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock


class SpendingLimit(models.Model):
    """A person's own limit for a day, week or month of their time zone, in tokens (LEDGER-10).

    `tokens` is in force; `next_tokens` from `next_from` on: what is raised or lifted waits a day, what is lowered does not.
    """

    class Period(models.TextChoices):
        DAY = "day", _("a day")
        WEEK = "week", _("a week")
        MONTH = "month", _("a month")

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="spending_limits")
    period = models.CharField(max_length=5, choices=Period)
    tokens = models.BigIntegerField(null=True, blank=True)  # null: no limit
    next_tokens = models.BigIntegerField(null=True, blank=True)
    next_from = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "period"], name="economy_limit_once"),
            models.CheckConstraint(
                condition=(Q(tokens__isnull=True) | Q(tokens__gte=0))
                & (Q(next_tokens__isnull=True) | Q(next_tokens__gte=0)),
                name="economy_limit_amounts",
            ),
            models.CheckConstraint(condition=Q(period__in=["day", "week", "month"]), name="economy_limit_period"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.tokens} {self.get_period_display()}"
