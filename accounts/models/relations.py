"""How people stand to each other. A block is a fact here; every surface reads it (MOD-1)."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models.people import User
from digis.core import clock


class Follow(models.Model):
    """One person follows another, without paying."""

    id = models.BigAutoField(primary_key=True)
    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="following")
    followed = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("follower", "followed", name="accounts_follow_once"),
            models.CheckConstraint(condition=~models.Q(follower=models.F("followed")), name="accounts_follow_other"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followed_id}"


class Block(models.Model):
    """One person blocks another; the effect is total and mutual."""

    id = models.BigAutoField(primary_key=True)
    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_made")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_met")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("blocker", "blocked", name="accounts_block_once"),
            models.CheckConstraint(condition=~models.Q(blocker=models.F("blocked")), name="accounts_block_other"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"
