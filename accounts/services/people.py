"""Signing up, the profile, the handle, privacy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts import handles
from accounts.errors import AddressTaken, HandleChangedRecently, HandleNotAllowed, HandleTaken, TooYoung
from accounts.events import SwitchesChanged
from accounts.models import HandleHistory, User
from accounts.models.people import years_between
from accounts.selectors import is_email_taken, is_handle_taken
from accounts.services import proofs
from accounts.services.codes import send_sign_in_code, send_verify_code
from accounts.services.locks import lock_name
from accounts.services.presence import announce_presence
from accounts.signals import person_joined
from digis.core import clock, realtime

MIN_AGE: Final = 13
HANDLE_PAUSE: Final = timedelta(days=30)
BCRYPT_MARKS: Final = ("$2a$", "$2b$", "$2y$")


@transaction.atomic
def sign_up(
    *,
    email: str,
    handle: str,
    display_name: str,
    birth_date: date,
    password: str | None = None,
    referral_code: str = "",
) -> User:
    """Make an account and mail its first code: one that proves the address, or, without a password, that signs in.

    `referral_code` is the word of the link the person came by; one that is nobody's is passed over. Raises TooYoung under
    13 (ACC-10), AddressTaken, HandleTaken, HandleNotAllowed (ACC-4), RateLimited. The caller has had the terms accepted.
    """
    if years_between(birth_date, clock.today()) < MIN_AGE:
        raise TooYoung(age=MIN_AGE)
    address, name = email.strip().lower(), handles.normalize(handle)
    lock_name(kind="email", name=address)
    lock_name(kind="handle", name=handles.fold(name))
    if is_email_taken(address):
        raise AddressTaken
    refuse_handle(name=name)
    person = User(
        email=address,
        username=name,
        display_name=display_name.strip(),
        birth_date=birth_date,
        terms_accepted_at=clock.now(),
    )
    _save_new(person, password)
    person_joined.send(sender=User, person=person, referral_code=referral_code)
    if password:
        send_verify_code(person=person)
    else:
        send_sign_in_code(email=address)
    return person


@transaction.atomic
def make_person(
    *,
    email: str,
    handle: str,
    display_name: str = "",
    password: str | None = None,
    password_hash: str = "",
    is_verified: bool = True,
    groups: Iterable[str] = (),
    **fields: Any,
) -> User:
    """Make an account for a trusted caller: demo data, tests, an import. No mail, no reserved names, no age limit.

    `password_hash` takes a hash of an older platform (bcrypt as it is), upgraded at the next sign-in. `groups` names
    staff roles. A verified person is announced by `person_verified` like any other. Raises IntegrityError where the
    address or handle is taken.
    """
    person = User(email=email.strip().lower(), username=handles.normalize(handle), display_name=display_name, **fields)
    if person.birth_date is None and not person.is_staff:
        person.birth_date = date(1990, 1, 1)
    person.set_password(password)
    if password_hash:
        person.password = f"bcrypt${password_hash}" if password_hash.startswith(BCRYPT_MARKS) else password_hash
    person.save(force_insert=True)
    for name in groups:
        person.groups.add(Group.objects.get_or_create(name=name)[0])
    if is_verified:
        proofs.prove_address(person=person)
    return person


@transaction.atomic
def save_profile(
    *,
    person: User,
    display_name: str,
    bio: str,
    location: str,
    languages: Sequence[str],
    time_zone: str,
    categories: Iterable[str] | None = None,
    headline: str | None = None,
    avatar: ContentFile[bytes] | None = None,
    banner: ContentFile[bytes] | None = None,
    remove: Iterable[str] = (),
) -> User:
    """Save what a person says about themself. Pictures come cleaned (`digis.core.files.clean_image`).

    `remove` names pictures to take away. `headline` and `categories` change the creator side where there is one.
    Files no longer used are deleted after the commit.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    person.display_name, person.bio, person.location = display_name.strip(), bio.strip(), location.strip()
    person.languages, person.time_zone, person.updated_at = list(languages), time_zone, clock.now()
    removed = set(remove)
    for field, picture in (("avatar", avatar), ("banner", banner)):
        if picture is not None:
            _replace_file(person, field, picture)
        elif field in removed:
            _replace_file(person, field, None)
    person.save()
    creator = getattr(person, "creator", None)
    if creator is not None:
        if headline is not None:
            creator.headline = headline.strip()
            creator.save(update_fields=["headline"])
        if categories is not None:
            creator.categories.set(list(categories))
    return person


def rename_handle(*, person: User, handle: str) -> User:
    """Give a person another handle; the old one leads to it, and is held, for 30 days. The same one changes nothing.

    Raises HandleChangedRecently within 30 days of the last time, HandleTaken, HandleNotAllowed (ACC-4).
    """
    name = handles.normalize(handle)
    try:
        with transaction.atomic():
            person = User.objects.select_for_update().get(pk=person.pk)
            if name == person.username:
                return person
            lock_name(kind="handle", name=handles.fold(name))
            last = HandleHistory.objects.filter(user=person.pk).order_by("-id").first()
            if last is not None and last.created_at + HANDLE_PAUSE > clock.now():
                raise HandleChangedRecently(day=f"{last.created_at + HANDLE_PAUSE:%d %B %Y}")
            refuse_handle(name=name, besides=person)
            HandleHistory.objects.create(
                user=person,
                username=person.username,
                handle_key=person.handle_key,
                until=clock.now() + HANDLE_PAUSE,
                created_at=clock.now(),
            )
            person.username, person.updated_at = name, clock.now()
            person.save(update_fields=["username", "updated_at"])
    except IntegrityError:
        raise HandleTaken(handle=name) from None
    return person


def refuse_handle(*, name: str, besides: User | None = None) -> None:
    """Raise HandleNotAllowed or HandleTaken unless the normalized handle is free for this person (ACC-4)."""
    if not handles.is_well_formed(name):
        raise HandleNotAllowed
    if handles.is_kept_back(name) or is_handle_taken(name, besides=besides):
        raise HandleTaken(handle=name)


def save_currency(*, person: User, currency: str) -> None:
    """Save in which currency a person is shown prices, and pays for packs that have a price in it."""
    person.currency = currency
    person.save(update_fields=["currency"])


def keep_first_currency(*, person: User, currency: str) -> None:
    """Keep the currency of the region a person's browser first named, unless they have one: sockets and letters use it."""
    if User.objects.filter(pk=person.pk, currency="").update(currency=currency):
        person.currency = currency


@transaction.atomic
def save_privacy(
    *,
    person: User,
    is_listed: bool,
    shows_online: bool,
    shows_last_seen: bool,
    shows_in_call: bool,
    shows_typing: bool,
) -> None:
    """Save who may find a person, and what others see of their presence; open pages follow at once.

    Reciprocal: what a person hides they do not see of others.
    """
    person.is_listed, person.shows_online, person.shows_last_seen = is_listed, shows_online, shows_last_seen
    person.shows_in_call, person.shows_typing = shows_in_call, shows_typing
    person.save(
        update_fields=["is_listed", "shows_online", "shows_last_seen", "shows_in_call", "shows_typing"],
    )
    announce_presence(people=[person.pk])
    realtime.publish_on_commit(SwitchesChanged(), to=f"user:{person.pk}")
    realtime.recheck_person(person.pk, "presence")  # a client that does not let go by itself is made to


def _save_new(person: User, password: str | None) -> None:
    person.set_password(password or None)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        if "email" in str(error):
            raise AddressTaken from None
        raise HandleTaken(handle=person.username) from None


def _replace_file(person: User, field: str, picture: ContentFile[bytes] | None) -> None:
    file = getattr(person, field)
    old, storage = file.name, file.storage
    if picture is None:
        setattr(person, field, "")
    else:
        file.save(picture.name or "picture.webp", picture, save=False)
    if old:
        transaction.on_commit(partial(storage.delete, old))
