"""What packs cost in other currencies: set by staff, never below what creators are paid for the tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core import audit, clock
from digis.core.currencies import EXPONENTS
from digis.core.errors import ValidationFailed
from digis.core.money import Money
from economy.models import Pack, PackPrice
from economy.selectors.fees import find_least_fee
from economy.selectors.purchases import find_least_price
from economy.selectors.rates import find_rate

MOST_MINOR = 99_999_999  # more Stripe takes of nobody at once


@transaction.atomic
def set_pack_price(*, staff: User, pack: Pack, currency: str, amount_minor: int) -> PackPrice:
    """Offer a pack at a price in another currency, in place of the one it had in it; in the audit log.

    Raises ValidationFailed for a currency we do not show or have no fresh rate of, and for a price below what the best paid
    creator is paid for the pack's tokens by that rate (LEDGER-11, PAY-9); it says which would do.
    """
    if currency not in EXPONENTS or currency == settings.TOKEN_CURRENCY:
        raise ValidationFailed({"currency": [_("A pack’s price in this currency is its own.")]})
    rate = find_rate(currency)
    if rate is None:
        line = _("There is no exchange rate of the last %(days)s days for it: enter one first.")
        raise ValidationFailed({"currency": [line % {"days": settings.RATES_MAX_DAYS}]})
    price = Money(amount_minor, currency)
    least = find_least_price(tokens=pack.total_tokens, rate=rate, fee_bp=find_least_fee())
    if price < least:
        line = _(
            "Creators are paid more for these tokens. By the rate of %(day)s it costs at least %(least)s %(currency)s."
        )
        words = {"day": rate.day.isoformat(), "least": least.decimal, "currency": currency}
        raise ValidationFailed({"amount_minor": [line % words]})
    if amount_minor > MOST_MINOR:
        raise ValidationFailed({"amount_minor": [_("Stripe takes no payment as large as this.")]})
    made, _is_new = PackPrice.objects.update_or_create(
        pack=pack, currency=currency, defaults={"amount_minor": amount_minor, "updated_at": clock.now()}
    )
    audit.record(actor=staff, action="economy.pack_price_set", target=pack, reason=str(made))
    return made


@transaction.atomic
def remove_pack_price(*, staff: User, price: PackPrice) -> None:
    """Offer a pack in its own currency again to those who paid this price; in the audit log."""
    audit.record(actor=staff, action="economy.pack_price_removed", target=price.pack, reason=str(price))
    price.delete()
