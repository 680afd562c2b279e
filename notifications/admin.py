"""The delivery log for staff: what was told to whom, by which way, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from typing_extensions import override

from accounts.admin.base import ActingAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from notifications import bounces, services
from notifications.models import Delivery, MailEvent, PushSubscription, Reminder, Suppression


@admin.register(Delivery)
class DeliveryAdmin(ActingAdmin):
    acting_permission = "notifications.retry_delivery"
    list_display = ["person", "kind", "channel", "status", "reason", "due_at", "sent_at", "attempts", "is_digest"]
    list_select_related = ["notification__person"]
    list_filter = ["status", "channel", "is_digest", "notification__category"]
    search_fields = ["notification__person__username", "notification__person__email", "provider_id"]
    date_hierarchy = "created_at"
    ordering = ["-id"]

    @admin.display(ordering="notification__person__username")
    def person(self, row: Delivery) -> str:
        return str(row.notification.person)

    @admin.display(ordering="notification__kind")
    def kind(self, row: Delivery) -> str:
        return row.notification.kind

    @override
    def list_acts(self, request: HttpRequest, row: Delivery) -> list[dict[str, Any]]:
        if row.status != Delivery.Status.FAILED:
            return []
        return [
            {
                "name": "retry",
                "label": _("Try again"),
                "text": _("Sends it once more, unless it is too late by now or not wanted any more."),
                "needs_reason": False,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: Delivery, act: str, reason: str) -> str:
        services.retry_delivery(delivery_id=row.pk, staff=staff_of(request), reason=reason)
        return _("It is on its way again.")


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ["person", "kind", "slot", "status", "due_at", "done_at"]
    list_select_related = ["person"]
    list_filter = ["status", "kind"]
    search_fields = ["person__username"]
    ordering = ["-id"]


@admin.register(Suppression)
class SuppressionAdmin(ActingAdmin):
    """Addresses that get no mail, and why (NOT-7)."""

    acting_permission = "notifications.lift_suppression"
    list_display = ["address", "reason", "since", "detail", "lifted_at"]
    list_filter = ["reason", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["address"]
    ordering = ["-since"]

    @override
    def list_acts(self, request: HttpRequest, row: Suppression) -> list[dict[str, Any]]:
        if not row.is_standing:
            return []
        return [
            {
                "name": "lift",
                "label": _("Send there again"),
                "text": _("For a mailbox that works again, as its owner says. Mail that comes back stops it anew."),
                "needs_reason": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: Suppression, act: str, reason: str) -> str:
        bounces.lift_for_staff(address=row.address, staff=staff_of(request), reason=reason)
        return _("Mail goes there again.")


@admin.register(MailEvent)
class MailEventAdmin(ReadOnlyAdmin):
    list_display = ["happened_at", "provider", "kind", "address", "detail", "delivery"]
    list_select_related = ["delivery"]
    list_filter = ["kind", "provider"]
    search_fields = ["address", "message_id"]
    date_hierarchy = "happened_at"
    ordering = ["-id"]


@admin.register(PushSubscription)
class PushSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["person", "label", "created_at", "last_sent_at", "last_error"]
    list_select_related = ["person"]
    search_fields = ["person__username"]
    exclude = ["endpoint", "p256dh", "auth", "session_key"]  # whoever holds them could write to the browser
    ordering = ["-id"]
