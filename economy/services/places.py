"""Where buyers are: what they say, what else says so, and what staff settle where that disagrees (LAW-10)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed
from economy.models import PlaceEvidence, Purchase, PurchasePlace, PurchaseTax, TaxPlace
from economy.selectors.taxes import find_tax_of, list_place_candidates, list_tax_places
from economy.services.statements import invoice_purchase
from economy.taxing import Assessment, Place, get_engine, split_gross

Kind, State, Source = PlaceEvidence.Kind, PurchasePlace.State, PurchaseTax.Source
ENOUGH = 2  # evidences that name one country, and none another


def declare_tax_place(*, person: User, place: str) -> None:
    """Keep where a person says that they live: a country, or a region with a rate of its own. What was bought stays as it was.

    Raises ValidationFailed for what is none of these.
    """
    if place not in dict(list_tax_places()):
        raise ValidationFailed({"place": [_("Choose where you live.")]})
    said = Place(place[:2], place if len(place) > 2 else "")
    TaxPlace.objects.update_or_create(
        person=person, defaults={"country": said.country, "region": said.region, "declared_at": clock.now()}
    )


def keep_tax_quote(purchase: Purchase, tax: Assessment | None, *, seen_country: str) -> None:
    """Keep by what a purchase was quoted to be taxed, and what is known by then of where its buyer is."""
    if seen_country:
        _see(purchase, Kind.EDGE, Place(seen_country))
    if tax is None:
        return
    _see(purchase, Kind.DECLARED, tax.place)
    PurchaseTax.objects.create(
        purchase=purchase,
        source=Source.QUOTE,
        country=tax.place.country,
        region=tax.place.region,
        name=tax.name,
        rate_ppm=tax.rate_ppm,
        is_inclusive=tax.is_inclusive,
        net_minor=tax.net,
        tax_minor=tax.tax,
        created_at=clock.now(),
    )


def note_place(purchase: Purchase, *, card: str, billing: str) -> None:
    """Keep what Stripe tells of the buyer's place once they have paid, and whether it is settled by that.

    Two evidences or more that name one country settle it; fewer, or any that names another, leave it to staff. The caller
    holds the purchase's row. Repeating it changes nothing, and what staff settled stays.
    """
    for kind, country in ((Kind.CARD, card), (Kind.BILLING, billing)):
        if country:
            _see(purchase, kind, Place(country))
    known = PurchasePlace.objects.filter(purchase=purchase).first()
    if known is not None and known.state == State.SETTLED:
        return
    place = _agreed(purchase)
    facts = {
        "state": State.AGREED if place else State.OPEN,
        "country": place.country if place else "",
        "region": place.region if place else "",
    }
    if known is None or known.state != facts["state"]:
        PurchasePlace.objects.update_or_create(purchase=purchase, defaults=facts)


@transaction.atomic
def settle_place(*, staff: User, purchase_id: UUID, place: Place, reason: str) -> PurchasePlace:
    """Settle where a purchase is supplied, as one of its evidences says, with a reason; in the audit log (LAW-10).

    Where it was taxed for another place, its price is split anew by that place's rate of the day it was paid: nobody is
    charged anew, and the next documents say so. Raises InvalidState for one that is settled, OwnAccount for one's own, and
    ValidationFailed for a place that nothing names and for no reason.
    """
    purchase = Purchase.objects.select_for_update().get(pk=purchase_id)
    found = PurchasePlace.objects.select_for_update().get(pk=purchase_id)
    if purchase.person_id == staff.pk:
        raise OwnAccount
    if not found.is_open:
        raise InvalidState
    if place not in list_place_candidates(purchase_id):
        raise ValidationFailed({"place": [_("No evidence names this place.")]})
    reason = reason.strip()
    if not reason:
        raise ValidationFailed({"reason": [_("Write why.")]})
    found.state, found.country, found.region = State.SETTLED, place.country, place.region
    found.decided_by, found.decided_at, found.reason = staff, clock.now(), reason
    found.save()
    tax = find_tax_of(purchase_id)
    if tax is not None and tax.place != place:
        _tax_anew(purchase, place)
        invoice_purchase(purchase_id=purchase_id)
    audit.record(
        actor=staff,
        action="economy.place_settled",
        target=purchase,
        reason=reason,
        data={"place": place.code, "taxed_for": tax.place.code if tax else ""},
    )
    return found


def _tax_anew(purchase: Purchase, place: Place) -> None:
    day = (purchase.paid_at or purchase.created_at).date()
    said = get_engine().assess(place=place, day=day, amount=purchase.amount_minor, currency=purchase.currency)
    net, tax = split_gross(purchase.amount_minor, said.rate_ppm)  # the price stays: the tax is within it now
    PurchaseTax.objects.create(
        purchase=purchase,
        source=Source.SETTLEMENT,
        country=place.country,
        region=place.region,
        name=said.name,
        rate_ppm=said.rate_ppm,
        is_inclusive=True,
        net_minor=net,
        tax_minor=tax,
        created_at=clock.now(),
    )


def _agreed(purchase: Purchase) -> Place | None:
    """Return the place that enough evidences name and none contradicts; its region is what the buyer declared."""
    found = list(PlaceEvidence.objects.filter(purchase=purchase))
    if len(found) < ENOUGH or len({row.country for row in found}) > 1:
        return None
    return Place(found[0].country, next((row.region for row in found if row.kind == Kind.DECLARED), ""))


def _see(purchase: Purchase, kind: str, place: Place) -> None:
    """Keep an evidence; the first of its kind stays."""
    facts = {"country": place.country, "region": place.region, "seen_at": clock.now()}
    PlaceEvidence.objects.get_or_create(purchase=purchase, kind=kind, defaults=facts)
