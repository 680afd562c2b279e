"""Closed months and numbered documents in the admin: to be read, never changed (PAY-8, LAW-10)."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ReadOnlyAdmin
from economy.models import Invoice, Statement


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    list_display = ["month", "role", "person", "opening", "change", "closing", "fee", "lines", "closed_at"]
    list_filter = ["role", "month"]
    list_select_related = ["person"]
    search_fields = ["person__username"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["label", "kind", "person", "amount_minor", "tax_minor", "currency", "corrects", "issued_at"]
    list_filter = ["kind", "issued_at"]
    list_select_related = ["person", "corrects"]
    search_fields = ["=number", "person__username", "billed_to", "=purchase__id"]
    date_hierarchy = "issued_at"
