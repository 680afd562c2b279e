"""The audit log, and promises of the outbox that could not be kept."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from digis.core import audit, outbox
from digis.core.models import AuditEntry, OutboxEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "actor_label", "action", "target_type", "target_id", "reason"]
    list_filter = ["action", "target_type"]
    search_fields = ["actor_label", "action", "target_id", "reason", "request_id"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        "created_at",
        "actor_label",
        "actor_id",
        "action",
        "target_type",
        "target_id",
        "reason",
        "data",
        "request_id",
    ]


class StateFilter(admin.SimpleListFilter):
    """Parked rows are what staff come for."""

    title = gettext_lazy("state")
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("parked", _("Parked")), ("due", _("Waiting")), ("done", _("Done"))]

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "parked":
            return queryset.filter(parked_at__isnull=False)
        if self.value() == "due":
            return queryset.filter(parked_at__isnull=True, done_at__isnull=True)
        if self.value() == "done":
            return queryset.filter(done_at__isnull=False)
        return queryset


@admin.register(OutboxEntry)
class OutboxEntryAdmin(ActingAdmin):
    """The payload is not shown: a waiting mail holds its reader's code."""

    acting_permission = "core.change_outboxentry"
    list_display = ["kind", "state", "tries", "not_before", "created_at"]
    list_filter = [StateFilter, "kind"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["kind", "key", "state", "tries", "last_error", "created_at", "not_before", "parked_at", "done_at"]
    readonly_fields = ["state"]

    @admin.display(description=gettext_lazy("state"))
    def state(self, entry: OutboxEntry) -> str:
        if entry.done_at is not None:
            return _("Done")
        return _("Waiting") if entry.parked_at is None else _("Parked")

    @override
    def list_acts(self, request: HttpRequest, row: OutboxEntry) -> list[dict[str, Any]]:
        if row.parked_at is None:
            return []
        return [
            {
                "name": "retry",
                "label": _("Try again"),
                "text": _("It gets a fresh set of tries. Repair the cause first."),
                "needs_reason": False,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: OutboxEntry, act: str, reason: str) -> str:
        outbox.unpark(entry_ids=[row.pk])
        audit.record(actor=staff_of(request), action="core.outbox_unparked", target=row)
        return _("It is tried again within seconds.")
