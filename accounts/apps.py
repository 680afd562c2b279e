"""Wiring of the accounts app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    @override
    def ready(self) -> None:
        from accounts import receivers, selectors
        from digis.core import realtime, registry

        receivers.connect()
        realtime.register_presence(receivers.on_heard)
        registry.register_personal_data(registry.PersonalData("accounts", selectors.list_personal_data))
        realtime.register_typing(may_show=selectors.may_show_typing, may_see=selectors.may_see_typing)
        realtime.register_topic("presence", authorize=selectors.may_hear_presence)
