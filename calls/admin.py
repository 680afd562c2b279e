"""Calls for staff: to look at, and to bill again once the cause of a parked bill is mended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin, TabularInline
from accounts.admin.people import staff_of
from calls import services
from calls.models import Call, CallBeat, CallInvitation, CallMinute, CallOffering, CallPause, CallRate


class _Rows(TabularInline):
    """Rows of a call, to read."""

    extra = 0
    can_delete = False
    show_change_link = False

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RatesInline(_Rows):
    model = CallRate


class BeatsInline(_Rows):
    model = CallBeat
    fields = ["person", "joined_at", "run_started_at", "last_at", "is_here", "count"]


class MinutesInline(_Rows):
    model = CallMinute
    fields = ["minute", "amount", "fee", "transaction", "posted_at"]


class PausesInline(_Rows):
    model = CallPause


@admin.register(Call)
class CallAdmin(ActingAdmin):
    acting_permission = "calls.retry_call"
    list_display = [
        "number",
        "fan",
        "creator",
        "call_type",
        "status",
        "end_reason",
        "charged_tokens",
        "accepted_at",
        "parked_at",
    ]
    list_select_related = ["fan", "creator"]
    list_filter = ["status", "end_reason", "call_type", ("parked_at", admin.EmptyFieldListFilter)]
    search_fields = ["fan__username", "creator__username"]
    ordering = ["-id"]
    inlines = [RatesInline, BeatsInline, MinutesInline, PausesInline]

    @override
    def list_acts(self, request: HttpRequest, row: Call) -> list[dict[str, Any]]:
        if row.parked_at is None:
            return []
        return [
            {
                "name": "retry",
                "label": _("Bill again"),
                "text": _("Posts what the call owes and gives the rest of the hold back. Mend the cause first."),
                "needs_reason": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: Call, act: str, reason: str) -> str:
        call = services.retry_parked_call(call_id=row.pk, staff=staff_of(request), reason=reason)
        if call.parked_at is not None:
            return _("It still cannot be billed: %(why)s") % {"why": call.park_note}
        return _("Billed: %(tokens)s tokens.") % {"tokens": call.charged_tokens}


@admin.register(CallInvitation)
class CallInvitationAdmin(ReadOnlyAdmin):
    list_display = ["fan", "creator", "call_type", "rate", "status", "created_at", "answered_at"]
    list_select_related = ["fan", "creator"]
    list_filter = ["status", "call_type"]
    search_fields = ["fan__username", "creator__username"]
    ordering = ["-id"]


@admin.register(CallOffering)
class CallOfferingAdmin(ReadOnlyAdmin):
    list_display = ["creator", "video_rate", "voice_rate", "is_available", "bill_whole_minutes", "updated_at"]
    list_select_related = ["creator"]
    list_filter = ["is_available"]
    search_fields = ["creator__username"]
