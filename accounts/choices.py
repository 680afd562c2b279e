"""Lists people choose from: languages and time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from django.utils import translation

# Languages creators speak in calls, by number of speakers on the web.
LANGUAGES = (
    "en", "es", "pt", "fr", "de", "it", "nl", "pl", "ro", "cs", "sv", "da", "nb", "fi", "hu", "el", "bg", "uk", "ru",
    "tr", "ar", "he", "fa", "hi", "bn", "ur", "ta", "id", "ms", "vi", "th", "fil", "zh", "ja", "ko", "sw", "yo", "am",
)  # fmt: skip
NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}  # codes that name none
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def languages() -> list[tuple[str, str]]:
    """List languages by their own names."""
    return [(code, (Locale(code).get_display_name(code) or code).capitalize()) for code in LANGUAGES]


def countries(among: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """List countries in the reader's language, all or those of these codes, by name."""
    return _countries(translation.get_language() or "en", among)


@cache
def _countries(language: str, among: tuple[str, ...]) -> list[tuple[str, str]]:
    names = Locale.parse(translation.to_locale(language)).territories
    real = {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY}
    return sorted(((code, real[code]) for code in among or real if code in real), key=lambda found: found[1])


@cache
def time_zones() -> list[tuple[str, str]]:
    """List IANA zones that name a place, UTC first."""
    zones = sorted(zone for zone in available_timezones() if zone.split("/", 1)[0] in REGIONS)
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ").replace("/", " / ")) for zone in zones)]
