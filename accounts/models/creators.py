"""Creators: a capability a person gains when staff approve it (ACC-6)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.models.people import User
from digis.core import clock
from digis.core.ids import uuid7


class Category(models.Model):
    """What creators do, a short list staff keep."""

    slug = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=60)
    picture = models.CharField(max_length=60, blank=True)  # name of a drawn scene in static/art
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        verbose_name_plural = _("categories")

    @override
    def __str__(self) -> str:
        return self.name


class CreatorProfile(models.Model):
    """The creator side of a person; a row exists from the first draft on, `approved_at` opens the gate."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="creator")
    headline = models.CharField(_("what you do, in five words"), max_length=80, blank=True)
    categories = models.ManyToManyField(Category, blank=True, related_name="creators")
    approved_at = models.DateTimeField(null=True, blank=True)
    portrait = models.ImageField(_("portrait"), upload_to="avatars/portraits/", blank=True)  # 4:5, fills cards
    is_featured = models.BooleanField(default=False)
    follower_count = models.PositiveIntegerField(default=0)  # derived, reconciled (POST-11)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("creator")
        indexes = [models.Index("approved_at", name="accounts_creator_approved")]

    @override
    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_approved(self) -> bool:
        """Whether staff opened the gate to selling."""
        return self.approved_at is not None


class CreatorApplication(models.Model):
    """A request to become a creator, kept whole with its decision."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PENDING = "pending", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="creator_applications")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    headline = models.CharField(max_length=80, blank=True)
    about = models.TextField(max_length=2000, blank=True)
    category_slugs = models.JSONField(default=list, blank=True)
    links = models.TextField(max_length=600, blank=True)  # one address a line, read by staff only
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    reapply_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user", condition=models.Q(status__in=["draft", "pending"]), name="accounts_one_open_application"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="refused") | ~models.Q(reason=""), name="accounts_refusal_has_reason"
            ),
        ]
        indexes = [models.Index("status", "submitted_at", name="accounts_application_queue")]
        permissions = [("decide_creatorapplication", "Can approve and refuse creator applications")]

    @override
    def __str__(self) -> str:
        return f"{self.user} {self.status}"
