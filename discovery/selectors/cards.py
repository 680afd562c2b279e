"""Creators as cards: the one queryset every surface starts from, and what a card says of each (DISC-1, DISC-2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Least
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import selectors as accounts
from accounts.models import User
from accounts.selectors import Shown


class Status:
    """Whether a creator picks up: free, busy in a call, or away."""

    FREE = "free"
    BUSY = "busy"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card, a rail or a page's head says of a creator."""

    person: User
    status: str
    presence: Shown
    video_rate: int | None
    voice_rate: int | None

    @property
    def url(self) -> str:
        """The creator's page."""
        return reverse("discovery:creator", kwargs={"handle": self.person.username})

    @property
    def headline(self) -> str:
        """What they do, in five words."""
        return self.person.creator.headline

    @property
    def picture(self) -> str:
        """The address of the 4:5 portrait, else of the face, else nothing."""
        portrait = self.person.creator.portrait or self.person.avatar
        return portrait.url if portrait else ""

    @property
    def rate(self) -> int | None:
        """Tokens for the cheapest minute they offer."""
        return min((rate for rate in (self.video_rate, self.voice_rate) if rate is not None), default=None)

    @property
    def status_word(self) -> str:
        """One word for narrow places; nothing when away."""
        return {Status.FREE: _("Free"), Status.BUSY: _("In a call")}.get(self.status, "")


def listed_creators(viewer: User | AnonymousUser, *, listed_only: bool = True) -> QuerySet[Any]:  # Any: annotated
    """List the creators a viewer may find, with rates, status and presence in the same query (DISC-1, DISC-2).

    Home, explore, search, counts and suggestions all start here. `is_free` is heartbeat within 60 s, availability,
    a rate, and no call: the sign on the door, which hangs there for everybody. Who is in a call and who was here is
    presence, shown as both sides' switches say; `lowest_rate` is the cheapest minute.
    """
    creators = accounts.visible_creators(viewer, listed_only=listed_only)
    return _with_status(creators, sees=accounts.kinds_seen_by(viewer))


def find_public_card(person_id: UUID) -> Card | None:
    """Return a creator's card as viewers see it who hide nothing themselves, or None: what goes over the socket."""
    creators = accounts.visible_creators(AnonymousUser(), listed_only=False).filter(pk=person_id)
    if not creators.exists():
        return None  # of most people who come there is nothing to show, which is cheap to find out
    person = _with_status(creators, sees=accounts.STANDING).first()
    return None if person is None else card_of(person)


def _with_status(creators: QuerySet[User], *, sees: frozenset[accounts.Kind]) -> QuerySet[Any]:
    creators = accounts.with_presence(creators, sees=sees).select_related("creator", "call_offering")
    creators = creators.annotate(lowest_rate=Least("call_offering__video_rate", "call_offering__voice_rate"))
    free = Q(is_in_call=False, is_heard=True, call_offering__is_available=True, lowest_rate__isnull=False)
    return creators.annotate(
        is_free=Case(When(free, then=Value(True)), default=Value(False), output_field=BooleanField()),
        readiness=Case(
            When(free, then=Value(2)),
            When(shown_in_call=True, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        ),
        followers_now=F("creator__follower_count"),
    )


def card_of(person: Any) -> Card:
    """Return the card of a person read through `listed_creators`; costs no query."""
    presence = accounts.shown_of(person)
    status = Status.FREE if person.is_free else Status.BUSY if presence.is_in_call else Status.AWAY
    return _card(person, status, presence)


def draft_card_of(person: User) -> Card:
    """Return the card of a creator whom nobody else sees yet."""
    return _card(person, Status.AWAY, Shown())


def _card(person: User, status: str, presence: Shown) -> Card:
    offering = getattr(person, "call_offering", None)
    return Card(
        person=person,
        status=status,
        presence=presence,
        video_rate=offering.video_rate if offering else None,
        voice_rate=offering.voice_rate if offering else None,
    )


def list_cards(people: Iterable[Any]) -> list[Card]:
    """Return the cards of people read through `listed_creators`, in one query in all."""
    return [card_of(person) for person in people]
