"""People: one row each, whoever they are to whom (ACC-5: roles are capabilities, not a column)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts import handles
from digis.core import clock
from digis.core.ids import uuid7

ADULT = 18


def years_between(born: date, day: date) -> int:
    """Count whole years from a birth date to a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class UserManager(BaseUserManager["User"]):
    """Makes people for Django's own commands; the product signs people up through accounts.services."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Fan by default; a creator when `creator` exists and is approved; staff accounts are apart."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    username = models.CharField(_("handle"), max_length=30)
    handle_key = models.CharField(max_length=60, editable=False)  # folded: case, NFKC, confusables (ACC-4)
    display_name = models.CharField(_("display name"), max_length=80)
    birth_date = models.DateField(null=True, blank=True)
    bio = models.CharField(_("bio"), max_length=500, blank=True)
    location = models.CharField(_("place"), max_length=80, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    avatar = models.ImageField(upload_to="avatars/", blank=True)
    banner = models.ImageField(upload_to="banners/", blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(
        max_length=3, blank=True
    )  # prices are shown in it; empty until a browser named a region
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    is_listed = models.BooleanField(_("found in search"), default=True)
    shows_online = models.BooleanField(_("shows when online"), default=True)
    shows_last_seen = models.BooleanField(_("shows when last seen"), default=True)
    shows_in_call = models.BooleanField(_("shows when in a call"), default=True)
    shows_typing = models.BooleanField(_("shows when typing"), default=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.CharField(max_length=300, blank=True)
    suspended_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_once"),
            models.UniqueConstraint("handle_key", name="accounts_user_handle_once"),
        ]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("suspend_user", "Can suspend people and lift suspensions")]

    @override
    def __str__(self) -> str:
        return f"@{self.username}"

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the folded handle in step with the handle, whoever writes it."""
        self.handle_key = handles.fold(self.username)
        if (fields := kwargs.get("update_fields")) is not None and "username" in fields:
            kwargs["update_fields"] = {*fields, "handle_key"}
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.display_name or self.username

    @property
    def name(self) -> str:
        """What to call this person on a page."""
        return self.display_name or self.username

    @property
    def age(self) -> int | None:
        """Whole years since birth, or None where it was never asked."""
        return None if self.birth_date is None else years_between(self.birth_date, clock.today())

    @property
    def is_adult(self) -> bool:
        """Whether the person stated an age of 18 or more (ACC-10)."""
        return self.age is not None and self.age >= ADULT

    @property
    def is_email_verified(self) -> bool:
        """Whether the address was proven; spending and posting wait for it."""
        return self.email_verified_at is not None

    @property
    def is_suspended(self) -> bool:
        """Whether the person is limited to the shell of ACC-9."""
        return self.suspended_at is not None

    @property
    def hides_presence(self) -> bool:
        """Whether any standing kind of presence is switched off, so that others' come by asking, not by the socket."""
        return not (self.shows_online and self.shows_last_seen and self.shows_in_call)

    @property
    def is_approved_creator(self) -> bool:
        """Whether this person may sell. Reads `self.creator`: select_related it where many are shown."""
        creator = getattr(self, "creator", None)
        return creator is not None and creator.is_approved


class HandleHistory(models.Model):
    """A handle once used: it redirects and stays reserved for 30 days (ACC-4)."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="old_handles")
    username = models.CharField(max_length=30)
    handle_key = models.CharField(max_length=60)
    until = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("former handle")
        verbose_name_plural = _("former handles")
        indexes = [models.Index("handle_key", name="accounts_handle_history_key")]

    @override
    def __str__(self) -> str:
        return self.username


class Presence(models.Model):
    """When a person's browser was last heard on a socket. Here means within the last 60 s (DISC-2).

    `is_announced`: open pages were told that the person is here. It never says so itself: whoever asks reads the moment.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="presence")
    last_seen_at = models.DateTimeField()
    is_announced = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index("last_seen_at", name="accounts_presence_seen"),
            models.Index("last_seen_at", condition=models.Q(is_announced=True), name="accounts_presence_announced"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user_id} {self.last_seen_at:%F %T}"
