"""Which tax a sale carries: our own engine, over the rates that finance keeps (LAW-10)."""

from __future__ import annotations

from datetime import date

from django.db.models import Case, QuerySet, Value, When

from digis.core import clock
from economy.models import TaxRate
from economy.taxing import Assessment, Place, split_gross, tax_upon

COMING, IN_FORCE, OVER = "coming", "in_force", "over"


class RateTable:
    """The engine that reads `TaxRate`: a region's rate before its country's, the newest that has begun; without one, no tax."""

    def assess(self, *, place: Place, day: date, amount: int, currency: str) -> Assessment:  # noqa: ARG002  rates know no currency
        """Split an amount by the rate in force on a day; how it rounds is in `economy.taxing`."""
        rate = find_tax_rate(place, day=day)
        if rate is None or not rate.rate_ppm:
            return Assessment(place, net=amount, tax=0)
        if rate.is_inclusive:
            net, tax = split_gross(amount, rate.rate_ppm)
        else:
            net, tax = amount, tax_upon(amount, rate.rate_ppm)
        return Assessment(place, net, tax, rate.name, rate.rate_ppm, rate.is_inclusive)

    def list_regions(self, *, day: date) -> list[str]:
        """Return the regions that have had a rate by a day."""
        found = TaxRate.objects.filter(starts_on__lte=day).exclude(region="")
        return sorted(set(found.values_list("region", flat=True)))


def find_tax_rate(place: Place, *, day: date) -> TaxRate | None:
    """Return the rate in force at a place on a day; a region's own before its country's."""
    regions = [place.region, ""] if place.region else [""]
    found = TaxRate.objects.filter(country=place.country, region__in=regions, starts_on__lte=day)
    return found.order_by("-region", "-starts_on").first()


def list_tax_rates() -> QuerySet[TaxRate]:
    """Return all rates, each with its `state`: still to come, in force, or over because a later one of its place began."""
    begun = TaxRate.objects.filter(starts_on__lte=clock.today())
    latest = begun.order_by("country", "region", "-starts_on").distinct("country", "region").values("pk")
    return TaxRate.objects.annotate(
        state=Case(
            When(starts_on__gt=clock.today(), then=Value(COMING)),
            When(pk__in=latest, then=Value(IN_FORCE)),
            default=Value(OVER),
        )
    )
