"""What the pages that mix apps show: the pitch, the signed-in home, and a creator's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import selectors as accounts
from accounts.models import Category, User
from calls import selectors as calls
from calls.models import Call, CallType
from digis.core.errors import NotFound
from discovery.selectors.cards import Card, Status, card_of, draft_card_of, list_cards, listed_creators
from discovery.selectors.explore import count_by_category
from notifications import selectors as notifications

RAIL = 10
RAIL_FOLLOWING = 6
EXAMPLE_MINUTES = (1, 5, 15)


@dataclass(frozen=True, slots=True)
class Pitch:
    """The front page for people who are not signed in."""

    faces: list[Card]  # three who stand for all, in the hero
    free: list[Card]
    categories: list[dict[str, Any]]
    makers: list[Card]  # two beside the call to earn


@dataclass(frozen=True, slots=True)
class Home:
    """The front page for people who are."""

    following: list[Card]
    free: list[Card]
    new: list[Card]
    categories: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CreatorPage:
    """A creator's page as one viewer may see it."""

    card: Card
    person: User
    redirect_to: str | None  # the handle as it is written now, where the address says another
    is_own: bool
    is_public: bool
    is_following: bool
    bell: str  # how much the viewer hears of them
    categories: list[Category]
    calls_taken: int
    quotes: list[calls.Quote]
    whole_minutes: bool
    refusal: calls.Refusal | None
    alike: list[Card]

    @property
    def price_rows(self) -> list[dict[str, Any]]:
        """What calls of 1, 5 and 15 minutes cost, a row for each kind."""
        return [
            {"label": CallType(quote.call_type).label, "amounts": [minutes * quote.rate for minutes in EXAMPLE_MINUTES]}
            for quote in self.quotes
        ]


def get_pitch() -> Pitch:
    """Return the signed-out front page: who picks up, and staff's choice of faces, in five queries (DISC-1)."""
    nobody = AnonymousUser()
    creators = listed_creators(nobody)
    featured = creators.exclude(creator__portrait="").order_by("-creator__is_featured", "-followers_now", "pk")
    faces = list_cards(featured[:5])
    free = list_cards(creators.filter(readiness__gt=0).order_by("-readiness", "-followers_now", "pk")[:RAIL])
    return Pitch(faces=faces[:3], makers=faces[3:5], free=free, categories=_categories(nobody))


def get_home(viewer: User) -> Home:
    """Return the signed-in front page: who the viewer follows, who picks up, who is new (DISC-1)."""
    creators = listed_creators(viewer).exclude(pk=viewer.pk)
    following = creators.filter(followers__follower=viewer.pk).order_by("-readiness", "-followers__id")
    free = creators.filter(readiness__gt=0).order_by("-readiness", "-followers_now", "pk")
    new = creators.order_by("-creator__approved_at", "-pk")
    return Home(
        following=list_cards(following[:RAIL]),
        free=list_cards(free[:RAIL]),
        new=list_cards(new[:RAIL]),
        categories=_categories(viewer),
    )


def _categories(viewer: User | AnonymousUser) -> list[dict[str, Any]]:
    return [row for row in count_by_category(viewer) if row["people"]]


def list_rail_following(viewer: User | AnonymousUser) -> list[Card]:
    """Return the creators a viewer follows for the rail beside every page: who picks up first, in one query."""
    if not isinstance(viewer, User):
        return []
    people = listed_creators(viewer, listed_only=False).filter(followers__follower=viewer.pk)
    return list_cards(people.order_by("-readiness", "-followers__id")[:RAIL_FOLLOWING])


def get_creator_page(viewer: User | AnonymousUser, handle: str) -> CreatorPage:
    """Return a creator's page, or raise NotFound for whoever may not know of it (DISC-1, MOD-1, ACC-4).

    Approved creators are seen by everybody without a block between; a creator sees their own page before approval too,
    marked as not public. People who are not creators have no page.
    """
    found, redirect_to = accounts.resolve_handle(handle)
    is_own = viewer.pk == found.pk
    if not accounts.can_view_profile(viewer, found):
        raise NotFound
    person: Any = listed_creators(viewer, listed_only=False).filter(pk=found.pk).first()
    is_public = person is not None
    if person is None:
        if not is_own or getattr(found, "creator", None) is None:
            raise NotFound
        person = found
    card = card_of(person) if is_public else draft_card_of(person)
    offering = getattr(person, "call_offering", None)
    categories = list(person.creator.categories.all())
    return CreatorPage(
        card=card,
        person=person,
        redirect_to=redirect_to,
        is_own=is_own,
        is_public=is_public,
        is_following=accounts.is_following(viewer, person),
        bell=notifications.get_bell_level(viewer, person),
        categories=categories,
        calls_taken=Call.objects.filter(creator=person.pk, status=Call.Status.ENDED, charged_tokens__gt=0).count(),
        quotes=calls.list_quotes(viewer, offering),
        whole_minutes=bool(offering and offering.bill_whole_minutes),
        refusal=_refusal(viewer, card, offering, is_own=is_own),
        alike=_alike(viewer, person, categories),
    )


def _refusal(viewer: User | AnonymousUser, card: Card, offering: Any, *, is_own: bool) -> calls.Refusal | None:
    """Say why the call button does not call, or None; signed-out people are led to sign in instead."""
    name = card.person.display_name
    if is_own:
        return calls.Refusal("OWN", _("This is your own page."))
    if card.rate is None:
        return calls.Refusal("NOT_OFFERED", _("%(name)s does not offer calls yet.") % {"name": name})
    if card.status == Status.BUSY:
        return calls.Refusal("BUSY", _("%(name)s is in a call. This page shows when they are free.") % {"name": name})
    if card.status == Status.AWAY:
        return calls.Refusal("AWAY", _("%(name)s is away. This page shows when they pick up again.") % {"name": name})
    return None if isinstance(viewer, AnonymousUser) else calls.can_call(viewer, card.person, offering=offering)


def _alike(viewer: User | AnonymousUser, person: User, categories: list[Category]) -> list[Card]:
    if not categories:
        return []
    near = Q(pk__in=User.objects.filter(creator__categories__in=categories).values("pk"))
    people = listed_creators(viewer).filter(near).exclude(pk__in=[person.pk, viewer.pk] if viewer.pk else [person.pk])
    return list_cards(people.order_by("-readiness", "-followers_now", "pk")[:4])
