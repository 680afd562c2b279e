"""Buying tokens by a program: an order by its key, together with where the buyer says that they live."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from digis.core.idempotency import fingerprint_of, run_once
from economy.models import Purchase
from economy.selectors import has_purchase
from economy.services.places import declare_tax_place
from economy.services.purchases import start_purchase


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase, and whether its key was used before."""

    purchase: Purchase
    is_replay: bool


def order_purchase(
    *,
    person: User,
    key: str,
    place: str = "",
    pack_id: UUID | None = None,
    tokens: int | None = None,
    return_url: str = "",
    seen_country: str = "",
) -> Order:
    """Store an order and open its page as `start_purchase` does, and keep the `place` that it names as where they live.

    Both are stored or neither: an order that is refused leaves the person where they lived, and so does the same key again,
    which returns the first purchase (LEDGER-4). Raises IdempotencyConflict for the same key with another place, pack, number
    of tokens or return address; ValidationFailed for a place that is none (`place`), and all that `start_purchase` raises.
    """
    was_known = has_purchase(person, key=key)  # before orders were kept by their fingerprint

    def start(*, opens_page: bool) -> Purchase:
        return start_purchase(
            person=person,
            key=key,
            pack_id=pack_id,
            tokens=tokens,
            return_url=return_url,
            seen_country=seen_country,
            opens_page=opens_page,
        )

    def store() -> Purchase:
        if place and not was_known:
            declare_tax_place(person=person, place=place)
        return start(opens_page=False)

    _stored, is_replay = run_once(
        person=person,
        scope="purchase",
        key=key,
        fingerprint=fingerprint_of(place=place, pack=pack_id, tokens=tokens, return_url=return_url),
        act=store,
        load=lambda ref: Purchase.objects.get(pk=ref),
        ref=lambda purchase: str(purchase.pk),
    )
    return Order(start(opens_page=True), is_replay or was_known)
