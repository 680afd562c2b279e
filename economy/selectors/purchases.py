"""Packs, quotes and purchases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from djstripe.models import WebhookEndpoint

from accounts.models import User
from digis.core import clock
from digis.core.errors import NotFound, ValidationFailed
from digis.core.money import Money, money_for
from economy.models import Pack, Purchase


@dataclass(frozen=True, slots=True)
class Quote:
    """What so many tokens cost now."""

    tokens: int
    bonus_tokens: int
    price: Money
    pack: Pack | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The price list as a page shows it. `version` changes with any price on it (LEDGER-7)."""

    packs: tuple[Pack, ...]
    token_micros: int
    currency: str
    least: int
    most: int

    @property
    def version(self) -> str:
        prices = [
            (str(pack.pk), pack.tokens, pack.bonus_tokens, pack.amount_minor, pack.currency) for pack in self.packs
        ]
        return hashlib.sha256(repr((prices, self.token_micros, self.currency)).encode()).hexdigest()[:32]

    @property
    def token_price(self) -> str:
        return f"{self.token_micros // 10_000} ¢"

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


def get_shelf() -> Shelf:
    """Return the present price list, in one query."""
    return Shelf(
        packs=tuple(list_packs()),
        token_micros=settings.TOKEN_LIST_PRICE_MICROS,
        currency=settings.TOKEN_CURRENCY,
        least=settings.PURCHASE_MIN_TOKENS,
        most=settings.PURCHASE_MAX_TOKENS,
    )


def list_packs() -> QuerySet[Pack]:
    """Return the packs on offer, in the order of the shelf."""
    return Pack.objects.filter(is_offered=True).order_by("position", "tokens")


def quote_for(*, pack_id: UUID | None = None, tokens: int | None = None) -> Quote:
    """Return the present price of a pack, or of a number of tokens at the list price (LEDGER-7).

    Raises NotFound for a pack that is not offered and ValidationFailed for an amount out of bounds (LEDGER-10).
    """
    if pack_id is not None:
        pack = list_packs().filter(pk=pack_id).first()
        if pack is None:
            raise NotFound
        return Quote(pack.tokens, pack.bonus_tokens, pack.price, pack)
    least, most = settings.PURCHASE_MIN_TOKENS, settings.PURCHASE_MAX_TOKENS
    if tokens is None or not least <= tokens <= most:
        message = _("Choose between %(least)s and %(most)s tokens.") % {"least": f"{least:,}", "most": f"{most:,}"}
        raise ValidationFailed({"tokens": [message]})
    return Quote(tokens, 0, money_for(tokens))


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


def sum_bought_today(person: User) -> int:
    """Return the tokens a person bought, or is buying, in the last 24 hours (LEDGER-10)."""
    live = [Purchase.Status.PENDING, Purchase.Status.PAID, Purchase.Status.DISPUTED]
    since = clock.now() - timedelta(days=1)
    found = Purchase.objects.filter(person=person, created_at__gt=since, status__in=live).aggregate(total=Sum("tokens"))
    return found["total"] or 0


def find_webhook_secret(uuid: UUID) -> str | None:
    """Return the signing secret of a webhook endpoint of ours, or None when there is no such endpoint."""
    found: str | None = WebhookEndpoint.objects.filter(djstripe_uuid=uuid).values_list("secret", flat=True).first()
    return found or None
