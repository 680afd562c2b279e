"""Lists people choose from: languages and time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel import Locale

# Languages creators speak in calls, by number of speakers on the web.
LANGUAGES = (
    "en", "es", "pt", "fr", "de", "it", "nl", "pl", "ro", "cs", "sv", "da", "nb", "fi", "hu", "el", "bg", "uk", "ru",
    "tr", "ar", "he", "fa", "hi", "bn", "ur", "ta", "id", "ms", "vi", "th", "fil", "zh", "ja", "ko", "sw", "yo", "am",
)  # fmt: skip
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def languages() -> list[tuple[str, str]]:
    """List languages by their own names."""
    return [(code, (Locale(code).get_display_name(code) or code).capitalize()) for code in LANGUAGES]


@cache
def time_zones() -> list[tuple[str, str]]:
    """List IANA zones that name a place, UTC first."""
    zones = sorted(zone for zone in available_timezones() if zone.split("/", 1)[0] in REGIONS)
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ").replace("/", " / ")) for zone in zones)]
