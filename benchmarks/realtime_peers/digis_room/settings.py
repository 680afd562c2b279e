"""Production's settings with the room beside the product's own apps."""

from __future__ import annotations

from digis.settings.production import *  # noqa: F403  # settings extend others by their names
from digis.settings.production import INSTALLED_APPS as PRODUCT

INSTALLED_APPS = [*PRODUCT, "benchmarks.realtime_peers.digis_room"]
