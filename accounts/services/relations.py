"""Follow and block (MOD-1)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q

from accounts.models import Block, CreatorProfile, Follow, User
from accounts.permissions import require_good_standing
from accounts.selectors import can_view_profile
from accounts.signals import people_blocked, person_followed
from digis.core import realtime
from digis.core.errors import Forbidden, NotFound


@transaction.atomic
def follow(*, follower: User, followed: User) -> None:
    """Make one person follow another. Repeatable.

    Raises NotFound where they may not know of each other (MOD-1), Forbidden for oneself.
    """
    require_good_standing(follower)
    if follower.pk == followed.pk:
        raise Forbidden
    _lock_pair(follower, followed)
    if not can_view_profile(follower, followed):
        raise NotFound
    _row, is_new = Follow.objects.get_or_create(follower=follower, followed=followed)
    if is_new:
        CreatorProfile.objects.filter(user=followed.pk).update(follower_count=F("follower_count") + 1)
        person_followed.send(sender=Follow, follower=follower, followed=followed)


@transaction.atomic
def unfollow(*, follower: User, followed: User) -> None:
    """Make one person stop following another. Repeatable, also where it never was so."""
    _lock_pair(follower, followed)
    _drop_follows(Q(follower=follower.pk, followed=followed.pk))


@transaction.atomic
def block(*, blocker: User, blocked: User) -> None:
    """Block a person: from here on neither can see, follow, message, call or pay the other. Repeatable (MOD-1).

    Follows both ways end. The other side is not told. Raises Forbidden for oneself and for staff.
    """
    if blocker.pk == blocked.pk or blocked.is_staff:
        raise Forbidden
    _lock_pair(blocker, blocked)
    _row, is_new = Block.objects.get_or_create(blocker=blocker, blocked=blocked)
    if is_new:
        _drop_follows(Q(follower=blocker.pk, followed=blocked.pk) | Q(follower=blocked.pk, followed=blocker.pk))
        realtime.drop_subscription(f"presence:{blocked.pk}", blocker.pk)
        realtime.drop_subscription(f"presence:{blocker.pk}", blocked.pk)
        people_blocked.send(sender=Block, blocker=blocker, blocked=blocked)


@transaction.atomic
def unblock(*, blocker: User, blocked: User) -> None:
    """Take a block back. Repeatable. Follows do not come back by themselves; the other side's own block stays."""
    Block.objects.filter(blocker=blocker.pk, blocked=blocked.pk).delete()


def _lock_pair(a: User, b: User) -> None:
    """Hold both people, in id order, so that a follow and a block at the same moment take turns."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=[a.pk, b.pk]).order_by("pk").values_list("pk"))


def _drop_follows(which: Q) -> None:
    for row in Follow.objects.filter(which):
        row.delete()
        CreatorProfile.objects.filter(user=row.followed_id, follower_count__gt=0).update(
            follower_count=F("follower_count") - 1
        )
