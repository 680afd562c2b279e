"""Wiring of the economy app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest
from typing_extensions import override


class EconomyConfig(AppConfig):
    name = "economy"

    @override
    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from digis.core.registry import register_context
        from economy import handlers, kinds, receivers, sources
        from economy.services import shelf

        post_migrate.connect(shelf.fill_after_migrate, sender=self, dispatch_uid="economy.shelf")
        register_context("wallet", wallet_of)
        receivers.connect()
        handlers.connect()
        kinds.connect()
        sources.connect()


def wallet_of(request: HttpRequest) -> object:
    """Return the signed-in person's balance for the top bar; None for visitors and staff (ACC-5)."""
    from accounts.models import User
    from economy.selectors import get_balance

    user = getattr(request, "user", None)
    return get_balance(user) if isinstance(user, User) and not user.is_staff else None
