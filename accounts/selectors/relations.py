"""Follows and blocks. A block is total and mutual: whoever asks, in either direction (MOD-1)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Block, Follow, User


def is_blocked_between(a: User | AnonymousUser, b: User | AnonymousUser) -> bool:
    """Tell whether either of two people blocks the other. Nobody learns which (MOD-1)."""
    if a.pk is None or b.pk is None:
        return False
    return Block.objects.filter(Q(blocker=a.pk, blocked=b.pk) | Q(blocker=b.pk, blocked=a.pk)).exists()


def with_no_block(viewer: User | AnonymousUser, people: QuerySet[User], *, person: str = "pk") -> QuerySet[User]:
    """Narrow people to those with no block towards or from the viewer; two index look-ups a row."""
    if viewer.pk is None:
        return people
    return people.exclude(
        Exists(Block.objects.filter(blocker=viewer.pk, blocked=OuterRef(person)))
        | Exists(Block.objects.filter(blocked=viewer.pk, blocker=OuterRef(person)))
    )


def is_following(follower: User | AnonymousUser, followed: User) -> bool:
    """Tell whether one person follows another."""
    return follower.pk is not None and Follow.objects.filter(follower=follower.pk, followed=followed.pk).exists()


def followed_ids(follower: User | AnonymousUser, ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the ids that a person follows, in one query."""
    if follower.pk is None:
        return set()
    return set(
        Follow.objects.filter(follower=follower.pk, followed__in=list(ids)).values_list("followed_id", flat=True)
    )


def list_following(viewer: User | AnonymousUser) -> QuerySet[User]:
    """List whom a person follows and may still see, newest follow first, with their creator side."""
    from accounts.selectors.people import visible_people

    if viewer.pk is None:
        return User.objects.none()
    return (
        visible_people(viewer)
        .filter(followers__follower=viewer.pk)
        .select_related("creator")
        .order_by("-followers__id")
    )


def list_followers(person: User) -> QuerySet[User]:
    """List who follows a person, newest first."""
    from accounts.selectors.people import visible_people

    return visible_people(person).filter(following__followed=person.pk).order_by("-following__id")


def list_blocked(person: User) -> QuerySet[Block]:
    """List the blocks a person made, newest first, with the people blocked."""
    return Block.objects.filter(blocker=person.pk).select_related("blocked").order_by("-id")
