"""Purchases whose evidence of place does not agree: staff settle each with a reason (LAW-10)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from digis.core.errors import InvalidState
from digis.core.templatetags.digis import cents
from economy import selectors, services
from economy.models import PurchasePlace


@admin.register(PurchasePlace)
class PurchasePlaceAdmin(ActingAdmin):
    acting_permission = "economy.settle_purchaseplace"
    list_display = ["opened_at", "buyer", "paid", "state", "place", "decided_at", "decided_by"]
    list_filter = ["state", "opened_at"]
    list_select_related = ["purchase__person", "decided_by"]
    search_fields = ["purchase__person__username"]
    date_hierarchy = "opened_at"
    ordering = ["-opened_at", "-purchase"]
    fieldsets = [
        (None, {"fields": ["purchase", "buyer", "paid", "taxed", "state", "place", "opened_at"]}),
        (gettext_lazy("Evidence"), {"fields": ["evidence"]}),
        (gettext_lazy("Decision"), {"fields": ["decided_at", "decided_by", "reason"]}),
    ]
    readonly_fields = ["buyer", "paid", "taxed", "place", "evidence"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchasePlace]:
        return selectors.list_places_to_settle()

    @admin.display(description=gettext_lazy("buyer"), ordering="purchase__person__username")
    def buyer(self, row: PurchasePlace) -> str:
        return f"@{row.purchase.person.username}"

    @admin.display(description=gettext_lazy("paid"), ordering="purchase__amount_minor")
    def paid(self, row: PurchasePlace) -> str:
        return cents(row.purchase.price)

    @admin.display(description=gettext_lazy("taxed as"))
    def taxed(self, row: PurchasePlace) -> str:
        tax = selectors.find_tax_of(row.purchase_id)
        if tax is None:
            return _("not taxed when it was bought")
        return f"{selectors.name_place(tax.place)}: {selectors.say_tax_of(row.purchase) or _('no tax')}"

    @admin.display(description=gettext_lazy("place"), ordering="country")
    def place(self, row: PurchasePlace) -> str:
        return row.region or row.country or "—"

    @admin.display(description=gettext_lazy("what says where the buyer is"))
    def evidence(self, row: PurchasePlace) -> str:
        found = selectors.list_evidence(row.purchase_id)
        lines = (
            (f"{seen.get_kind_display()}: {seen.region or seen.country} ({seen.seen_at:%Y-%m-%d %H:%M})",)
            for seen in found
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", lines)) if found else "—"

    @override
    def list_acts(self, request: HttpRequest, row: PurchasePlace) -> list[dict[str, Any]]:
        if not row.is_open:
            return []
        text = _(
            "Tax is counted for this place. The buyer is charged nothing anew; the reason goes into the audit log."
        )
        return [
            {
                "name": place.code,
                "label": _("Settle as %(place)s") % {"place": selectors.name_place(place)},
                "text": text,
                "needs_reason": True,
            }
            for place in selectors.list_place_candidates(row.purchase_id)
        ]

    @override
    def perform(self, request: HttpRequest, row: PurchasePlace, act: str, reason: str) -> str:
        found = [place for place in selectors.list_place_candidates(row.purchase_id) if place.code == act]
        if not found:
            raise InvalidState
        services.settle_place(staff=staff_of(request), purchase_id=row.purchase_id, place=found[0], reason=reason)
        return _("The place of supply is settled.")
