"""What accounts hold about a person, for their export (LAW-9). No secrets, and of others only their handles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import Model, QuerySet

from accounts.models import (
    Appeal,
    Block,
    CreatorApplication,
    Device,
    EmailChange,
    Follow,
    HandleHistory,
    Presence,
    User,
)

PROFILE = (
    "id", "username", "display_name", "email", "email_verified_at", "birth_date", "bio", "location", "languages",
    "time_zone", "currency", "terms_accepted_at", "is_listed", "shows_online", "shows_last_seen", "shows_in_call", "shows_typing",
    "suspended_at", "suspension_reason", "created_at", "last_login",
)  # fmt: skip


def list_personal_data(person: User) -> Iterator[dict[str, Any]]:
    """Yield one dictionary for each thing known about a person; `kind` names what it is."""
    yield {"kind": "profile", **{name: getattr(person, name) for name in PROFILE}}
    yield {"kind": "pictures", "avatar": person.avatar.name, "banner": person.banner.name}
    creator = getattr(person, "creator", None)
    if creator is not None:
        categories = list(creator.categories.values_list("slug", flat=True))
        yield {"kind": "creator", "headline": creator.headline, "categories": categories, "since": creator.approved_at}
    for kind, rows, fields in _tables(person):
        for row in rows.values(*fields):
            yield {"kind": kind, **row}


def _tables(person: User) -> Iterable[tuple[str, QuerySet[Any, Model], tuple[str, ...]]]:
    return (
        ("presence", Presence.objects.filter(user=person.pk), ("last_seen_at",)),
        ("former_handle", HandleHistory.objects.filter(user=person.pk), ("username", "until", "created_at")),
        ("email_change", EmailChange.objects.filter(user=person.pk), ("old_email", "new_email", "created_at")),
        ("device", Device.objects.filter(user=person.pk), ("label", "created_at", "last_seen_at")),
        (
            "session",
            UserSession.objects.filter(user=person.pk),
            ("ip", "user_agent", "created_at", "last_seen_at"),
        ),
        ("follows", Follow.objects.filter(follower=person.pk), ("followed__username", "created_at")),
        ("followed_by", Follow.objects.filter(followed=person.pk), ("follower__username", "created_at")),
        ("blocks", Block.objects.filter(blocker=person.pk), ("blocked__username", "created_at")),
        (
            "creator_application",
            CreatorApplication.objects.filter(user=person.pk),
            ("status", "headline", "about", "category_slugs", "links", "submitted_at", "decided_at", "reason"),
        ),
        (
            "appeal",
            Appeal.objects.filter(user=person.pk),
            ("suspended_at", "suspension_reason", "text", "status", "answer", "answered_at", "created_at"),
        ),
    )
