"""What people can be told. Each kind is one declaration, made in `AppConfig.ready()` by the app that causes it.

A kind says how it reads, who may read it, and by which ways it goes. Kinds of one category are one row of the settings'
table. Words are made when they are read or sent, never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from digis.core.registry import Registry

if TYPE_CHECKING:
    from accounts.models import User
    from notifications.models import Notification, Reminder

EVERYWHERE: Final = frozenset({"inbox", "mail", "push"})
HEARD_LIVE, HEARD_ALL = "live", "all"


@dataclass(frozen=True)
class Text:
    """How a notification, or a group of them, reads. `url` is a path of ours: where the thing is."""

    title: str
    body: str = ""
    url: str = ""
    picture: str | None = None  # the address of an image, for push; a face's own where none is named
    face: User | None = None
    icon: str = "bell"  # where there is no face

    def __post_init__(self) -> None:
        if self.picture is None and self.face is not None and self.face.avatar:
            object.__setattr__(self, "picture", self.face.avatar.url)


def always(*_args: Any) -> bool:
    """Let everybody who was told see it."""
    return True


@dataclass(frozen=True)
class Kind:
    """One sort of news."""

    name: str  # "accounts.followed"
    category: str  # the row of the settings' table
    render: Callable[[Sequence[Notification]], Text]  # one, or a group, the newest first; translated when called
    can_view: Callable[[User, Notification], bool] = always  # asked when it is listed and when it is sent (NOT-2)
    channels: frozenset[str] = EVERYWHERE  # the ways it may go
    defaults: frozenset[str] = frozenset({"inbox"})  # those it goes when the person chose nothing
    mandatory: bool = False  # security, money, legal: never muted, never late for quiet hours or a digest (NOT-5)
    groups: bool = False  # several unread ones of a thing within the window are one line (NOT-3)
    expires_after: timedelta | None = None  # mail and push that come later say nothing that is true (NOT-4)
    late: Callable[[Sequence[Notification]], Text] | None = None  # what a browser shows in its place then
    is_urgent: bool = False  # a call does not wait for the morning
    bell: str = ""  # news of a creator one follows: heard at this level of the bell, "live" or "all"
    is_still_due: Callable[[Reminder], bool] = always  # a reminder asks this before it is told (NOT-9)


@dataclass(frozen=True)
class Category:
    """A row of the settings' table."""

    name: str
    title: Any
    text: Any = ""
    elsewhere: frozenset[str] = frozenset()  # ways by which other letters of ours tell the same, always
    position: int = 50


_kinds: Registry[Kind] = Registry("kinds of notifications")
_categories: Registry[Category] = Registry("categories of notifications")


def register_kind(kind: Kind) -> None:
    """Let this kind be told. Raises ImproperlyConfigured where its category is unknown, or muted only in part."""
    if kind.category not in _categories:
        raise ImproperlyConfigured(f"{kind.name}: register the category {kind.category!r} first.")
    if any(other.mandatory != kind.mandatory for other in kinds_of(kind.category)):
        raise ImproperlyConfigured(f"{kind.name}: a category is mandatory as a whole, or not at all (NOT-5).")
    if not kind.defaults <= kind.channels <= EVERYWHERE:
        raise ImproperlyConfigured(f"{kind.name}: its channels are some of {sorted(EVERYWHERE)}.")
    _kinds.register(kind.name, kind)


def register_category(category: Category) -> None:
    """Open a row of the settings' table."""
    _categories.register(category.name, category)


def get_kind(name: str) -> Kind:
    """Return a kind. Raises LookupError for one nobody registered."""
    kind = _kinds.get(name)
    if kind is None:
        raise LookupError(f"No app registered the kind {name!r}.")
    return kind


def kinds_of(category: str) -> list[Kind]:
    """Return the kinds of a category."""
    return [kind for _name, kind in _kinds.items() if kind.category == category]


def guarded_kinds() -> list[str]:
    """Return the names of kinds whose `can_view` has something to ask."""
    return [name for name, kind in _kinds.items() if kind.can_view is not always]


def known_kinds() -> list[str]:
    """Return the names of all kinds: rows of one that is gone are not shown."""
    return [name for name, _kind in _kinds.items()]


def get_category(name: str) -> Category | None:
    """Return a category, or None."""
    return _categories.get(name)


def list_categories() -> list[Category]:
    """Return the rows of the settings' table that have kinds, in their order."""
    found = (category for _name, category in _categories.items() if kinds_of(category.name))
    return sorted(found, key=lambda category: category.position)


# The rows of the table so far; an app that opens another one registers it beside its kinds.
CALLS: Final = "calls"
CREATORS: Final = "creators"
FOLLOWERS: Final = "followers"
REMINDERS: Final = "reminders"
MONEY: Final = "money"
SECURITY: Final = "security"
ACCOUNT: Final = "account"
DIGEST: Final = "digest"  # no row: all mail that may be turned off, as the digest's way out names it
MAILED: Final = frozenset({"mail"})

for _category in (
    Category(CALLS, _("Calls"), _("Who rings, and what you missed."), position=10),
    Category(CREATORS, _("Creators you follow"), _("What each one’s bell lets through."), position=20),
    Category(FOLLOWERS, _("New followers"), position=30),
    Category(REMINDERS, _("Reminders"), _("Before something ends or begins."), position=40),
    Category(MONEY, _("Payments and receipts"), _("What you paid, earned and got back."), position=70),
    Category(SECURITY, _("Security"), _("New devices, passwords, the second step."), elsewhere=MAILED, position=80),
    Category(ACCOUNT, _("Decisions about your account"), elsewhere=MAILED, position=90),
    Category(DIGEST, _("Digests and all other optional mail")),
):
    register_category(_category)
