"""Appeals of suspended people, answered by somebody else than who suspended them (MOD-5)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from typing_extensions import override

from accounts import services
from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from accounts.models import Appeal


@admin.register(Appeal)
class AppealAdmin(ActingAdmin):
    acting_permission = "accounts.answer_appeal"
    list_display = ["user", "status", "suspended_by", "created_at", "answered_by"]
    list_select_related = ["user", "suspended_by", "answered_by"]
    list_filter = ["status"]
    search_fields = ["user__username", "user__email", "text"]
    ordering = ["created_at"]
    fields = [
        "user", "status", "suspension_reason", "suspended_at", "suspended_by", "text", "created_at", "answer",
        "answered_by", "answered_at",
    ]  # fmt: skip

    @override
    def list_acts(self, request: HttpRequest, row: Appeal) -> list[dict[str, Any]]:
        if row.status != Appeal.Status.OPEN or request.user.pk in {row.suspended_by_id, row.user_id}:
            return []
        return [
            {
                "name": "grant",
                "label": _("Grant"),
                "text": _("The suspension is lifted at once. They read this reason."),
                "needs_reason": True,
            },
            {
                "name": "decline",
                "label": _("Decline"),
                "text": _("The suspension stands. They read this reason, and may appeal again."),
                "needs_reason": True,
                "is_grave": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: Appeal, act: str, reason: str) -> str:
        services.answer_appeal(appeal_id=row.pk, staff=staff_of(request), is_granted=act == "grant", answer=reason)
        if act == "grant":
            return _("@%(handle)s is back.") % {"handle": row.user.username}
        return _("The appeal of @%(handle)s is declined.") % {"handle": row.user.username}
