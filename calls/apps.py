"""Wiring of the calls app."""

from django.apps import AppConfig
from typing_extensions import override


class CallsConfig(AppConfig):
    name = "calls"

    @override
    def ready(self) -> None:
        from calls import consumers, contexts, handlers, kinds, receivers

        receivers.connect()
        consumers.connect()
        contexts.connect()
        kinds.connect()
        handlers.connect()
