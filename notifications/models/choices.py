"""What a person chose: by which ways they hear of what, when they want quiet, and whose bell rings."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from notifications.models.inbox import Channel


def morning() -> time:
    """Return when a digest goes where nobody chose."""
    return time(9)


class Preference(models.Model):
    """One box of the settings' table that a person ticked or cleared; the others keep their kind's default."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    category = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=Channel)
    is_on = models.BooleanField()
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "category", "channel", name="notifications_preference_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.category} by {self.channel}: {'on' if self.is_on else 'off'}"


class Bell(models.Model):
    """How much a person wants to hear of one creator they follow. Without a row: when they are live."""

    class Level(models.TextChoices):
        ALL = "all", _("Everything")
        LIVE = "live", _("Live only")
        OFF = "off", _("Nothing")

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bells")
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bells_heard")
    level = models.CharField(max_length=4, choices=Level, default=Level.LIVE)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "creator", name="notifications_bell_once"),
            models.CheckConstraint(condition=~Q(person=F("creator")), name="notifications_bell_other"),
        ]
        indexes = [models.Index("creator", "level", "person", name="notifications_bell_heard")]

    @override
    def __str__(self) -> str:
        return f"{self.person_id} hears {self.level} of {self.creator_id}"


class QuietHours(models.Model):
    """From when to when a person hears nothing by mail and push, on the clock of their own zone (NOT-8)."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="quiet_hours"
    )
    starts = models.TimeField()
    ends = models.TimeField()
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "quiet hours"

    @override
    def __str__(self) -> str:
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"


class Digest(models.Model):
    """One letter with everything instead of many: how often, on which day and at what time of the person's zone."""

    class Rhythm(models.TextChoices):
        OFF = "off", _("Off: each by itself")
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="digest"
    )
    rhythm = models.CharField(max_length=6, choices=Rhythm, default=Rhythm.OFF)
    at = models.TimeField(default=morning)
    weekday = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)])  # from Monday, 0
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(weekday__lte=6), name="notifications_digest_weekday")]

    @override
    def __str__(self) -> str:
        return f"{self.rhythm} at {self.at:%H:%M}"

    @property
    def is_on(self) -> bool:
        """Whether mail waits to be gathered."""
        return self.rhythm != self.Rhythm.OFF

    @property
    def day(self) -> int | None:
        """The day of the week, or None for every day."""
        return self.weekday if self.rhythm == self.Rhythm.WEEKLY else None
