"""What differs from Stripe's books, for staff to see to, and the runs that compared them (PAY-10)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from digis.core.templatetags.digis import cents
from economy import services
from economy.models import Finding, Reconciliation


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("open")), ("resolved", _("resolved"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        if self.value() not in {"open", "resolved"}:
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() == "open")


@admin.register(Finding)
class FindingAdmin(ActingAdmin):
    acting_permission = "economy.resolve_finding"
    list_display = ["opened_at", "kind", "subject", "amount", "stripe_says", "we_say", "last_seen_at", "resolved_at", "resolved_by"]  # fmt: skip
    list_filter = [OpenFilter, "kind", "opened_at"]
    list_select_related = ["resolved_by"]
    search_fields = ["subject", "related_id", "stripe_says", "we_say"]
    date_hierarchy = "opened_at"
    fieldsets = [
        (None, {"fields": ["kind", "stripe_says", "we_say", "amount", "our_amount"]}),
        (gettext_lazy("What it is about"), {"fields": ["subject", "related_id", "purchase", "payout", "happened_at"]}),
        (gettext_lazy("Seen"), {"fields": ["opened_at", "last_seen_at", "sightings"]}),
        (gettext_lazy("Resolved"), {"fields": ["resolved_at", "resolved_by", "resolution"]}),
    ]
    readonly_fields = ["amount", "our_amount"]

    @admin.display(description=gettext_lazy("amount at Stripe"), ordering="stripe_minor")
    def amount(self, row: Finding) -> str:
        return cents(row.stripe_money) if row.stripe_money else "—"

    @admin.display(description=gettext_lazy("our amount"), ordering="our_minor")
    def our_amount(self, row: Finding) -> str:
        return cents(row.our_money) if row.our_money else "—"

    @override
    def list_acts(self, request: HttpRequest, row: Finding) -> list[dict[str, Any]]:
        if not row.is_open or row.owner_id == request.user.pk:
            return []
        return [
            {
                "name": "look",
                "label": _("Look again"),
                "text": _("Both sides are compared anew. When they agree, this is resolved by itself."),
                "needs_reason": False,
            },
            {
                "name": "resolve",
                "label": _("Resolve"),
                "text": _("Once you have seen to it. It opens again only when either side says something else."),
                "needs_reason": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: Finding, act: str, reason: str) -> str:
        if act == "look":
            looked = services.look_at_finding(finding_id=row.pk, staff=staff_of(request))
            return _("Both sides still differ.") if looked.is_open else _("Nothing differs any more: it is resolved.")
        services.resolve_finding(finding_id=row.pk, staff=staff_of(request), reason=reason)
        return _("The finding is resolved.")


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "kind", "since", "until", "finished_at", "repaired", "found", "failures", "error"]
    list_filter = ["kind", ("finished_at", admin.EmptyFieldListFilter), "started_at"]
    date_hierarchy = "started_at"
