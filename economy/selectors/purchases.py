"""Packs, quotes and purchases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from djstripe.models import WebhookEndpoint

from accounts.models import User
from digis.core import clock
from digis.core.currencies import EXPONENTS, MICROS, Rate, exponent_of
from digis.core.errors import NotFound, ValidationFailed
from digis.core.money import BASIS_POINTS, Money, money_for
from economy.models import Pack, PackPrice, Purchase
from economy.models.purchases import unit_tenths
from economy.selectors.fees import find_least_fee
from economy.selectors.rates import find_rate
from economy.selectors.taxes import assess, find_place_of, name_place
from economy.taxing import Assessment, Place, taxes_purchases


@dataclass(frozen=True, slots=True)
class Quote:
    """What so many tokens cost now: `price` is what is charged, with the tax that `tax` splits it into."""

    tokens: int
    bonus_tokens: int
    price: Money
    pack: Pack | None = None
    rate: Rate | None = None
    tax: Assessment | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack with the price one buyer pays for it, tax and all; `rate` is the one that price was found to be enough by."""

    pack: Pack
    price: Money
    rate: Rate | None = None
    tax: Assessment | None = None

    @property
    def pk(self) -> UUID:
        return self.pack.pk

    @property
    def tokens(self) -> int:
        return self.pack.tokens

    @property
    def bonus_tokens(self) -> int:
        return self.pack.bonus_tokens

    @property
    def total_tokens(self) -> int:
        return self.pack.total_tokens

    @property
    def is_default(self) -> bool:
        return self.pack.is_default

    @property
    def exponent(self) -> int:
        """How many digits its price has after the point."""
        return exponent_of(self.price.currency)

    @property
    def unit_cents(self) -> str:
        """What one token comes to in cents, where the price is the pack's own."""
        return self.pack.unit_cents if self.price == self.pack.price else ""

    @property
    def net(self) -> Money:
        """What is left of the price without its tax."""
        return Money(self.tax.net, self.price.currency) if self.tax else self.price

    @property
    def tax_words(self) -> str:
        """The tax as it stands beside the price."""
        return self.tax.say(self.price.currency) if self.tax else ""

    @property
    def unit_tenths(self) -> int:
        """What one token comes to, in tenths of the smallest unit."""
        return unit_tenths(self.price.minor, self.total_tokens)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The price list as one buyer's page shows it. `version` changes with any price on it (LEDGER-7)."""

    packs: tuple[Offer, ...]
    token_micros: int
    currency: str
    least: int
    most: int
    place: Place | None = None
    tax: Assessment | None = None  # of one unit of `currency`: by what a typed amount is taxed

    @property
    def version(self) -> str:
        prices = [
            (str(pack.pk), pack.tokens, pack.bonus_tokens, pack.price.minor, pack.price.currency, pack.tax)
            for pack in self.packs
        ]
        said = (prices, self.token_micros, self.currency, self.place, self.tax)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:32]

    @property
    def needs_place(self) -> bool:
        """Whether nothing can be bought before the buyer has said where they live."""
        return self.place is None and taxes_purchases()

    @property
    def place_name(self) -> str:
        """For where these prices are."""
        return name_place(self.place) if self.place else ""

    @property
    def tax_on_top(self) -> int:
        """The rate that comes upon a typed amount, in parts per million, for the script that writes what it costs."""
        return self.tax.rate_ppm if self.tax and not self.tax.is_inclusive else 0

    @property
    def token_price(self) -> str:
        return f"{self.token_micros // 10_000} ¢"

    @property
    def token_money(self) -> Money:
        """The same as an amount of money, for who pays for packs in another currency."""
        return money_for(1)

    @property
    def exponent(self) -> int:
        """How many digits other amounts have after the point."""
        return exponent_of(self.currency)

    @property
    def token_pico(self) -> int:
        """One token in 10⁻¹² units, for the script that writes what a typed amount costs."""
        return self.token_micros * MICROS

    @property
    def is_mixed(self) -> bool:
        """Whether some pack is paid in another currency than a typed amount would be."""
        return any(pack.price.currency != self.currency for pack in self.packs)

    @property
    def range_hint(self) -> str:
        least, most = (number_format(number, force_grouping=True) for number in (self.least, self.most))
        return _("%(least)s to %(most)s") % {"least": least, "most": most}

    @property
    def locale(self) -> str:
        return get_language() or "en"

    def suggest(self, needed: int = 0) -> UUID | None:
        """Return the pack whose tile is ticked: the smallest that covers what is needed, else the usual one."""
        enough = [pack for pack in self.packs if needed and pack.total_tokens >= needed]
        usual = [pack for pack in self.packs if pack.is_default]
        chosen = (enough or usual or list(self.packs))[:1]
        return chosen[0].pk if chosen else None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account may buy in 24 hours, what of it is left, and when what was asked for fits: now, later, or never."""

    most: int
    left: int
    at: datetime | None


def get_shelf_for(person: User) -> Shelf:
    """Return the present price list for a person: in their currency, and with the tax of where they live."""
    return get_shelf(currency=person.currency, place=find_place_of(person))


def get_shelf(*, currency: str = "", place: Place | None = None) -> Shelf:
    """Return the present price list for a buyer of this currency: one query, and three more for another than the packs' own.

    With a place, prices hold its tax: those of the list where it is in them, more where it comes on top (LAW-10).
    """
    return Shelf(
        place=place,
        tax=assess(Money(10 ** exponent_of(settings.TOKEN_CURRENCY), settings.TOKEN_CURRENCY), place),
        packs=_offer(list(list_packs()), currency, place),
        token_micros=settings.TOKEN_LIST_PRICE_MICROS,
        currency=settings.TOKEN_CURRENCY,
        least=settings.PURCHASE_MIN_TOKENS,
        most=settings.PURCHASE_MAX_TOKENS,
    )


def list_packs() -> QuerySet[Pack]:
    """Return the packs on offer, in the order of the shelf."""
    return Pack.objects.filter(is_offered=True).order_by("position", "tokens")


def find_least_price(*, tokens: int, rate: Rate, fee_bp: int) -> Money:
    """Return the lowest price in a rate's currency that covers the payout of so many tokens (LEDGER-11, PAY-9).

    What a creator is paid for a token is its value less the fee: `find_least_fee`, whoever they are spent on.
    """
    paid = tokens * settings.TOKEN_PAYOUT_MICROS * (BASIS_POINTS - fee_bp)
    needed = paid * rate.micros * 10 ** exponent_of(rate.currency)
    return Money(-(-needed // (MICROS**2 * BASIS_POINTS)), rate.currency)


def list_uncovered_packs(*, fee_bp: int) -> list[Pack]:
    """Return the packs on offer whose own price is less than creators are paid for their tokens at a fee: a loss of ours.

    Own prices are the platform's decision and stay (PAY-9); staff who make a rule are told.
    """
    own = Rate(settings.TOKEN_CURRENCY, MICROS, clock.now().date())
    return [
        pack
        for pack in list_packs()
        if pack.currency == own.currency
        and pack.price < find_least_price(tokens=pack.total_tokens, rate=own, fee_bp=fee_bp)
    ]


def _offer(packs: Sequence[Pack], currency: str, place: Place | None) -> tuple[Offer, ...]:
    """Price packs for a buyer: in their currency where a pack has a price in it that is enough today, else in its own.

    What covers the payout is the price without the tax that is in it: a pack whose own price does not is not offered where
    that is so (LEDGER-11).
    """
    rate = find_rate(currency) if currency in EXPONENTS and currency != settings.TOKEN_CURRENCY else None
    prices, fee_bp = {}, settings.PLATFORM_FEE_BP
    if rate is not None:
        fee_bp = find_least_fee()
        prices = {row.pack_id: row.price for row in PackPrice.objects.filter(currency=currency, pack__in=packs)}
    offers = []
    for pack in packs:
        price = prices.get(pack.pk)
        offer = _tax(pack, price, rate, place) if price is not None else None
        if offer is None or rate is None or not _covers(pack, offer.net, rate, fee_bp=fee_bp):
            offer = _tax(pack, pack.price, None, place)
            if offer.net < pack.price and not _covers_at_home(pack, offer.net):
                continue
        offers.append(offer)
    return tuple(offers)


def _tax(pack: Pack, price: Money, rate: Rate | None, place: Place | None) -> Offer:
    tax = assess(price, place)
    return Offer(pack, Money(tax.gross, price.currency) if tax else price, rate, tax)


def _covers(pack: Pack, net: Money, rate: Rate, *, fee_bp: int) -> bool:
    return find_least_price(tokens=pack.total_tokens, rate=rate, fee_bp=fee_bp) <= net


def _covers_at_home(pack: Pack, net: Money) -> bool:
    """Say whether what is left of a pack's own price is enough: in its own currency one unit is worth one.

    By the general fee: one creator who is paid better makes no pack disappear.
    """
    own = Rate(net.currency, MICROS, clock.today())
    return _covers(pack, net, own, fee_bp=settings.PLATFORM_FEE_BP)


def quote_for(
    *, pack_id: UUID | None = None, tokens: int | None = None, currency: str = "", place: Place | None = None
) -> Quote:
    """Return the present price of a pack, or of a number of tokens at the list price, with the place's tax (LEDGER-7).

    A pack costs its price in the buyer's `currency` where it has one that covers the payout, else its own; a number of
    tokens is always in TOKEN_CURRENCY.
    Raises NotFound for a pack that is not offered and ValidationFailed for an amount out of bounds (LEDGER-10), and for no
    place where purchases are taxed (LAW-10).
    """
    if place is None and taxes_purchases():
        raise ValidationFailed({"country": [_("Say where you live first: prices hold the tax of that place.")]})
    if pack_id is not None:
        pack = list_packs().filter(pk=pack_id).first()
        if pack is None:
            raise NotFound
        offers = _offer([pack], currency, place)
        if not offers:
            raise NotFound
        return Quote(pack.tokens, pack.bonus_tokens, offers[0].price, pack, offers[0].rate, offers[0].tax)
    least, most = settings.PURCHASE_MIN_TOKENS, settings.PURCHASE_MAX_TOKENS
    if tokens is None or not least <= tokens <= most:
        message = _("Choose between %(least)s and %(most)s tokens.") % {"least": f"{least:,}", "most": f"{most:,}"}
        raise ValidationFailed({"tokens": [message]})
    price = money_for(tokens)
    tax = assess(price, place)
    return Quote(tokens, 0, Money(tax.gross, price.currency) if tax else price, tax=tax)


def get_purchase(*, id: UUID) -> Purchase:  # noqa: A002  the house's selectors take `id`
    """Return one purchase."""
    return Purchase.objects.select_related("person").get(pk=id)


def get_purchase_for(person: User, *, id: UUID) -> Purchase:  # noqa: A002  the house's selectors take `id`
    """Return a person's own purchase. Raises NotFound for anybody else's."""
    try:
        return Purchase.objects.get(pk=id, person=person)
    except Purchase.DoesNotExist:
        raise NotFound from None


def find_purchase_by_intent(intent_id: str) -> Purchase | None:
    """Return the purchase Stripe's payment intent belongs to, if that link is known already."""
    return Purchase.objects.filter(stripe_payment_intent_id=intent_id).first() if intent_id else None


def list_purchases(person: User) -> QuerySet[Purchase]:
    """Return a person's purchases, newest first."""
    return Purchase.objects.filter(person=person).order_by("-id")


def list_due_purchases(*, at: datetime, limit: int = 50) -> list[UUID]:
    """Return the purchases that are to be compared with Stripe by now, the longest due first."""
    due = Purchase.objects.filter(next_check_at__lte=at).order_by("next_check_at")
    return list(due.values_list("pk", flat=True)[:limit])


def get_allowance(person: User, *, tokens: int) -> Allowance:
    """Return what an account may buy in 24 hours, by its age, and from when so many tokens more fit (LEDGER-10).

    What is being bought counts like what was bought.
    """
    now, day = clock.now(), timedelta(days=1)
    live = [Purchase.Status.PENDING, Purchase.Status.PAID, Purchase.Status.DISPUTED]
    bought = list(
        Purchase.objects.filter(person=person, created_at__gt=now - day, status__in=live).values_list(
            "created_at", "tokens"
        )
    )
    steps = settings.PURCHASE_DAY_TOKENS[-1:] if person.is_approved_creator else settings.PURCHASE_DAY_TOKENS

    def most(at: datetime) -> int:
        age = at - person.created_at
        return max((limit for days, limit in steps if age >= timedelta(days=days)), default=steps[-1][1])

    def left(at: datetime) -> int:
        return most(at) - sum(amount for since, amount in bought if since + day > at)

    moments = [now, *(since + day for since, _amount in bought)]
    moments += [person.created_at + timedelta(days=days) for days, _limit in steps]
    fits = [at for at in sorted(moments) if at >= now and left(at) >= tokens]
    return Allowance(most=most(now), left=max(0, left(now)), at=fits[0] if fits else None)


def find_webhook_secret(uuid: UUID) -> str | None:
    """Return the signing secret of a webhook endpoint of ours, or None when there is no such endpoint."""
    found: str | None = WebhookEndpoint.objects.filter(djstripe_uuid=uuid).values_list("secret", flat=True).first()
    return found or None
