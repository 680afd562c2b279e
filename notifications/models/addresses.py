"""What became of mail after it left, and addresses that get none."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from notifications.models.inbox import Delivery


class Suppression(models.Model):
    """An address that mail came back from, or whose owner called it spam: nothing goes there until it is lifted (NOT-7)."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "bounce", _("Mail came back")
        COMPLAINT = "complaint", _("Marked as spam")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address = models.EmailField(max_length=254)
    reason = models.CharField(max_length=9, choices=Reason)
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()  # when it happened, by the provider's clock
    lifted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("address"), name="notifications_suppression_once"),
        ]
        permissions = [("lift_suppression", "Can let mail reach an address again")]

    @override
    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"

    @property
    def is_standing(self) -> bool:
        """Whether it holds mail back now."""
        return self.lifted_at is None


class MailEvent(models.Model):
    """What a mail provider said of one letter. Kept once, however often it is told."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=20)
    address = models.EmailField(max_length=254, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="mail_events")
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("provider", "event_id", name="notifications_mail_event_once"),
        ]
        indexes = [
            models.Index("created_at", name="notifications_mail_event_age"),
            models.Index(
                fields=["address", "-happened_at"], name="notifications_mail_event_of", condition=~Q(address="")
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.provider}: {self.kind}"
