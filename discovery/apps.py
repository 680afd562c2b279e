"""Wiring of the discovery app: the navigation of every page."""

from django.apps import AppConfig
from typing_extensions import override


class DiscoveryConfig(AppConfig):
    name = "discovery"

    @override
    def ready(self) -> None:
        from digis.core import registry
        from discovery import nav

        registry.register_context("nav", nav.nav_for)
        registry.register_context("rail_following", nav.following_for)
