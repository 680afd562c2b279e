"""Who somebody is, and who may see them."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts import handles
from accounts.models import EmailChange, HandleHistory, User
from accounts.selectors.relations import is_blocked_between, with_no_block
from digis.core import clock
from digis.core.errors import NotFound

PAYOUT_PAUSE = timedelta(hours=72)  # after a change of e-mail (ACC-3)


def get_person(*, id: UUID | str) -> User:  # noqa: A002  # the contract's name
    """Return the person with this id. Raises NotFound."""
    person = User.objects.filter(pk=id).select_related("creator").first()
    if person is None:
        raise NotFound
    return person


def get_person_by_handle(handle: str) -> User:
    """Return whoever bears this handle or one that looks like it. Raises NotFound (ACC-4)."""
    person = User.objects.filter(handle_key=handles.fold(handle)).select_related("creator").first()
    if person is None:
        raise NotFound
    return person


def resolve_handle(handle: str) -> tuple[User, str | None]:
    """Find the person an address `/@handle/` means, and the handle to redirect to where it is not written so.

    A former handle leads to its owner for 30 days. Raises NotFound (ACC-4).
    """
    key = handles.fold(handle)
    person = User.objects.filter(handle_key=key).select_related("creator").first()
    if person is None:
        former = (
            HandleHistory.objects.filter(handle_key=key, until__gt=clock.now())
            .select_related("user__creator")
            .order_by("-id")
            .first()
        )
        if former is None:
            raise NotFound
        person = former.user
    return person, (None if handle == person.username else person.username)


def find_by_email(email: str) -> User | None:
    """Return the active person with this address, or None."""
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def find_by_login(login: str) -> User | None:
    """Return the active person meant by an e-mail address or a handle, or None."""
    login = login.strip()
    if "@" in login[1:]:
        return find_by_email(login)
    return User.objects.filter(handle_key=handles.fold(login), is_active=True).first() if login else None


def has_password(person: User) -> bool:
    """Tell whether the person signs in by password at all, or only by codes."""
    return person.has_usable_password()


def is_email_taken(email: str, *, besides: User | None = None) -> bool:
    """Tell whether an address belongs to somebody, or may still be taken back by its owner (ACC-3)."""
    address = email.strip()
    owners = User.objects.filter(email__iexact=address)
    held = EmailChange.objects.filter(old_email__iexact=address, undone_at=None, undo_until__gt=clock.now())
    if besides is not None:
        owners, held = owners.exclude(pk=besides.pk), held.exclude(user=besides.pk)
    return owners.exists() or held.exists()


def is_handle_taken(handle: str, *, besides: User | None = None) -> bool:
    """Tell whether a handle, or one that looks like it, is borne or held for its former bearer (ACC-4)."""
    key = handles.fold(handle)
    bearers = User.objects.filter(handle_key=key)
    held = HandleHistory.objects.filter(handle_key=key, until__gt=clock.now())
    if besides is not None:
        bearers, held = bearers.exclude(pk=besides.pk), held.exclude(user=besides.pk)
    return bearers.exists() or held.exists()


def list_free_handles(handle: str, *, name: str = "", limit: int = 3) -> list[str]:
    """Suggest free handles near one that is taken."""
    plain = re.sub(
        r"[^a-z0-9]+", ".", unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    )
    words = [word for word in plain.split(".") if word]
    year = clock.today().year % 100
    ideas = [
        ".".join(words),
        "_".join(words),
        "".join(words),
        f"{handle}_",
        f"{handle}.{year}",
        f"its.{handle}",
        f"{handle}.live",
    ]
    free: list[str] = []
    for idea in dict.fromkeys(ideas):
        if len(free) < limit and idea != handle and handles.is_well_formed(idea) and not handles.is_kept_back(idea):
            free += [] if is_handle_taken(idea) else [idea]
    return free


def find_recent_email_change(person: User) -> EmailChange | None:
    """Return a change of address within 72 hours: payouts wait for it to settle (ACC-3)."""
    return EmailChange.objects.filter(user=person.pk, undone_at=None, created_at__gt=clock.now() - PAYOUT_PAUSE).first()


def visible_people(viewer: User | AnonymousUser) -> QuerySet[User]:
    """List people a viewer may know of: active, not suspended, no block either way (DISC-1, MOD-1)."""
    return with_no_block(viewer, User.objects.filter(is_active=True, suspended_at=None))


def visible_creators(viewer: User | AnonymousUser, *, listed_only: bool = True) -> QuerySet[User]:
    """List approved creators a viewer may know of, with their creator side in the same query (DISC-1).

    People who chose not to be found are left out, unless `listed_only` is off.
    """
    creators = (
        visible_people(viewer).filter(creator__approved_at__isnull=False, is_staff=False).select_related("creator")
    )
    return creators.filter(is_listed=True) if listed_only else creators


def can_view_profile(viewer: User | AnonymousUser, person: User) -> bool:
    """Tell whether a viewer may see a person at all; where not, the answer is 404 (MOD-1)."""
    if viewer.pk == person.pk:
        return True
    if not person.is_active or person.is_suspended:
        return False
    return not is_blocked_between(viewer, person)
