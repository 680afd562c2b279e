"""What is to be said at a moment to come, unless its cause goes away before."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7


class Reminder(models.Model):
    """A notification to come. One per kind, thing, person and slot: it is told once (NOT-9)."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("Canceled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=80)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders")
    target_type = models.CharField(max_length=80)
    target_id = models.CharField(max_length=64)
    slot = models.CharField(max_length=40)  # which of a thing's reminders: "1 hour", "7 days"
    data = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "kind", "target_type", "target_id", "person", "slot", name="notifications_reminder_once"
            ),
        ]
        indexes = [
            models.Index("due_at", name="notifications_reminder_due", condition=Q(status="waiting")),
            models.Index("target_type", "target_id", name="notifications_reminder_of"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.slot}: {self.status}"
