"""Wiring of the accounts app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    @override
    def ready(self) -> None:
        from accounts import receivers
        from digis.core import realtime

        receivers.connect()
        realtime.register_presence(receivers.on_heard)
