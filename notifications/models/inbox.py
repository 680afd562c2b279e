"""What a person was told, and how each telling left: one row per event and person, one more per channel (NOT-1)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7


class Channel(models.TextChoices):
    INBOX = "inbox", _("On Digis")
    MAIL = "mail", _("E-mail")
    PUSH = "push", _("Push")


class Notification(models.Model):
    """One event, told to one person. Its words are made when they are read: they obey what the person may see (NOT-2)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=80)
    category = models.CharField(max_length=40)
    key = models.CharField(max_length=200)  # the event's: told again, it is the same row
    group = models.UUIDField()  # the first row of those that read as one line; its own id where it stands alone
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict, blank=True)
    is_listed = models.BooleanField(default=True)  # stands in the inbox, not only on its way by mail or push
    expires_at = models.DateTimeField(null=True, blank=True)  # mail and push that come later are dropped (NOT-4)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "key", name="notifications_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["person", "-created_at", "-id"], name="notifications_inbox", condition=Q(is_listed=True)
            ),
            models.Index(
                "person", "kind", name="notifications_unread", condition=Q(is_listed=True, read_at__isnull=True)
            ),
            models.Index("group", "created_at", name="notifications_group"),
            models.Index("target_type", "target_id", name="notifications_target"),
            models.Index("created_at", name="notifications_age"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} to {self.person_id}"

    @property
    def is_read(self) -> bool:
        """Whether the person has seen it, in whatever tab."""
        return self.read_at is not None


class Delivery(models.Model):
    """One notification on its way by one channel. The id is the Message-ID of a mail: a repeat is the same letter."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Dropped")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Came back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=5, choices=Channel)
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=300, blank=True)  # why it was dropped or failed, for staff
    is_digest = models.BooleanField(default=False)  # goes with others in one letter
    due_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=255, blank=True)  # what the provider's news of bounces calls it
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint("notification", "channel", name="notifications_delivery_once"),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="notifications_delivery_sent_when"
            ),
        ]
        indexes = [
            models.Index("due_at", name="notifications_delivery_due", condition=Q(status="waiting")),
            models.Index("provider_id", name="notifications_provider", condition=~Q(provider_id="")),
        ]
        permissions = [("retry_delivery", "Can send failed deliveries again")]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.status}"
