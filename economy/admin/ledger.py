"""Money in the admin: everything to be read, nothing to be changed."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ReadOnlyAdmin, TabularInline
from economy.models import Hold, LedgerAccount, LedgerEntry, LedgerTransaction, Pack, Purchase, TokenLot


class EntryInline(TabularInline):
    model = LedgerEntry
    extra = 0
    can_delete = False
    fields = ["account", "amount", "balance_after"]
    readonly_fields = ["account", "amount", "balance_after"]


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "type", "kind", "person", "payee", "amount", "fee"]
    list_filter = ["type", "created_at"]
    list_select_related = ["person", "payee"]
    search_fields = ["key", "source_id", "person__username", "payee__username"]
    date_hierarchy = "created_at"
    inlines = [EntryInline]


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    list_display = ["kind", "owner", "balance", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["owner"]
    search_fields = ["owner__username"]


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "person",
        "tokens",
        "bonus_tokens",
        "amount_minor",
        "currency",
        "status",
        "quarantine_reason",
    ]
    list_filter = ["status", "created_at"]
    list_select_related = ["person"]
    search_fields = ["id", "stripe_session_id", "stripe_payment_intent_id", "person__username"]
    date_hierarchy = "created_at"
    exclude = ["checkout_url", "key"]


@admin.register(TokenLot)
class TokenLotAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "owner",
        "origin",
        "granted",
        "remaining",
        "expires_at",
        "is_withdrawable",
        "is_disputed",
    ]
    list_filter = ["origin", "is_disputed"]
    list_select_related = ["owner"]
    search_fields = ["owner__username"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "person", "amount", "remaining", "source_type", "state"]
    list_filter = ["state", "source_type"]
    list_select_related = ["person"]
    search_fields = ["person__username", "source_id"]


@admin.register(Pack)
class PackAdmin(ReadOnlyAdmin):
    list_display = ["tokens", "bonus_tokens", "amount_minor", "currency", "is_default", "is_offered"]
