"""Payouts in the admin: each with its way, to be approved or refused by somebody else than its creator (PAY-3)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin, TabularInline
from accounts.admin.people import staff_of
from digis.core.templatetags.digis import cents
from economy import selectors, services
from economy.models import Payout, PayoutAccount, PayoutBatch, PayoutStep


class StepInline(TabularInline):
    model = PayoutStep
    extra = 0
    can_delete = False
    fields = ["created_at", "state", "failure_code", "note", "actor"]
    readonly_fields = ["created_at", "state", "failure_code", "note", "actor"]
    ordering = ["id"]

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("economy.view_payout")


@admin.register(Payout)
class PayoutAdmin(ActingAdmin):
    acting_permission = "economy.review_payout"
    list_display = ["created_at", "creator", "amount", "kind", "state", "review_reason", "failure_code", "fault"]
    list_filter = ["state", "kind", ("fault", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["creator"]
    search_fields = ["id", "creator__username", "transfer_id", "stripe_payout_id"]
    date_hierarchy = "created_at"
    inlines = [StepInline]
    fieldsets = [
        (None, {"fields": ["creator", "amount", "tokens", "state", "kind", "review_reason", "waits_for", "fault"]}),
        (gettext_lazy("At Stripe"), {"fields": ["account_id", "transfer_id", "stripe_payout_id", "past_payout_ids", "bank", "arrives_at", "failure_code", "wish"]}),
        (gettext_lazy("Review"), {"fields": ["reviewed_by", "reviewed_at", "review_note"]}),
        (gettext_lazy("Working"), {"fields": ["batch", "place", "postings", "transfer_attempts", "bank_attempts", "reversal_attempts", "checks", "next_check_at", "moved_at", "created_at"]}),
    ]  # fmt: skip
    readonly_fields = ["amount", "waits_for"]

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, payout: Payout) -> str:
        return cents(payout.money)

    @admin.display(description=gettext_lazy("waits for"))
    def waits_for(self, payout: Payout) -> str:
        return " ".join(blocker.text for blocker in selectors.list_holdups_of(payout)) or "—"

    @override
    def list_acts(self, request: HttpRequest, row: Payout) -> list[dict[str, Any]]:
        if row.creator_id == request.user.pk:
            return []
        if row.fault:
            return [
                {
                    "name": "release",
                    "label": _("Look again"),
                    "text": _("Once its cause at Stripe is seen to: the payout goes on from what Stripe has."),
                    "needs_reason": True,
                }
            ]
        if row.can_be_asked_about:
            return [
                {
                    "name": "ask",
                    "label": _("Ask Stripe again"),
                    "text": _("The payout goes on from what Stripe says now. Doing it twice changes nothing."),
                    "needs_reason": True,
                }
            ]
        if row.state != Payout.State.IN_REVIEW:
            return []
        return [
            {
                "name": "approve",
                "label": _("Approve"),
                "text": _("%(amount)s leaves for the creator’s bank by itself.") % {"amount": cents(row.money)},
                "needs_reason": False,
            },
            {
                "name": "refuse",
                "label": _("Refuse"),
                "text": _("The tokens go back to the creator’s earnings, and they read this reason."),
                "needs_reason": True,
                "is_grave": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: Payout, act: str, reason: str) -> str:
        if act == "release":
            services.release_fault(payout_id=row.pk, staff=staff_of(request), reason=reason)
            return _("The payout is looked at again.")
        if act == "ask":
            asked = services.ask_about_payout(staff=staff_of(request), payout_id=row.pk, reason=reason)
            return _("Stripe was asked. The payout is: %(state)s.") % {"state": asked.get_state_display()}
        services.review_payout(payout_id=row.pk, staff=staff_of(request), approve=act == "approve", reason=reason)
        return _("The payout is approved.") if act == "approve" else _("The payout is refused.")


@admin.register(PayoutAccount)
class PayoutAccountAdmin(ActingAdmin):
    acting_permission = "economy.stop_payouts"
    list_display = ["creator", "country", "can_receive", "can_pay_out", "bank", "stopped_reason", "synced_at"]
    list_filter = ["can_pay_out", "is_gone", ("stopped_reason", admin.EmptyFieldListFilter)]
    list_select_related = ["creator"]
    search_fields = ["creator__username", "account_id"]
    exclude = ["bank_fingerprint"]

    @override
    def list_acts(self, request: HttpRequest, row: PayoutAccount) -> list[dict[str, Any]]:
        if row.creator_id == request.user.pk:
            return []
        if row.stopped_reason:
            return [
                {
                    "name": "allow",
                    "label": _("Let payouts go on"),
                    "text": _("What waits goes on by itself. The reason goes into the audit log."),
                    "needs_reason": True,
                }
            ]
        return [
            {
                "name": "stop",
                "label": _("Stop payouts"),
                "text": _("Nothing more leaves for this creator’s bank, and they read this reason."),
                "needs_reason": True,
                "is_grave": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: PayoutAccount, act: str, reason: str) -> str:
        if act == "stop":
            services.stop_payouts(creator=row.creator, staff=staff_of(request), reason=reason)
            return _("Payouts of @%(handle)s are stopped.") % {"handle": row.creator.username}
        services.allow_payouts(creator=row.creator, staff=staff_of(request), reason=reason)
        return _("Payouts of @%(handle)s go on.") % {"handle": row.creator.username}


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ReadOnlyAdmin):
    list_display = ["week", "created_at", "closed_at"]
