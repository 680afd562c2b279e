"""Money in the admin: all to be read, nothing to be changed. A sale can be given back, and Stripe asked again."""

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
from digis.core.templatetags.digis import tokens as count
from economy import selectors, services
from economy.models import Hold, LedgerAccount, LedgerEntry, LedgerTransaction, Purchase, TokenLot


class EntryInline(TabularInline):
    model = LedgerEntry
    extra = 0
    can_delete = False
    fields = ["account", "amount", "balance_after"]
    readonly_fields = ["account", "amount", "balance_after"]


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ActingAdmin):
    acting_permission = "economy.return_sale"
    list_display = ["created_at", "type", "kind", "person", "payee", "amount", "fee"]
    list_filter = ["type", "created_at"]
    list_select_related = ["person", "payee"]
    search_fields = ["key", "source_id", "person__username", "payee__username"]
    date_hierarchy = "created_at"
    inlines = [EntryInline]

    @override
    def list_acts(self, request: HttpRequest, row: LedgerTransaction) -> list[dict[str, Any]]:
        left = selectors.find_returnable(row)
        if not left:
            return []
        return [
            {
                "name": "give_back",
                "label": _("Give all of it back"),
                "text": _(
                    "%(tokens)s tokens go back to the buyer, our fee of them included; the creator's part is taken from "
                    "their earnings, or stands as owed. Both read the reason."
                )
                % {"tokens": count(left)},
                "needs_reason": True,
                "is_grave": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: LedgerTransaction, act: str, reason: str) -> str:
        left = selectors.find_returnable(row)
        services.give_back(actor=staff_of(request), sale_id=row.pk, tokens=left, reason=reason, key=f"{row.pk}:{left}")
        return _("It is given back.")


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    list_display = ["kind", "owner", "balance", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["owner"]
    search_fields = ["owner__username"]


@admin.register(Purchase)
class PurchaseAdmin(ActingAdmin):
    acting_permission = "economy.replay_stripeevent"
    list_display = [
        "created_at",
        "person",
        "tokens",
        "bonus_tokens",
        "amount",
        "status",
        "quarantine_reason",
    ]
    list_filter = ["status", "created_at"]
    list_select_related = ["person"]
    search_fields = ["id", "stripe_session_id", "stripe_payment_intent_id", "person__username"]
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": ["person", "pack", "tokens", "bonus_tokens", "amount", "status", "card", "failure", "quarantine_reason"]}),
        (gettext_lazy("Money"), {"fields": ["refunded", "disputed", "invoiced", "invoices_made", "taxed", "currency", "rate_micros", "rate_day"]}),
        (gettext_lazy("At Stripe"), {"fields": ["stripe_session_id", "stripe_payment_intent_id", "stripe_payment_method_id"]}),
        (gettext_lazy("Working"), {"fields": ["credited_tokens", "credited_bonus", "postings", "checks", "next_check_at", "quote_expires_at", "next_path", "return_url", "paid_at", "created_at", "updated_at"]}),
    ]  # fmt: skip
    readonly_fields = ["amount", "refunded", "disputed", "invoiced", "taxed"]

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, row: Purchase) -> str:
        return cents(row.price)

    @admin.display(description=gettext_lazy("refunded"))
    def refunded(self, row: Purchase) -> str:
        return cents(row.refunded_minor, row.currency)

    @admin.display(description=gettext_lazy("disputed"))
    def disputed(self, row: Purchase) -> str:
        return cents(row.disputed_minor, row.currency)

    @admin.display(description=gettext_lazy("invoiced"))
    def invoiced(self, row: Purchase) -> str:
        return cents(row.invoiced_minor, row.currency)

    @admin.display(description=gettext_lazy("tax"))
    def taxed(self, row: Purchase) -> str:
        tax = selectors.find_tax_of(row.pk)
        if tax is None:
            return "—"
        return f"{selectors.name_place(tax.place)}: {selectors.say_tax_of(row) or _('no tax')}"

    @override
    def list_acts(self, request: HttpRequest, row: Purchase) -> list[dict[str, Any]]:
        if row.person_id == request.user.pk:
            return []
        part = selectors.find_returnable_part(row)
        offer = {
            "name": "return",
            "label": _("Return the unused part"),
            "needs_reason": True,
            "is_grave": True,
            "text": _("%(money)s go back to the card for tokens that were not used. It is told to the buyer.")
            % {"money": cents(part.money) if part else ""},
        }
        may_return = part is not None and request.user.has_perm("economy.return_sale")
        return [
            *([offer] if may_return else []),
            {
                "name": "ask",
                "label": _("Ask Stripe again"),
                "text": _("Status and tokens go to what Stripe says now. Doing it twice changes nothing."),
                "needs_reason": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: Purchase, act: str, reason: str) -> str:
        if act == "return":
            part = selectors.find_returnable_part(row)
            minor = part.money.minor if part else 0
            key = f"{row.pk}:{row.refunded_minor}:{minor}"
            services.return_purchase(actor=staff_of(request), purchase_id=row.pk, minor=minor, reason=reason, key=key)
            return _("The money is on its way.")
        asked = services.ask_about_purchase(staff=staff_of(request), purchase_id=row.pk, reason=reason)
        if asked.quarantine_reason:
            return _("Stripe was asked. The purchase stays put aside: %(why)s.") % {"why": asked.quarantine_reason}
        return _("Stripe was asked. The purchase is: %(state)s.") % {"state": asked.get_status_display()}


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
