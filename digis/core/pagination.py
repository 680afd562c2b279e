"""Lists by cursor: the next page starts after the last row seen, however many rows came or went meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from digis.core.errors import ValidationFailed

M = TypeVar("M", bound=Model)
SALT = "digis.cursor"


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of rows, and where the next one starts. Iterating it gives the rows."""

    items: Sequence[M]
    next_cursor: str | None
    next_url: str | None = None  # the present address with the cursor in it: "Load more" is a link

    def __iter__(self) -> Iterator[M]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_next(self) -> bool:
        return self.next_cursor is not None


def cursor_page(
    queryset: QuerySet[M], *, request: HttpRequest, order: str, size: int = 24, parameter: str = "cursor"
) -> Page[M]:
    """Return the page that the request's cursor asks for, in one query.

    `order` names fields that are never null, "-created_at" or "-score,name"; the primary key is added so that the
    order is total. A cursor that was made for another order, or by somebody else, raises ValidationFailed.
    """
    names = [name.strip() for name in order.split(",") if name.strip()]
    if not any(name.lstrip("-") in {"pk", "id"} for name in names):
        names.append("-pk" if names[0].startswith("-") else "pk")
    rows = queryset.order_by(*names)
    given = request.GET.get(parameter, "")
    if given:
        rows = rows.filter(_after(names, _decode(given, names)))
    found = list(rows[: size + 1])
    items = found[:size]
    if len(found) <= size:
        return Page(items, None)
    cursor = _encode(items[-1], names)
    query = request.GET.copy()
    query[parameter] = cursor
    return Page(items, cursor, f"{request.path}?{query.urlencode()}")


def _after(names: list[str], values: list[Any]) -> Q:
    """Return the condition "sorted after these values": a > x, or a = x and b > y, and so on."""
    condition = Q()
    equal = Q()
    for name, value in zip(names, values, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return condition


def _encode(row: Model, names: list[str]) -> str:
    values = []
    for name in names:
        value: Any = row
        for part in name.lstrip("-").split("__"):
            value = getattr(value, part)
        values.append(_pack(value))
    return signing.dumps([",".join(names), values], salt=SALT)


def _decode(cursor: str, names: list[str]) -> list[Any]:
    try:
        order, values = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        order, values = "", []
    if order != ",".join(names):
        raise ValidationFailed({"cursor": [_("This page of the list is gone. Start again from the top.")]})
    return [_unpack(value) for value in values]


def _pack(value: Any) -> Any:
    """Write a value so that JSON carries it: a pair of kind and text where JSON has no such kind."""
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, UUID):
        return ["u", str(value)]
    return value


def _unpack(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, text = value
    if kind == "t":
        return parse_datetime(text)
    return parse_date(text) if kind == "d" else UUID(text)
