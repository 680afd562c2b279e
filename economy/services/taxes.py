"""Tax on sales: rates that finance writes down (LAW-10)."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.choices import countries
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed
from economy.models import TaxRate
from economy.taxing import MILLION

REGION: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}", re.ASCII)
RATES_LOCK: Final = 4_077_114_332  # rates are made one at a time


@transaction.atomic
def save_tax_rate(
    *,
    staff: User,
    country: str,
    region: str,
    name: str,
    rate_ppm: int,
    is_inclusive: bool,
    starts_on: date | None,
    reason: str,
) -> TaxRate:
    """Write down what sales to a place are taxed at from a day on, in parts per million, and return it (LAW-10).

    No `starts_on` is today, in UTC. What was sold before keeps the tax of its day; a later rate of the same place takes this
    one's place, and one of zero ends it. In the audit log. Raises ValidationFailed for a day that has passed or has a rate of
    this place, a country or region that is none, a rate that is no part of the whole, and for no name or reason.
    """
    _lock()  # one form sent twice makes one rate
    starts_on = starts_on or clock.today()
    region, name, reason = region.strip().upper(), " ".join(name.split()), reason.strip()
    _require_sound(country, region, name, rate_ppm, starts_on, reason)
    made = TaxRate.objects.create(
        country=country,
        region=region,
        name=name,
        rate_ppm=rate_ppm,
        is_inclusive=is_inclusive,
        starts_on=starts_on,
        reason=reason,
        created_by=staff,
        created_at=clock.now(),
    )
    audit.record(
        actor=staff,
        action="economy.tax_rate_made",
        target=made,
        reason=reason,
        data={
            "place": region or country,
            "name": name,
            "rate_ppm": rate_ppm,
            "is_inclusive": is_inclusive,
            "starts_on": starts_on.isoformat(),
        },
    )
    return made


@transaction.atomic
def withdraw_tax_rate(*, rate_id: int, staff: User, reason: str) -> TaxRate:
    """Take back a rate that was a mistake, begun or not, and return it: it stays on the list (LAW-10).

    It counts for no price from now on, nor for what was spent; the one before it goes on, and another may begin on its day.
    What was bought keeps the tax it was quoted. In the audit log. Raises ValidationFailed without a reason, and InvalidState for
    one that is withdrawn.
    """
    reason = reason.strip()
    if not reason:
        raise ValidationFailed({"reason": [_("Write why.")]})
    _lock()
    rate = TaxRate.objects.select_for_update().get(pk=rate_id)
    if rate.withdrawn_at is not None:
        raise InvalidState
    rate.withdrawn_at, rate.withdrawn_by, rate.withdrawal = clock.now(), staff, reason
    rate.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal"])
    audit.record(
        actor=staff,
        action="economy.tax_rate_withdrawn",
        target=rate,
        reason=reason,
        data={
            "place": rate.region or rate.country,
            "rate_ppm": rate.rate_ppm,
            "starts_on": rate.starts_on.isoformat(),
        },
    )
    return rate


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RATES_LOCK])


def _require_sound(country: str, region: str, name: str, rate_ppm: int, starts_on: date, reason: str) -> None:
    if country not in dict(countries()):
        raise ValidationFailed({"country": [_("Choose a country.")]})
    if region and not (REGION.fullmatch(region) and region.startswith(f"{country}-")):
        line = _("Write the region with its country, such as %(example)s, or leave it empty for the whole country.")
        raise ValidationFailed({"region": [line % {"example": f"{country}-NY"}]})
    if not name:
        raise ValidationFailed({"name": [_("Write what the tax is called.")]})
    if not 0 <= rate_ppm < MILLION:
        raise ValidationFailed({"percent": [_("Choose a rate from 0 up to, but not including, 100 percent.")]})
    if starts_on < clock.today():
        raise ValidationFailed({"starts_on": [_("This day has passed: what was sold keeps the tax of its day.")]})
    of_place = TaxRate.objects.filter(country=country, region=region, withdrawn_at__isnull=True)
    if of_place.filter(starts_on=starts_on).exists():
        raise ValidationFailed({"starts_on": [_("A rate of this place begins on this day already. Choose another.")]})
    if not reason:
        raise ValidationFailed({"reason": [_("Write why.")]})
