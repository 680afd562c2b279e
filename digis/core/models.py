"""The core's own tables. They know people by id only: the core stands below every app."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from typing_extensions import override

from digis.core import clock


class OutboxEntry(models.Model):
    """Something that must happen after a commit, at least once: a mail, a receipt, a transfer to start."""

    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200, blank=True)
    payload = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=clock.now)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "outbox entries"
        indexes: ClassVar = [
            models.Index(
                fields=["not_before", "id"],
                name="core_outbox_due",
                condition=Q(done_at__isnull=True, parked_at__isnull=True),
            ),
            models.Index(
                fields=["kind", "key"],
                name="core_outbox_key",
                condition=Q(done_at__isnull=True, parked_at__isnull=True) & ~Q(key=""),
            ),
            models.Index(fields=["done_at"], name="core_outbox_done", condition=Q(done_at__isnull=False)),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class AuditEntry(models.Model):
    """Who did what to what, and why. Never changed, never deleted: triggers see to it."""

    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=80, blank=True)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index(fields=["target_type", "target_id", "-id"], name="core_audit_target"),
            models.Index(fields=["actor_id", "-id"], name="core_audit_actor"),
            models.Index(fields=["action", "-id"], name="core_audit_action"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"


class AuditSeal(models.Model):
    """The link of one committed entry in the chain: hash(previous hash, entry). Made by the sealer, in commit order."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(position__gte=1), name="core_seal_position_from_one"),
            models.UniqueConstraint("hash", name="core_seal_hash_once"),
            models.UniqueConstraint("previous_hash", name="core_seal_no_fork"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.position} {self.hash[:12]}"


class IdempotencyRecord(models.Model):
    """An act that was done under a key, and where its result lies."""

    person_id = models.UUIDField()
    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    ref = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person_id", "scope", "key"], name="core_idempotency_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="core_idempotency_age")]

    @override
    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class LimitHit(models.Model):
    """Uses counted in PostgreSQL while Valkey is gone (digis.core.limits)."""

    key = models.CharField(max_length=120)
    window_at = models.DateTimeField()
    hits = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "window_at"], name="core_limit_window_once")]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="core_limit_expiry")]

    @override
    def __str__(self) -> str:
        return f"{self.key} {self.hits}"


class WorkerHeartbeat(models.Model):
    """When a worker last did a task that beat sent: says that beat, broker and worker all live."""

    name = models.CharField(primary_key=True, max_length=120)
    beat_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-beat_at"], name="core_heartbeat_last")]

    @override
    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%F %T}"
