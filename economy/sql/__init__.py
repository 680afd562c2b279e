"""The posting functions, as files that read as SQL, and how services call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

FOLDER = Path(__file__).parent
FUNCTIONS = (
    "accounts",
    "post",
    "fold",
    "limits",
    "earnings",
    "spend",
    "holds",
    "grants",
    "debts",
    "transfers",
    "purchases",
    "refunds",
    "disputes",
    "payouts",
    "adjustments",
)  # in loading order


class Outcome(NamedTuple):
    """One row of `economy_outcome`."""

    ord: int
    outcome: str
    transaction_id: UUID | None
    amount: int
    share: int
    fee: int
    covered: int
    held: int
    spendable: int


def read(name: str) -> str:
    """Return the text of `<name>.sql`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def load() -> str:
    """Return the statements that put the present types and functions in the place of whatever was there.

    Tables that a function names may come with a later migration: bodies are looked at when they run.
    """
    texts = [read("drop"), read("types_drop"), read("types"), *(read(name) for name in FUNCTIONS)]
    return "\n".join(["SET LOCAL check_function_bodies = off;", *texts])


def rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    """Run one statement that returns one row."""
    (row,) = rows(statement, parameters)
    return row
