"""Fills an empty database with the demo: the people, their pictures, and a history replayed through the real services."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import transaction

from accounts import services as accounts
from accounts.models import Category, Presence, User
from calls import services as calls
from digis.core import clock
from digis.stack.demo_accounts import DEMO_PASSWORD, DEMO_TOTP_SECRET
from discovery.demo import past
from discovery.demo import people as cast
from discovery.demo.banners import BANNERS
from discovery.demo.creators import CREATORS
from discovery.demo.pictures import Studio
from economy import selectors as economy_reads
from economy import services as economy
from economy.services.past import record_past_purchase

FOLLOWS: Final = 3  # each creator follows so many others
BEAT: Final = timedelta(seconds=14)  # between heartbeats of a replayed call; over 15 s would count as lost
PAPERS: Final = 140  # so many days ago the creators who were paid out gave their tax details
ALWAYS: Final = timedelta(days=3650)  # how far ahead an always-online demo creator was “last heard”


def is_loaded() -> bool:
    """Tell whether the demo people are there already."""
    return User.objects.filter(email__iendswith=f"@{settings.DEMO_DOMAIN}").exists()


def load() -> dict[str, int]:
    """Load everything in one transaction and return what came: people, creators, calls."""
    looks = [(person.handle, person.look) for person in (*CREATORS, *cast.FANS)]
    studio = Studio(looks, BANNERS.items())
    try:
        with transaction.atomic():
            found = _load_people()
            _follow(found)
            _replay(found)
            _go_online(found)
            _hang_pictures(found, studio)
    finally:
        studio.close()
    return {"people": len(found) + len(cast.STAFF), "creators": len(CREATORS), "calls": len(cast.CALLS)}


def demo_id(handle: str) -> UUID:
    """Return the id a demo person has on every machine."""
    return uuid5(NAMESPACE_URL, f"https://{settings.DEMO_DOMAIN}/@{handle}")


def _days_ago(days: float, hour: int = 12) -> datetime:
    return (clock.now() - timedelta(days=days)).replace(hour=hour, minute=7, second=0, microsecond=0)


def _person(*, email: str, handle: str, name: str, joined: datetime, password: str, **fields: Any) -> User:
    return accounts.make_person(
        email=email,
        handle=handle,
        display_name=name,
        password_hash=password,
        id=demo_id(handle),
        created_at=joined,
        terms_accepted_at=joined,
        **fields,
    )


def _load_people() -> dict[str, User]:
    for position, category in enumerate(cast.CATEGORIES):
        Category.objects.update_or_create(
            pk=category.slug, defaults={"name": category.name, "picture": category.picture, "position": position}
        )
    password = make_password(DEMO_PASSWORD)  # one hash for all: hashing is slow on purpose
    found: dict[str, User] = {}
    count = len(CREATORS)
    for number, creator in enumerate(CREATORS):
        joined = _days_ago(40 + 5 * (count - number))
        with clock.at(joined):
            person = _person(
                email=cast.CREATOR_EMAIL if number == 0 else f"{creator.handle}@{settings.DEMO_DOMAIN}",
                handle=creator.handle,
                name=creator.name,
                joined=joined,
                password=password,
                bio=creator.bio,
                location=creator.place,
                languages=list(creator.languages),
                time_zone=creator.zone,
            )
            profile = accounts.make_creator(
                person=person, headline=creator.headline, categories=creator.categories, approved_at=joined
            )
            profile.is_featured = creator.is_featured
            profile.save(update_fields=["is_featured"])
            calls.set_offering(
                creator=person,
                video_rate=creator.video,
                voice_rate=creator.voice,
                bill_whole_minutes=creator.whole_minutes,
            )
        found[creator.handle] = person
    for fan in cast.FANS:
        joined = _days_ago(fan.joined)
        with clock.at(joined):
            found[fan.handle] = _person(
                email=fan.email, handle=fan.handle, name=fan.name, joined=joined, password=password,
                location=fan.place, languages=list(fan.languages), time_zone=fan.zone,
            )  # fmt: skip
    for email, handle, name, role in cast.STAFF:
        staff = _person(
            email=email, handle=handle, name=name, joined=_days_ago(60), password=password,
            is_staff=True, is_superuser=not role, groups=[role] if role else [],
        )  # fmt: skip
        accounts.enroll_totp(user=staff, secret=DEMO_TOTP_SECRET)
    return found


def _follow(found: dict[str, User]) -> None:
    dice = random.Random("follows")  # noqa: S311  the same everywhere, nothing secret
    creators = [creator.handle for creator in CREATORS]
    pairs = {(handle, other) for handle in creators for other in dice.sample(creators, FOLLOWS) if other != handle}
    pairs |= {(handle, "ana") for handle in dice.sample(creators[1:], 10)}
    pairs |= {("robin", other) for other in ("ana", "theo.mensah", "lucia", "sol.adeyemi", "otto", "malik")}
    pairs |= {("samira", other) for other in ("ana", "lucia", "hanneke")} | {("tomek", "ana"), ("tomek", "tomas.b")}
    for follower, followed in sorted(pairs):
        accounts.follow(follower=found[follower], followed=found[followed])


def _replay(found: dict[str, User]) -> None:
    """Let it all happen again, each thing at its time and in its turn; the ledger ends as if it had."""
    acts: list[tuple[datetime, Callable[[datetime], None]]] = []
    for fan in cast.FANS:
        for number, bought in enumerate(fan.bought):
            acts.append((_days_ago(bought[-1], hour=10), partial(_buy, found, fan.handle, number, bought)))
    for number, call in enumerate(sorted(cast.CALLS, key=lambda item: (-item.days, item.hour))):
        acts.append((_days_ago(call.days, hour=call.hour), partial(_talk, found, number, call)))
    for number, tip in enumerate(sorted((*cast.TIPS, *past.TIPS), key=lambda item: -item.days)):
        acts.append((_days_ago(tip.days, hour=21), partial(_tip, found, number, tip)))
    acts += past.list_acts(found, at=_days_ago)
    past.give_papers(found, at=_days_ago(PAPERS))
    for moment, act in sorted(acts, key=lambda item: item[0]):
        act(moment)
    while economy.mature_earnings():
        pass
    economy.fold_earnings()
    _close_months()


MONTHS = 12  # the past of the demo's money is shorter


def _close_months() -> None:
    """Close each month that is over as it was closed in its time."""
    month = clock.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [month := (month - timedelta(days=1)).replace(day=1) if back else month for back in range(MONTHS)]
    for beginning in reversed(months):
        closing = beginning + timedelta(hours=settings.STATEMENT_CLOSE_HOURS + 1)
        if closing < clock.now():
            with clock.at(closing):
                economy.close_months()


def _buy(found: dict[str, User], handle: str, number: int, bought: tuple[int, int, int, int], moment: datetime) -> None:
    tokens, bonus, minor, _days = bought
    with clock.at(moment):
        record_past_purchase(
            person=found[handle], tokens=tokens, bonus=bonus, minor=minor,
            currency=settings.TOKEN_CURRENCY, key=f"demo:{handle}:{number}",
        )  # fmt: skip
        economy.issue_invoices()


def _talk(found: dict[str, User], number: int, call: cast.DemoCall, moment: datetime) -> None:
    """Ring, pick up, talk and hang up."""
    fan, creator = found[call.fan], found[call.creator]
    with clock.at(moment):
        calls.set_availability(creator=creator, is_available=True)
        ring = calls.ring_creator(fan=fan, creator=creator, call_type=call.kind, key=f"demo:{number}")
    moment += timedelta(seconds=6)
    with clock.at(moment):
        running = calls.accept_ring(creator=creator, invitation_id=ring.pk)
    moment += timedelta(seconds=2)
    end = moment + timedelta(seconds=call.seconds)
    while moment < end:
        with clock.at(moment):
            for person in (fan, creator):
                calls.heartbeat(person=person, call_id=running.pk)
        moment = min(moment + BEAT, end)
    with clock.at(end):
        for person in (fan, creator):
            calls.heartbeat(person=person, call_id=running.pk)
        calls.hang_up(person=fan, call_id=running.pk)
        calls.set_availability(creator=creator, is_available=False)


def _tip(found: dict[str, User], number: int, tip: cast.DemoTip, moment: datetime) -> None:
    gifts = {gift.name: gift.pk for gift in economy_reads.list_gifts()}
    with clock.at(moment):
        economy.send_tip(
            payer=found[tip.fan], payee=found[tip.creator], amount=tip.tokens, message=tip.message,
            is_anonymous=tip.is_anonymous, key=f"demo:{number}",
            gift=economy.GiftChoice(gifts[tip.gift]) if tip.gift else None,
        )  # fmt: skip


def _go_online(found: dict[str, User]) -> None:
    """Have some creators pick up, as the one who signs in does; nobody sits behind the others, so their rings are missed."""
    calls.set_availability(creator=found["ana"], is_available=True)
    seen = clock.now().astimezone(UTC) + ALWAYS
    for creator in CREATORS:
        if creator.is_online:
            calls.set_availability(creator=found[creator.handle], is_available=True)
            Presence.objects.update_or_create(user=found[creator.handle], defaults={"last_seen_at": seen})


def _hang_pictures(found: dict[str, User], studio: Studio) -> None:
    creators = {creator.handle: creator for creator in CREATORS}
    drawn = dict(studio.people())
    banners = studio.banners()
    for handle, pictures in drawn.items():
        person = found[handle]
        creator = creators.get(handle)
        person.avatar.save(f"demo-{handle}.webp", ContentFile(pictures.face), save=False)
        if creator is not None:
            person.banner.save(f"demo-{handle}.webp", ContentFile(banners[creator.banner]), save=False)
            person.creator.portrait.save(f"demo-{handle}.webp", ContentFile(pictures.portrait), save=False)
            person.creator.save(update_fields=["portrait"])
        person.save(update_fields=["avatar", "banner"])
