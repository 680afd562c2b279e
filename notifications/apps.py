"""Wiring of the notifications app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    @override
    def ready(self) -> None:
        from digis.core import registry
        from notifications import bounces, handlers, push, receivers, selectors
        from notifications.kinds import accounts

        accounts.connect()
        receivers.connect()
        handlers.connect()
        bounces.connect()
        push.connect()
        registry.register_personal_data(registry.PersonalData("notifications", selectors.list_personal_data))
        registry.register_context("unread_notifications", unread_of)


def unread_of(request: HttpRequest) -> int:
    """Return how many lines of the inbox wait, for the bell of every page."""
    from notifications.selectors import count_unread

    return count_unread(request.user) if hasattr(request, "user") else 0
