"""Appeals: a suspended person's word, and the answer of somebody else than who suspended them (ACC-9, MOD-5)."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.models.people import User
from digis.core import clock
from digis.core.ids import uuid7

APPEAL_FOR = timedelta(days=183)  # six months (MOD-5)


class Appeal(models.Model):
    """What a person said against their suspension, kept whole with that suspension and with what became of it."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")
        LIFTED = "lifted", _("Lifted without an answer")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("person"))
    suspended_at = models.DateTimeField()
    suspended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    suspension_reason = models.CharField(max_length=300, blank=True)
    text = models.TextField(max_length=2000)
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    answer = models.CharField(max_length=300, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", condition=models.Q(status="open"), name="accounts_one_open_appeal"),
            models.CheckConstraint(
                condition=~models.Q(status__in=["granted", "declined"])
                | ~models.Q(answer="") & models.Q(answered_by__isnull=False),
                name="accounts_appeal_has_answer",
            ),
            models.CheckConstraint(  # MOD-5
                condition=~models.Q(status__in=["granted", "declined"])
                | models.Q(suspended_by__isnull=True)
                | ~models.Q(suspended_by=models.F("answered_by")),
                name="accounts_appeal_other_staff",
            ),
        ]
        indexes = [
            models.Index("status", "created_at", name="accounts_appeal_queue"),
            models.Index(fields=["user", "-created_at"], name="accounts_appeal_user"),
        ]
        permissions = [("answer_appeal", "Can answer appeals")]

    @override
    def __str__(self) -> str:
        return f"{self.user} {self.status}"
