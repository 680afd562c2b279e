"""One-time codes sent by e-mail, kept hashed (ACC-2)."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models.people import User
from digis.core import clock
from digis.core.ids import uuid7


class EmailCode(models.Model):
    """A 6-digit code and the secret of its link; one use, 15 minutes, five tries."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in"
        VERIFY = "verify"
        RESET = "reset"
        CHANGE = "change"
        STEP_UP = "step_up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="codes")
    email = models.EmailField(max_length=254)
    purpose = models.CharField(max_length=12, choices=Purpose)
    code_hash = models.CharField(max_length=128)
    link_hash = models.CharField(max_length=128)
    tries_left = models.PositiveSmallIntegerField(default=5)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["email", "purpose", "-created_at"], name="accounts_code_email"),
            models.Index(fields=["expires_at"], name="accounts_code_expiry"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.purpose} {self.email}"


class EmailChange(models.Model):
    """An address that was replaced. Its owner may take it back for 72 hours (ACC-3)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField(max_length=254)
    new_email = models.EmailField(max_length=254)
    undo_hash = models.CharField(max_length=128)
    undo_until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="accounts_change_user"),
            models.Index(fields=["old_email"], name="accounts_change_old"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.old_email} to {self.new_email}"


class Device(models.Model):
    """A browser this person signed in from before. A sign-in from another one is told to the owner by mail."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    label = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("user", "token_hash", name="accounts_device_once")]
        indexes = [models.Index(fields=["token_hash"], name="accounts_device_token")]  # whose else it is (LEDGER-9)

    @override
    def __str__(self) -> str:
        return self.label
