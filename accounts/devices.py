"""What a browser says it is, in words for its owner. A hint to recognize a device by, never a proof."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from typing_extensions import override

# The first match wins: every browser claims to be the ones after it.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("python-httpx", "httpx"),
    ("curl/", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone", "phone"), ("iPad", "iPad", "tablet"), ("Android", "Android", "phone"),
    ("Windows", "Windows", "computer"), ("CrOS", "ChromeOS", "computer"), ("Mac OS X", "macOS", "computer"),
    ("Macintosh", "macOS", "computer"), ("Linux", "Linux", "computer"),
)  # fmt: skip


@dataclass(frozen=True)
class Device:
    """A browser and the machine it runs on."""

    browser: str
    system: str
    kind: str  # phone, tablet, computer or other

    @override
    def __str__(self) -> str:
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or _("Unknown device")


def describe(user_agent: str) -> Device:
    """Name the browser and system of a User-Agent header."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system, kind = next(((name, kind) for mark, name, kind in SYSTEMS if mark in user_agent), ("", "other"))
    return Device(browser, system, kind)
