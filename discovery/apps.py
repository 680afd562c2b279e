"""Wiring of the discovery app: the navigation of every page."""

from django.apps import AppConfig
from typing_extensions import override


class DiscoveryConfig(AppConfig):
    name = "discovery"

    @override
    def ready(self) -> None:
        from digis.core import registry
        from discovery import nav, selectors

        registry.register_context("nav", nav.nav_for)
        registry.register_context("rail_following", nav.following_for)
        registry.register_presence_part(
            registry.PresencePart("status", "discovery/parts/presence.html", selectors.find_public_card)
        )
