"""Applications, creators and the categories they work in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts import services
from accounts.admin.base import ActingAdmin, ModelAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from accounts.models import Category, CreatorApplication, CreatorProfile


@admin.register(CreatorApplication)
class ApplicationAdmin(ActingAdmin):
    acting_permission = "accounts.decide_creatorapplication"
    list_display = ["user", "headline", "status", "submitted_at", "decided_by"]
    list_select_related = ["user", "decided_by"]
    list_filter = ["status"]
    search_fields = ["user__username", "user__email", "headline"]
    ordering = ["submitted_at"]
    fields = [
        "user", "status", "headline", "about", "categories", "links", "submitted_at", "decided_at", "decided_by",
        "reason", "reapply_on",
    ]  # fmt: skip

    readonly_fields = ["categories"]

    @admin.display(description=gettext_lazy("categories"))
    def categories(self, application: CreatorApplication) -> str:
        return ", ".join(application.category_slugs)

    @override
    def list_acts(self, request: HttpRequest, row: CreatorApplication) -> list[dict[str, Any]]:
        if row.status != CreatorApplication.Status.PENDING or row.user_id == request.user.pk:
            return []
        return [
            {
                "name": "approve",
                "label": _("Approve"),
                "text": _("They may sell from now on, and are told by mail."),
                "needs_reason": False,
            },
            {
                "name": "refuse",
                "label": _("Refuse"),
                "text": _("They read this reason, and may apply again in 30 days."),
                "needs_reason": True,
                "is_grave": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: CreatorApplication, act: str, reason: str) -> str:
        if act == "approve":
            services.approve_application(application=row, staff=staff_of(request))
            return _("@%(handle)s is a creator now.") % {"handle": row.user.username}
        services.refuse_application(application=row, staff=staff_of(request), reason=reason)
        return _("The application of @%(handle)s is refused.") % {"handle": row.user.username}


@admin.register(CreatorProfile)
class CreatorProfileAdmin(ReadOnlyAdmin):
    list_display = ["user", "headline", "approved_at", "follower_count", "is_featured"]
    list_select_related = ["user"]
    list_filter = [("approved_at", admin.EmptyFieldListFilter), "is_featured", "categories"]
    search_fields = ["user__username", "headline"]
    ordering = ["-approved_at"]


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "slug", "position", "picture"]
    list_editable = ["position"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [(gettext_lazy("Shown in Explore"), {"fields": ["name", "slug", "position", "picture"]})]

    @override
    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the position fields of the list: their column's heading is not tied to them."""
        widget = AdminIntegerFieldWidget(attrs={"aria-label": _("Position")})
        return super().get_changelist_form(request, **kwargs, widgets={"position": widget})
