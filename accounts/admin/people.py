"""People and the handles they gave up."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts import selectors, services
from accounts.admin.base import ActingAdmin, ReadOnlyAdmin
from accounts.models import HandleHistory, User


def staff_of(request: HttpRequest) -> User:
    """Return who acts: the admin let nobody else in."""
    return cast("User", cast("AbstractBaseUser", request.user))


@admin.register(User)
class PersonAdmin(ActingAdmin):
    acting_permission = "accounts.suspend_user"
    list_display = ["handle", "display_name", "email", "standing", "is_staff", "created_at"]
    list_filter = [
        "is_staff",
        "is_active",
        ("suspended_at", admin.EmptyFieldListFilter),
        ("email_verified_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["username", "email", "display_name"]
    ordering = ["-created_at"]
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": ["handle", "display_name", "email", "standing", "suspension_reason", "suspended_at", "suspended_by"]}),
        (gettext_lazy("Profile"), {"fields": ["bio", "location", "languages", "time_zone", "currency", "former_handles"]}),
        (gettext_lazy("Account"), {"fields": ["created_at", "last_login", "email_verified_at", "terms_accepted_at", "is_adult", "second_factor", "devices_seen"]}),
        (gettext_lazy("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]  # fmt: skip
    readonly_fields = ["handle", "standing", "former_handles", "is_adult", "second_factor", "devices_seen"]

    @admin.display(description=gettext_lazy("handle"), ordering="username")
    def handle(self, person: User) -> str:
        return f"@{person.username}"

    @admin.display(description=gettext_lazy("standing"))
    def standing(self, person: User) -> str:
        if not person.is_active:
            return _("Closed")
        if person.is_suspended:
            return _("Suspended")
        return _("Good") if person.is_email_verified else _("E-mail not confirmed")

    @admin.display(description=gettext_lazy("former handles"))
    def former_handles(self, person: User) -> str:
        return ", ".join(f"@{old.username}" for old in person.old_handles.all()) or "—"

    @admin.display(description=gettext_lazy("18 or older"), boolean=True)
    def is_adult(self, person: User) -> bool:
        return person.is_adult

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def second_factor(self, person: User) -> bool:
        return selectors.has_second_factor(person)

    @admin.display(description=gettext_lazy("devices"))
    def devices_seen(self, person: User) -> str:
        return ", ".join(device.label for device in person.devices.all()) or "—"

    @override
    def list_acts(self, request: HttpRequest, row: User) -> list[dict[str, Any]]:
        if row.pk == request.user.pk:
            return []
        if row.is_suspended:
            return [
                {
                    "name": "unsuspend",
                    "label": _("Lift the suspension"),
                    "text": _("Everything works again at once. The reason goes into the audit log."),
                    "needs_reason": True,
                }
            ]
        return [
            {
                "name": "suspend",
                "label": _("Suspend"),
                "text": _("They vanish from every page, their sockets close, and they read this reason."),
                "needs_reason": True,
                "is_grave": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: User, act: str, reason: str) -> str:
        if act == "suspend":
            services.suspend(person=row, staff=staff_of(request), reason=reason)
            return _("@%(handle)s is suspended.") % {"handle": row.username}
        services.unsuspend(person=row, staff=staff_of(request), reason=reason)
        return _("@%(handle)s is back.") % {"handle": row.username}


@admin.register(HandleHistory)
class HandleHistoryAdmin(ReadOnlyAdmin):
    list_display = ["username", "user", "created_at", "until"]
    list_select_related = ["user"]
    search_fields = ["username", "user__username"]
    ordering = ["-id"]
