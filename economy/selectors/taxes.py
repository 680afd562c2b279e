"""Which tax a sale carries: our own engine, over the rates that finance keeps (LAW-10)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When
from django.utils.translation import gettext as _

from accounts.choices import countries
from accounts.models import User
from digis.core import clock
from digis.core.money import Money
from economy.models import PlaceEvidence, Purchase, PurchasePlace, PurchaseTax, TaxPlace, TaxRate
from economy.taxing import Assessment, Place, get_engine, say_tax, split_gross, tax_upon, taxes_purchases

COMING, IN_FORCE, OVER, WITHDRAWN = "coming", "in_force", "over", "withdrawn"


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
        found = TaxRate.objects.filter(starts_on__lte=day, withdrawn_at__isnull=True).exclude(region="")
        return sorted(set(found.values_list("region", flat=True)))


def find_tax_rate(place: Place, *, day: date) -> TaxRate | None:
    """Return the rate in force at a place on a day; a region's own before its country's."""
    regions = [place.region, ""] if place.region else [""]
    begun = TaxRate.objects.filter(starts_on__lte=day, withdrawn_at__isnull=True)
    found = begun.filter(country=place.country, region__in=regions)
    return found.order_by("-region", "-starts_on").first()


def list_tax_rates() -> QuerySet[TaxRate]:
    """Return all rates, each with its `state`: to come, in force, over because a later one of its place began, or withdrawn."""
    begun = TaxRate.objects.filter(starts_on__lte=clock.today(), withdrawn_at__isnull=True)
    latest = begun.order_by("country", "region", "-starts_on").distinct("country", "region").values("pk")
    return TaxRate.objects.annotate(
        state=Case(
            When(withdrawn_at__isnull=False, then=Value(WITHDRAWN)),
            When(starts_on__gt=clock.today(), then=Value(COMING)),
            When(pk__in=latest, then=Value(IN_FORCE)),
            default=Value(OVER),
        )
    )


def find_place_of(person: User) -> Place | None:
    """Return where a person says that they live; None where it is not known, or does not matter (TAX_POINT)."""
    if not taxes_purchases():
        return None
    found = TaxPlace.objects.filter(person=person).first()
    return Place(found.country, found.region) if found else None


def list_tax_places() -> list[tuple[str, str]]:
    """Return what people choose from: every country, and before those that have some, its regions with rates of their own."""
    regions: dict[str, list[str]] = {}
    for region in get_engine().list_regions(day=clock.today()):
        regions.setdefault(region[:2], []).append(region)
    found = []
    for code, name in countries():
        found += [(region, f"{name}, {region[3:]}") for region in regions.get(code, [])]
        found.append((code, _("%(country)s, elsewhere") % {"country": name} if code in regions else name))
    return found


def name_place(place: Place) -> str:
    """Return what a place is called."""
    name = dict(countries()).get(place.country, place.country)
    return f"{name}, {place.region[3:]}" if place.region else name


def assess(price: Money, place: Place | None) -> Assessment | None:
    """Return the tax of a price today; None while purchases are not taxed."""
    if place is None:
        return None
    return get_engine().assess(place=place, day=clock.today(), amount=price.minor, currency=price.currency)


def find_tax_of(purchase_id: UUID) -> PurchaseTax | None:
    """Return by what a purchase is taxed now; None where it is not taxed when it is bought."""
    return PurchaseTax.objects.filter(purchase=purchase_id).order_by("id").last()


def say_tax_of(purchase: Purchase) -> str:
    """Write the tax of a purchase as it stands beside its price; nothing where it has none."""
    tax = find_tax_of(purchase.pk)
    if tax is None:
        return ""
    money = Money(tax.tax_minor, purchase.currency)
    return say_tax(money, name=tax.name, rate_ppm=tax.rate_ppm, is_inclusive=tax.is_inclusive)


def list_evidence(purchase_id: UUID) -> list[PlaceEvidence]:
    """Return what says where the buyer of a purchase is, in the order it was seen."""
    return list(PlaceEvidence.objects.filter(purchase=purchase_id).order_by("id"))


def list_place_candidates(purchase_id: UUID) -> list[Place]:
    """Return the places that the evidence names, each once: staff settle on one of them."""
    return list(dict.fromkeys(Place(found.country, found.region) for found in list_evidence(purchase_id)))


def list_places_to_settle() -> QuerySet[PurchasePlace]:
    """Return the purchases whose evidence did not agree, those that are settled by now among them."""
    return PurchasePlace.objects.exclude(state=PurchasePlace.State.AGREED)


def count_open_places() -> int:
    """Return how many purchases wait for staff to settle their place."""
    return PurchasePlace.objects.filter(state=PurchasePlace.State.OPEN).count()
