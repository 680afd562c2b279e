"""Sales under review in the admin: what is suspicious, and the two ways out of it (LEDGER-9, LEDGER-10)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from digis.core.money import Money
from digis.core.templatetags.digis import cents
from economy import selectors, services
from economy.models import SaleReview

WORDS = {
    "bought_tokens": gettext_lazy("Tokens of the payer’s first purchase"),
    "price": gettext_lazy("Paid for it"),
    "to_creator_tokens": gettext_lazy("Of these to this creator within a day"),
    "part_percent": gettext_lazy("That is, in percent"),
    "minutes_to_first": gettext_lazy("Minutes from the purchase to the first sale"),
    "account_age_hours": gettext_lazy("Hours from sign-up to the purchase"),
    "same_device": gettext_lazy("Both signed in from one browser, last on"),
    "same_address": gettext_lazy("Both signed in from one address, last on"),
    "free_tokens": gettext_lazy("Free tokens paid"),
    "other_tokens": gettext_lazy("Other tokens paid"),
}


@admin.register(SaleReview)
class SaleReviewAdmin(ActingAdmin):
    acting_permission = "economy.decide_salereview"
    list_display = ["opened_at", "cause", "payer", "payee", "tokens", "state", "decided_at", "decided_by"]
    list_filter = ["state", "cause", "opened_at"]
    list_select_related = ["payer", "payee", "decided_by"]
    search_fields = ["payer__username", "payee__username"]
    date_hierarchy = "opened_at"
    ordering = ["-opened_at", "-id"]
    fieldsets = [
        (None, {"fields": ["cause", "payer", "payee", "purchase", "state", "opened_at"]}),
        (gettext_lazy("Evidence"), {"fields": ["figures", "charges", "earlier"]}),
        (gettext_lazy("Decision"), {"fields": ["decided_at", "decided_by", "reason"]}),
    ]
    readonly_fields = ["figures", "charges", "earlier"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return SaleReview.objects.annotate(tokens=-Sum("sales__transaction__amount"))

    @admin.display(description=gettext_lazy("tokens"), ordering="tokens")
    def tokens(self, review: Any) -> int:
        return int(review.tokens or 0)

    @admin.display(description=gettext_lazy("what speaks for it"))
    def figures(self, review: SaleReview) -> str:
        said = dict(review.evidence)
        if "paid_minor" in said:
            said["price"] = cents(Money(said.pop("paid_minor"), said.pop("currency")))
        return _listed([f"{WORDS[name]}: {said[name]}" for name in WORDS if name in said])

    @admin.display(description=gettext_lazy("sales held"))
    def charges(self, review: SaleReview) -> str:
        words = _("%(at)s: %(kind)s, %(paid)s tokens, %(left)s of them not given back")
        found = selectors.list_reviewed_sales(review)
        return _listed(
            [
                words
                % {"at": f"{sale.created_at:%Y-%m-%d %H:%M}", "kind": sale.kind, "paid": sale.unsigned, "left": left}
                for sale, left in found
            ]
        )

    @admin.display(description=gettext_lazy("decided before"))
    def earlier(self, review: SaleReview) -> str:
        return _listed(
            [
                f"{other.decided_at:%Y-%m-%d}, {other.get_cause_display()}: {other.get_state_display()}. {other.reason}"
                for other in selectors.list_decided_reviews(review)
            ]
        )

    @override
    def list_acts(self, request: HttpRequest, row: SaleReview) -> list[dict[str, Any]]:
        if not row.is_open or request.user.pk in {row.payer_id, row.payee_id}:
            return []
        return [
            {
                "name": "release",
                "label": _("Release"),
                "text": _("The earnings become available on the day they would have. The reason stays with staff."),
                "needs_reason": True,
            },
            {
                "name": "give-back",
                "label": _("Give back"),
                "text": _(
                    "All that is left of these sales goes back to the payer’s tokens, our fee as well. Payer and creator "
                    "are told and read the reason. Money is returned, and accounts are suspended, on their own pages "
                    "where that is called for."
                ),
                "needs_reason": True,
                "is_grave": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: SaleReview, act: str, reason: str) -> str:
        if act == "release":
            services.release_sales(review_id=row.pk, staff=staff_of(request), reason=reason)
            return _("The sales are released.")
        services.give_back_sales(review_id=row.pk, staff=staff_of(request), reason=reason)
        return _("The sales are given back.")


def _listed(lines: list[str]) -> str:
    if not lines:
        return "—"
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line,) for line in lines)))
