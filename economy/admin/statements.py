"""Closed months and numbered documents in the admin: to be read, never changed (PAY-8, LAW-10)."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from accounts.admin.base import ReadOnlyAdmin
from digis.core.templatetags.digis import cents
from economy.models import Invoice, Statement


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    list_display = ["month", "role", "person", "opening", "change", "closing", "fee", "lines", "closed_at"]
    list_filter = ["role", "month"]
    list_select_related = ["person"]
    search_fields = ["person__username"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["label", "kind", "person", "amount", "tax_amount", "corrects", "issued_at"]
    list_filter = ["kind", "issued_at"]
    list_select_related = ["person", "corrects"]
    search_fields = ["=number", "person__username", "billed_to", "=purchase__id"]
    date_hierarchy = "issued_at"
    fields = ["series", "number", "kind", "person", "purchase", "statement", "corrects", "tokens", "bonus_tokens", "amount", "tax", "tax_amount", "currency", "issuer", "billed_to", "issued_at"]  # fmt: skip
    readonly_fields = ["amount", "tax_amount"]

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, paper: Invoice) -> str:
        return cents(paper.money)

    @admin.display(description=gettext_lazy("tax in it"), ordering="tax_minor")
    def tax_amount(self, paper: Invoice) -> str:
        return cents(paper.tax_money)
