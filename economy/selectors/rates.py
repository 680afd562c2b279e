"""Exchange rates: which may be used today."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db.models import QuerySet

from digis.core import clock
from digis.core.currencies import Rate
from economy.models import ExchangeRate


def find_rate(currency: str) -> Rate | None:
    """Return the newest rate of a currency; None where it has none, or none younger than RATES_MAX_DAYS."""
    today = clock.today()
    oldest = today - timedelta(days=settings.RATES_MAX_DAYS)
    found = ExchangeRate.objects.filter(currency=currency, day__range=(oldest, today)).order_by("-day").first()
    return found.rate if found else None


def list_newest_rates(*, before: date) -> QuerySet[ExchangeRate]:
    """Return each currency's newest rate of a day before this one, however old."""
    return ExchangeRate.objects.filter(day__lt=before).order_by("currency", "-day").distinct("currency")
