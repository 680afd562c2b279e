"""What a person chooses: ways, bells, quiet hours, the digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import selectors as accounts
from accounts.models import User
from digis.core import clock
from digis.core.errors import NotFound, ValidationFailed
from notifications import selectors
from notifications.errors import CannotMute, NotFollowing
from notifications.kinds import DIGEST
from notifications.models import Bell, Channel, Delivery, Digest, Preference, QuietHours
from notifications.selectors.choices import find_quiet_end
from notifications.services.planning import next_digest_of, promise

WAITING: Final = Delivery.Status.WAITING


@transaction.atomic
def set_preference(*, person: User, category: str, channel: str, is_on: bool) -> None:
    """Turn a category on or off for one channel; `digest` stands for all mail the person may turn off. Repeatable.

    Raises CannotMute for what is mandatory (NOT-5), ValidationFailed for what the table does not offer.
    """
    rows = selectors.list_rows(person)
    if category == DIGEST:
        chosen = {
            (row.category.name, cell.channel): is_on
            for row in rows
            for cell in row.cells
            if cell.channel == channel and cell.is_free
        }
        _save(person, chosen)
        return
    cell = next(
        (cell for row in rows if row.category.name == category for cell in row.cells if cell.channel == channel), None
    )
    if cell is None or not cell.is_offered:
        raise ValidationFailed({"channel": [_("This cannot be chosen.")]})
    if cell.is_fixed:
        if not is_on:
            raise CannotMute
        return
    _save(person, {(category, channel): is_on})


@transaction.atomic
def set_preferences(*, person: User, ticked: Iterable[tuple[str, str]]) -> None:
    """Save the whole table: on are the boxes named as (category, channel), off all others a person may choose (NOT-5)."""
    wanted = set(ticked)
    chosen = {
        (row.category.name, cell.channel): (row.category.name, cell.channel) in wanted
        for row in selectors.list_rows(person)
        for cell in row.cells
        if cell.is_free
    }
    _save(person, chosen)


def _save(person: User, chosen: Mapping[tuple[str, str], bool]) -> None:
    now = clock.now()
    Preference.objects.bulk_create(
        [
            Preference(person=person, category=category, channel=Channel(channel), is_on=is_on, updated_at=now)
            for (category, channel), is_on in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["person", "category", "channel"],
        update_fields=["is_on", "updated_at"],
    )


@transaction.atomic
def set_bell(*, person: User, creator: User, level: str) -> Bell:
    """Choose how much to hear of a creator one follows: "all", "live" or "off". Repeatable.

    Raises NotFound where they may not know of each other (MOD-1), NotFollowing, ValidationFailed for another level.
    """
    if not accounts.can_view_profile(person, creator) or not creator.is_approved_creator:
        raise NotFound
    if level not in Bell.Level.values:
        raise ValidationFailed({"level": [_("Choose one of the three.")]})
    if not accounts.is_following(person, creator):
        raise NotFollowing(name=creator.name)
    bell, _is_new = Bell.objects.update_or_create(
        person=person, creator=creator, defaults={"level": level, "updated_at": clock.now()}
    )
    return bell


@transaction.atomic
def set_quiet_hours(*, person: User, starts: time | None, ends: time | None) -> None:
    """Keep mail and push back between two times of the person's own clock; none of both ends it (NOT-8). Repeatable.

    What waits for the end of the old hours goes when the new ones let it, perhaps at once. Raises ValidationFailed for one
    time alone, and for twice the same.
    """
    if (starts is None) != (ends is None):
        raise ValidationFailed({"ends" if ends is None else "starts": [_("Fill in both times, or none.")]})
    if starts is not None and starts == ends:
        raise ValidationFailed({"ends": [_("Choose two different times, or turn quiet hours off.")]})
    now = clock.now()
    held = _list_held(person, now)
    if starts is None or ends is None:
        QuietHours.objects.filter(pk=person.pk).delete()
    else:
        QuietHours.objects.update_or_create(person=person, defaults={"starts": starts, "ends": ends, "updated_at": now})
    due_at = find_quiet_end(person, now) or now
    for delivery in held:
        delivery.due_at = due_at
        promise(delivery)
    Delivery.objects.bulk_update(held, ["due_at"])


def _list_held(person: User, now: datetime) -> list[Delivery]:
    """List what waits for the end of the quiet hours a person has now, locked."""
    digest = selectors.find_digest(person)
    # Nothing else makes a mail or push by itself wait. Of a digest it is what missed its hour, not what waits for the next.
    held = Q(is_digest=False) | Q(is_digest=True, due_at=find_quiet_end(person, now))
    if digest is not None:
        held &= Q(is_digest=False) | ~Q(due_at=next_digest_of(digest, now))
    waiting = Delivery.objects.filter(held, notification__person=person.pk, status=WAITING, due_at__gt=now)
    return list(waiting.select_for_update(of=("self",)).select_related("notification"))


@transaction.atomic
def set_digest(*, person: User, rhythm: str, at: time, weekday: int = 0) -> Digest:
    """Have mail gathered into one letter a day or week, or send each by itself. Repeatable.

    `weekday` counts from Monday, 0, and matters weekly only. What waits for the old time goes at the new one; turned off,
    at once in a last digest. Raises ValidationFailed for another rhythm or day.
    """
    if rhythm not in Digest.Rhythm.values:
        raise ValidationFailed({"rhythm": [_("Choose one of the three.")]})
    if weekday not in range(7):
        raise ValidationFailed({"weekday": [_("Choose a day of the week.")]})
    digest, _is_new = Digest.objects.update_or_create(
        person=person, defaults={"rhythm": rhythm, "at": at, "weekday": weekday, "updated_at": clock.now()}
    )
    now = clock.now()
    due_at = next_digest_of(digest, now) if digest.is_on else now
    waiting = Delivery.objects.filter(notification__person=person.pk, is_digest=True, status=WAITING)
    if waiting.update(due_at=due_at):
        promise(waiting.select_related("notification")[0])
    return digest
