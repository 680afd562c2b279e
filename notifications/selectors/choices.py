"""What a person chose to hear, and by which ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet

from accounts import selectors as accounts
from accounts.models import Follow, User
from notifications import hours
from notifications.kinds import HEARD_ALL, Category, Kind, kinds_of, list_categories
from notifications.models import Bell, Channel, Digest, Preference, QuietHours

CHANNELS = (Channel.INBOX, Channel.MAIL, Channel.PUSH)


@dataclass(frozen=True, slots=True)
class Cell:
    """One box of the settings' table."""

    channel: str
    label: str
    is_offered: bool
    is_on: bool
    is_fixed: bool  # ticked for good: mandatory, or told by a letter of another room

    @property
    def is_free(self) -> bool:
        """Whether the person decides."""
        return self.is_offered and not self.is_fixed


@dataclass(frozen=True, slots=True)
class Row:
    """One category of the settings' table."""

    category: Category
    cells: list[Cell]
    is_mandatory: bool


def list_rows(person: User) -> list[Row]:
    """Return the settings' table with what the person chose, or the defaults, in one query."""
    chosen = {
        (row.category, row.channel): row.is_on for row in Preference.objects.filter(person=person.pk).only(*FIELDS)
    }
    return [_row(category, chosen) for category in list_categories()]


FIELDS = ("category", "channel", "is_on")


def _row(category: Category, chosen: dict[tuple[str, str], bool]) -> Row:
    kinds = kinds_of(category.name)
    offered = frozenset[str]().union(*(kind.channels for kind in kinds))
    defaults = frozenset[str]().union(*(kind.defaults for kind in kinds))
    is_mandatory = any(kind.mandatory for kind in kinds)
    cells = []
    for channel in CHANNELS:
        is_fixed = channel in category.elsewhere or (is_mandatory and channel in offered)
        cells.append(
            Cell(
                channel=channel.value,
                label=str(channel.label),
                is_offered=channel in offered or is_fixed,
                is_on=is_fixed or chosen.get((category.name, channel.value), channel in defaults),
                is_fixed=is_fixed,
            )
        )
    return Row(category, cells, is_mandatory)


def list_wanted(person: User, kind: Kind) -> set[str]:
    """Return the ways by which a person hears of a kind: all of them where it is mandatory (NOT-5)."""
    if kind.mandatory:
        return set(kind.channels)
    chosen = dict(Preference.objects.filter(person=person.pk, category=kind.category).values_list("channel", "is_on"))
    defaults = frozenset[str]().union(*(other.defaults for other in kinds_of(kind.category)))
    return {channel for channel in kind.channels if chosen.get(channel, channel in defaults)}


def wants(person: User, kind: Kind, channel: str) -> bool:
    """Tell whether a person hears of a kind this way."""
    return channel in list_wanted(person, kind)


# ── Quiet hours and digests ─────────────────────────────────────────────────────────────────


def find_quiet_hours(person: User) -> QuietHours | None:
    """Return when a person wants quiet, or None."""
    return QuietHours.objects.filter(pk=person.pk).first()


def get_digest(person: User) -> Digest:
    """Return how a person wants mail gathered, or the defaults where they never said."""
    return Digest.objects.filter(pk=person.pk).first() or Digest(person=person)


def find_digest(person: User) -> Digest | None:
    """Return how a person wants mail gathered, or None where each goes by itself."""
    found = get_digest(person)
    return found if found.is_on else None


def find_quiet_end(person: User, now: datetime) -> datetime | None:
    """Return when the quiet that holds a moment ends for a person, or None outside of quiet hours (NOT-8)."""
    quiet = find_quiet_hours(person)
    if quiet is None:
        return None
    return hours.quiet_until(now, starts=quiet.starts, ends=quiet.ends, zone=person.time_zone)


# ── Bells ───────────────────────────────────────────────────────────────────────────────────


def get_bell_level(person: User | AnonymousUser, creator: User) -> str:
    """Return how much a person hears of a creator: live only where they never chose, nothing without following."""
    if person.pk is None or not accounts.is_following(person, creator):
        return Bell.Level.OFF
    level = Bell.objects.filter(person=person.pk, creator=creator.pk).values_list("level", flat=True).first()
    return level or Bell.Level.LIVE


def hears_bell(person: User, creator: User, needed: str) -> bool:
    """Tell whether news that needs a level of the bell reaches a person."""
    level = get_bell_level(person, creator)
    return level == Bell.Level.ALL or (needed != HEARD_ALL and level == Bell.Level.LIVE)


def list_bell_listeners(creator: User, *, needed: str, after: int = 0) -> QuerySet[Follow]:
    """List the follows of those who hear news of a creator, in the order they began: a long list is told in parts."""
    follows = Follow.objects.filter(followed=creator.pk, pk__gt=after).select_related("follower").order_by("pk")
    bells = Bell.objects.filter(person=OuterRef("follower"), creator=creator.pk)
    if needed == HEARD_ALL:
        return follows.filter(Exists(bells.filter(level=Bell.Level.ALL)))
    return follows.exclude(Exists(bells.filter(level=Bell.Level.OFF)))


def list_bell_levels(person: User, creator_ids: list[UUID]) -> dict[UUID, str]:
    """Return the levels a person chose for creators, by creator, in one query."""
    rows = Bell.objects.filter(person=person.pk, creator__in=creator_ids)
    return dict(rows.values_list("creator_id", "level"))
