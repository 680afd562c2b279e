"""Browsers that asked to be woken."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7


class PushSubscription(models.Model):
    """A browser's address at its push service. It lives as long as the session that asked for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=1_000)
    p256dh = models.CharField(max_length=100)  # the browser's public key
    auth = models.CharField(max_length=40)  # and the secret it shares with whoever may write to it
    session_key = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    last_error = models.CharField(max_length=300, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("endpoint", name="notifications_push_endpoint_once"),
        ]
        indexes = [
            models.Index("person", "session_key", name="notifications_push_session"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.label} of {self.person_id}"
