"""What every database needs before the first token moves: the platform's accounts and the packs on the shelf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

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


def fill_after_migrate(*, using: str, **_kwargs: Any) -> None:
    """Open the platform's accounts and put missing packs on the shelf; what staff changed since stays."""
    from economy.models import Pack

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


def _is_ready(using: str) -> bool:
    """Say whether the posting functions are there: not while migrating back."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('economy_open_platform(timestamptz)') IS NOT NULL")
        return bool(cursor.fetchone()[0])
