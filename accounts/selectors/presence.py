"""Who is here, as a viewer may see it: online, last seen, in a call, typing.

Each kind has a switch, and each is reciprocal: whoever hides a kind does not see it of others. What a shop's sign says
is not presence: that an available creator picks up is written for everybody (DISC-2), by the apps above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from typing_extensions import override

from accounts.models import User
from accounts.selectors.people import visible_people
from digis.core import clock, registry

FORGET_AFTER: Final = timedelta(days=30)


class Kind(StrEnum):
    """What there is to see of a person's presence."""

    ONLINE = "online"
    LAST_SEEN = "last_seen"
    IN_CALL = "in_call"
    TYPING = "typing"


SWITCHES: Final = {
    Kind.ONLINE: "shows_online",
    Kind.LAST_SEEN: "shows_last_seen",
    Kind.IN_CALL: "shows_in_call",
    Kind.TYPING: "shows_typing",
}
STANDING: Final = frozenset({Kind.ONLINE, Kind.LAST_SEEN, Kind.IN_CALL})  # what pages show; typing passes by
SIGNED_OUT: Final = frozenset({Kind.IN_CALL})  # DISC-2: a card says to everybody why nobody picks up


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When somebody was here, coarse on purpose: whole hours in the first day, then whole days."""

    unit: str  # "hours" or "days"
    count: int  # 0 hours: within the last one

    @override
    def __str__(self) -> str:
        if self.unit == "days":
            text = ngettext("Last seen %(n)s day ago", "Last seen %(n)s days ago", self.count)
        elif self.count == 0:
            return _("Last seen within the hour")
        else:
            text = ngettext("Last seen %(n)s hour ago", "Last seen %(n)s hours ago", self.count)
        return text % {"n": self.count}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one viewer may see of one person. All nothing is what everybody sees who may not know."""

    is_online: bool = False
    is_in_call: bool = False
    last_seen: LastSeen | None = None

    def data(self) -> dict[str, Any]:
        """Return it for programs: no finer than a page says it."""
        seen = self.last_seen
        return {
            "is_online": self.is_online,
            "is_in_call": self.is_in_call,
            "last_seen": {"unit": seen.unit, "count": seen.count} if seen else None,
        }


NOTHING: Final = Shown()


def kinds_seen_by(viewer: User | AnonymousUser) -> frozenset[Kind]:
    """Return what a viewer may see of others: what they show themself. Signed out, only who is in a call."""
    if not isinstance(viewer, User):
        return SIGNED_OUT
    return frozenset(kind for kind, switch in SWITCHES.items() if getattr(viewer, switch))


def presence_of(viewer: User | AnonymousUser, people: Iterable[User | UUID]) -> dict[UUID, Shown]:
    """Return what a viewer may see of each of these people, in one query (DISC-1, DISC-2, MOD-1).

    Everybody asked for has an entry. Blocked either way, suspended or closed: nothing.
    """
    ids = [person.pk if isinstance(person, User) else person for person in people]
    found = with_presence(visible_people(viewer).filter(pk__in=ids), sees=kinds_seen_by(viewer))
    return dict.fromkeys(ids, NOTHING) | {person.pk: shown_of(person) for person in found}


def presence_in_full(person_id: UUID) -> Shown:
    """Return what viewers see who hide nothing themselves: what goes over the socket to them."""
    people = visible_people(AnonymousUser()).filter(pk=person_id)
    person = with_presence(people, sees=STANDING).first()
    return NOTHING if person is None else shown_of(person)


def with_presence(people: QuerySet[User], *, sees: frozenset[Kind]) -> QuerySet[Any]:  # Any: annotated
    """Annotate people with two facts, `is_heard` and `is_in_call`, and with what a viewer who sees these kinds is shown.

    The queryset twin of `presence_of`, for lists that filter or sort by it. The caller has narrowed to whom the viewer
    may know of. Facts are for deciding, `shown_*` for showing.
    """
    since = clock.now() - timedelta(seconds=settings.ONLINE_SECONDS)
    people = people.annotate(is_in_call=_is_in_call(), is_heard=_when(Q(presence__last_seen_at__gte=since)))
    seen = Case(When(shows_last_seen=True, then=F("presence__last_seen_at")), default=None)
    return people.annotate(
        shown_online=_when(Q(is_heard=True, shows_online=True)) if Kind.ONLINE in sees else _never(),
        shown_in_call=_when(Q(is_in_call=True, shows_in_call=True)) if Kind.IN_CALL in sees else _never(),
        shown_seen_at=seen if Kind.LAST_SEEN in sees else Value(None, output_field=DateTimeField()),
    )


def shown_of(person: Any) -> Shown:
    """Return what is shown of a person read through `with_presence`; costs no query."""
    return Shown(
        is_online=person.shown_online,
        is_in_call=person.shown_in_call,
        last_seen=None if person.shown_online else coarse(person.shown_seen_at),
    )


def coarse(moment: datetime | None) -> LastSeen | None:
    """Round when somebody was last here, down to whole hours or days; nothing after 30 days."""
    if moment is None:
        return None
    age = max(clock.now() - moment, timedelta(0))
    if age > FORGET_AFTER:
        return None
    hours = age // timedelta(hours=1)
    return LastSeen("hours", hours) if hours < 24 else LastSeen("days", hours // 24)


def may_see(viewer: User | AnonymousUser, person: User, kind: Kind) -> bool:
    """Tell whether both show this kind of presence. Whether they may know of each other is asked elsewhere."""
    return kind in kinds_seen_by(viewer) and getattr(person, SWITCHES[kind])


def may_show_typing(sender: User) -> bool:
    """Tell whether others may be told that somebody types."""
    return sender.shows_typing and sender.is_active and not sender.is_suspended


def may_see_typing(viewer: User) -> bool:
    """Tell whether somebody may be told that others type: only who shows it too."""
    return viewer.shows_typing


def may_hear_presence(viewer: User, person_id: str) -> bool:
    """Tell whether a viewer's socket may listen to a person's presence.

    One frame goes to all who listen, so they are those who hide nothing; whoever hides a kind asks by polling.
    """
    if viewer.is_suspended or not kinds_seen_by(viewer) >= STANDING:
        return False
    return visible_people(viewer).filter(pk=person_id).exists()


def _is_in_call() -> Expression | Case:
    held = Q()
    for kind in registry.occupations.values():
        held |= Q(kind.is_held(OuterRef("pk")))
    return _when(held) if held else _never()


def _when(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _never() -> Value:
    return Value(False, output_field=BooleanField())
