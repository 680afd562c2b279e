"""Disputes in the admin: what we know of each, to be sent to the bank; and the buyers to be looked at (LEDGER-8)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from digis.core.templatetags.digis import cents
from economy import selectors, services
from economy.models import Dispute, DisputeStanding


class WaitsFilter(admin.SimpleListFilter):
    """What staff have to do: answer the bank, or look at the buyer."""

    title = gettext_lazy("waits for")
    parameter_name = "waits"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("answer", _("an answer")), ("review", _("a look at the buyer"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "answer":
            return queryset.filter(status__in=Dispute.WAITING, submitted_at__isnull=True)
        if self.value() == "review":
            return queryset.filter(reviewed_at__isnull=True)
        return queryset


@admin.register(Dispute)
class DisputeAdmin(ActingAdmin):
    acting_permission = "economy.answer_dispute"
    list_display = ["opened_at", "stripe_id", "buyer", "amount", "reason", "status", "due_at", "reviewed_at"]
    list_filter = [WaitsFilter, "status", "reason", "opened_at"]
    list_select_related = ["purchase__person"]
    search_fields = ["stripe_id", "purchase__person__username", "purchase__stripe_payment_intent_id"]
    date_hierarchy = "opened_at"
    ordering = ["-opened_at", "-id"]
    fieldsets = [
        (None, {"fields": ["stripe_id", "buyer", "amount", "reason", "status", "opened_at", "due_at", "closed_at", "purchase"]}),
        (gettext_lazy("Evidence"), {"fields": ["payment", "account", "use"]}),
        (gettext_lazy("What we did"), {"fields": ["submitted_at", "submitted_by", "reviewed_at", "reviewed_by"]}),
    ]  # fmt: skip
    readonly_fields = ["buyer", "amount", "payment", "account", "use"]

    @admin.display(description=gettext_lazy("buyer"), ordering="purchase__person__username")
    def buyer(self, dispute: Dispute) -> str:
        return str(dispute.purchase.person)

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, dispute: Dispute) -> str:
        return cents(dispute.money)

    @admin.display(description=gettext_lazy("payment"))
    def payment(self, dispute: Dispute) -> str:
        return _listed(selectors.gather_evidence(dispute).payment)

    @admin.display(description=gettext_lazy("account"))
    def account(self, dispute: Dispute) -> str:
        return _listed(selectors.gather_evidence(dispute).person)

    @admin.display(description=gettext_lazy("what the tokens were used for"))
    def use(self, dispute: Dispute) -> str:
        return _listed(selectors.gather_evidence(dispute).use)

    @override
    def list_acts(self, request: HttpRequest, row: Dispute) -> list[dict[str, Any]]:
        if row.purchase.person_id == request.user.pk:
            return []
        acts = []
        if row.can_be_answered and row.submitted_at is None:
            acts.append(
                {
                    "name": "answer",
                    "label": _("Send the evidence"),
                    "text": _("All that is listed below goes to the buyer’s bank with your words. It is taken once."),
                    "needs_reason": True,
                }
            )
        if row.reviewed_at is None:
            acts.append(
                {
                    "name": "review",
                    "label": _("The buyer was looked at"),
                    "text": _("Suspend the account from its own page where that is called for. Say what you found."),
                    "needs_reason": True,
                }
            )
        return acts

    @override
    def perform(self, request: HttpRequest, row: Dispute, act: str, reason: str) -> str:
        if act == "answer":
            services.answer_dispute(dispute_id=row.pk, staff=staff_of(request), statement=reason)
            return _("The evidence is with the bank.")
        services.review_buyer(dispute_id=row.pk, staff=staff_of(request), reason=reason)
        return _("Noted.")


def _listed(lines: list[str]) -> str:
    if not lines:
        return "—"
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line,) for line in lines)))


@admin.register(DisputeStanding)
class DisputeStandingAdmin(ReadOnlyAdmin):
    list_display = ["creator", "disputed", "payments", "stops_payouts", "measured_at"]
    list_filter = ["stops_payouts"]
    list_select_related = ["creator"]
    search_fields = ["creator__username"]
    ordering = ["-disputed"]
