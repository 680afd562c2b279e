"""Tax rates and taxed purchases for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse

from economy import services
from economy.errors import TaxUnavailable
from economy.models import Purchase
from economy.selectors import list_packs
from economy.taxing import Assessment, Place, tax_upon
from tests import make
from tests.economy.test_pack_prices import order_on

BUY, PLACE = "/wallet/buy/", "/wallet/place/"
CARDS = {"US": "4242424242424242", "DE": "4000002760000016", "GB": "4000008260000000", "FR": "4000002500000003"}


def keep_tax_rate(place: str, ppm: int, *, name: str = "VAT", is_inclusive: bool = True, day: Any = None) -> Any:
    """Write down what a country or a region is taxed at."""
    return services.save_tax_rate(
        staff=make.make_staff(),
        country=place[:2],
        region=place if len(place) > 2 else "",
        name=name,
        rate_ppm=ppm,
        is_inclusive=is_inclusive,
        starts_on=day,
        reason="The law says so.",
    )


def order(client: Any, *, tokens: int = 200, **headers: Any) -> Purchase:
    """Buy a pack as a browser does, up to the hosted page."""
    page = client.get(BUY)
    answer = client.post(BUY, order_on(page, list_packs().get(tokens=tokens)), **headers)
    assert answer.status_code == 303, answer.content.decode()[:2000]
    return Purchase.objects.latest("id")


def pay(stripe: Any, purchase: Purchase, *, card: str = "US", billing: str | None = None) -> Purchase:
    """Pay on the hosted page with a card of a country, and come back."""
    stripe.pay(purchase.stripe_session_id, CARDS[card], country=card if billing is None else billing)
    services.converge_purchase(purchase_id=purchase.pk)
    make.handle_outbox("economy.invoice")
    purchase.refresh_from_db()
    assert purchase.status == "paid"
    return purchase


# ruff: noqa: ARG002  engines are asked by these names
class FlatEngine:
    """Somebody else's engine: a tenth on top, everywhere."""

    def assess(self, *, place: Place, day: date, amount: int, currency: str) -> Assessment:
        return Assessment(place, amount, tax_upon(amount, 100_000), "flat tax", 100_000, is_inclusive=False)

    def list_regions(self, *, day: date) -> list[str]:
        return ["CA-QC"]


class SilentEngine(FlatEngine):
    """One that cannot be reached."""

    def assess(self, *, place: Place, day: date, amount: int, currency: str) -> Assessment:
        raise TaxUnavailable


def page_of(purchase: Purchase) -> str:
    return reverse("economy:purchase", args=[purchase.pk])
