"""What every database needs before the first token moves: the platform's accounts, packs and gifts on the shelf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connections, router

from digis.core import clock


@dataclass(frozen=True, slots=True)
class Shelf:
    """One pack as the shop window has it."""

    id: str
    tokens: int
    bonus_tokens: int
    amount_minor: int
    is_default: bool = False


PACKS: Final = (
    Shelf("01930000-0000-7000-8000-0000000000c8", 200, 0, 1_000),
    Shelf("01930000-0000-7000-8000-0000000001f4", 500, 15, 2_500, is_default=True),
    Shelf("01930000-0000-7000-8000-0000000003e8", 1_000, 50, 5_000),
    Shelf("01930000-0000-7000-8000-0000000009c4", 2_500, 200, 12_500),
)


# What they cost in other currencies, for development: by its own rates of the euro, pound and yen.
PRICES: Final = {
    "EUR": (900, 2_200, 4_400, 10_900),
    "GBP": (800, 1_900, 3_800, 9_500),
    "JPY": (1_600, 3_900, 7_800, 19_500),
}


@dataclass(frozen=True, slots=True)
class Present:
    """One gift as the catalog has it: a name and its drawing."""

    id: str
    name: str
    picture: str
    tokens: int


GIFTS: Final = (
    Present("01930000-0000-7000-8000-00000000610a", "Coffee", "coffee", 10),
    Present("01930000-0000-7000-8000-000000006119", "Flower", "flower", 25),
    Present("01930000-0000-7000-8000-000000006132", "Star", "star", 50),
    Present("01930000-0000-7000-8000-000000006164", "Cake", "cake", 100),
    Present("01930000-0000-7000-8000-0000000061fa", "Kite", "kite", 250),
    Present("01930000-0000-7000-8000-0000000063f4", "Lighthouse", "lighthouse", 500),
)


def fill_after_migrate(*, using: str, **_kwargs: Any) -> None:
    """Open the platform's accounts and put missing packs and gifts on the shelf; what staff changed since stays."""
    from economy.models import Gift, Pack
    from economy.services.rates import fill_fixed_rates

    if not router.allow_migrate_model(using, Pack) or not _is_ready(using):
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT economy_open_platform(%s)", [clock.now()])
    Pack.objects.using(using).bulk_create(
        [
            Pack(
                id=UUID(pack.id),
                tokens=pack.tokens,
                bonus_tokens=pack.bonus_tokens,
                amount_minor=pack.amount_minor,
                is_default=pack.is_default,
                position=position,
            )
            for position, pack in enumerate(PACKS)
        ],
        ignore_conflicts=True,
    )
    Gift.objects.using(using).bulk_create(
        [
            Gift(id=UUID(gift.id), name=gift.name, picture=gift.picture, tokens=gift.tokens, position=position)
            for position, gift in enumerate(GIFTS)
        ],
        ignore_conflicts=True,
    )
    if _is_there("economy_exchangerate", using):
        fill_fixed_rates(using=using)
    if settings.RATES_FIXED and _is_there("economy_packprice", using):
        _price_elsewhere(using)


def _price_elsewhere(using: str) -> None:
    from economy.models import PackPrice

    rows = [
        PackPrice(pack_id=UUID(pack.id), currency=currency, amount_minor=minor)
        for currency, prices in PRICES.items()
        for pack, minor in zip(PACKS, prices, strict=True)
    ]
    PackPrice.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def _is_there(table: str, using: str) -> bool:
    """Say whether a younger table is there: not while migrating back."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(cursor.fetchone()[0])


def _is_ready(using: str) -> bool:
    """Say whether the posting functions are there: not while migrating back."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('economy_open_platform(timestamptz)') IS NOT NULL")
        return bool(cursor.fetchone()[0])
