"""Explore: facets in the address, one ordered queryset, and the counts beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, CharField, Count, F, Func, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import selectors as accounts
from accounts.models import Category, User
from digis.core.errors import NotFound
from discovery.selectors.cards import listed_creators

RATE_CEILING = 1_000_000  # sorts creators without rates behind all others


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a facet, or one facet in force: what it is called and the query string without it."""

    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Facets:
    """What a viewer asked explore for. Every value comes from the address and is valid or empty."""

    category: str = ""
    language: str = ""
    online: bool = False
    least: int | None = None
    most: int | None = None
    sort: str = "free"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything besides the category is asked for."""
        return bool(self.language or self.online or self.least is not None or self.most is not None)

    def without(self, name: str) -> Facets:
        """Return these facets with one of them dropped."""
        dropped: dict[str, Any] = {name: {"online": False, "least": None, "most": None}.get(name, "")}
        return replace(self, **dropped)


ORDERS: dict[str, str] = {
    "free": "-free_order",
    "followed": "-followed_order",
    "price": "price_order",
    "new": "-new_order",
}


def sort_choices() -> list[Choice]:
    """Return the orders a viewer may choose, the default first."""
    labels = {
        "free": _("Free now first"),
        "followed": _("Most followed"),
        "price": _("Lowest price"),
        "new": _("Newest"),
    }
    return [Choice("sort", value, label) for value, label in labels.items()]


def explore_creators(viewer: User | AnonymousUser, facets: Facets) -> tuple[QuerySet[Any], str]:  # Any: annotated
    """Return the creators that match, and the name of the column they are ordered by (DISC-1).

    “Free now first” puts who picks up before who is in a call before who is away, then by followers; “Newest” goes by
    the day staff approved them. Nothing is personal to the viewer.
    """
    creators = listed_creators(viewer)
    if facets.category:
        creators = creators.filter(creator__categories=facets.category)
    if facets.language:
        creators = creators.filter(languages__contains=[facets.language])
    if facets.online:
        creators = creators.filter(is_free=True)
    if facets.least is not None:
        creators = creators.filter(lowest_rate__gte=facets.least)
    if facets.most is not None:
        creators = creators.filter(lowest_rate__lte=facets.most)
    number = BigIntegerField()
    creators = creators.annotate(
        free_order=F("readiness") * Value(10_000_000_000, output_field=number) + F("followers_now"),
        followed_order=F("followers_now"),
        price_order=Coalesce("lowest_rate", Value(RATE_CEILING, output_field=number)),
        new_order=F("creator__approved_at"),
    )
    return creators, ORDERS[facets.sort]


def get_category(slug: str) -> Category:
    """Return a category. Raises NotFound."""
    category = accounts.list_categories().filter(pk=slug).first()
    if category is None:
        raise NotFound
    return category


def count_by_category(viewer: User | AnonymousUser) -> list[dict[str, Any]]:
    """Return every category with how many creators the viewer can find in it, in two queries (DISC-1)."""
    rows = (
        accounts.visible_creators(viewer)
        .order_by()
        .values("creator__categories")
        .annotate(people=Count("pk"))
        .values_list("creator__categories", "people")
    )
    counts = dict(rows)
    return [
        {"category": category, "people": counts.get(category.pk, 0), "picture_path": f"art/{category.picture}.svg"}
        for category in accounts.list_categories()
    ]


def list_languages(viewer: User | AnonymousUser) -> list[str]:
    """Return the codes of the languages that creators speak whom the viewer can find (DISC-1)."""
    spoken = Func(F("languages"), function="unnest", output_field=CharField())
    rows = (
        accounts.visible_creators(viewer).order_by().annotate(spoken=spoken).values_list("spoken", flat=True).distinct()
    )
    return sorted(rows)
