"""Development's component gallery: samples of everything a page is built from, and the forms that show controls."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from digis.core import clock


class SampleForm(forms.Form):
    """One of each control."""

    name = forms.CharField(label="Name", help_text="As others see it.", initial="Dev Anand")
    handle = forms.CharField(label="Handle", initial="dev")
    email = forms.EmailField(label="E-mail", required=False)
    about = forms.CharField(label="About you", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    zone = forms.ChoiceField(label="Time zone", choices=[("b", "Berlin"), ("l", "Lisbon")])
    theme = forms.ChoiceField(
        label="Appearance", choices=[("s", "Like my device"), ("d", "Dark")], widget=forms.RadioSelect, initial="s"
    )
    picture = forms.FileField(label="Picture", required=False)
    rules = forms.BooleanField(label="I have read the rules", help_text="They fit on one page.")
    online = forms.BooleanField(
        label="Show when I am online", help_text="Only people you follow see it.", required=False
    )


def _failed() -> SampleForm:
    form = SampleForm({"name": "Dev Anand", "handle": "dev", "zone": "b", "theme": "s"}, auto_id="failed_%s")
    form.full_clean()
    form.add_error("handle", "“dev” is taken. Free: dev.anand, devanand, dev_a")
    return form


def _person(name: str, handle: str, headline: str) -> SimpleNamespace:
    return SimpleNamespace(
        display_name=name, username=handle, avatar=None, creator=SimpleNamespace(headline=headline, portrait=None)
    )


def _card(name: str, handle: str, headline: str, status: str, rate: int | None) -> dict[str, Any]:
    person = _person(name, handle, headline)
    return {"person": person, "status": status, "rate": rate, "headline": headline, "url": f"#{handle}", "picture": ""}


def context() -> dict[str, Any]:
    """Return the samples."""
    now = clock.now()
    return {
        "themes": ["digis-light", "digis-dark"],
        "person": _person("Ana Ferreira", "ana", "Ceramics"),
        "cards": [
            _card("Ana Ferreira", "ana", "Ceramics, Lisbon", "free", 40),
            _card("Otto Lindqvist", "otto", "Builds and repairs guitars", "busy", 36),
            _card(
                "Wilhelmina Donaudampfschifffahrtsgesellschaft",
                "long",
                "Words that are longer than any card has room for",
                "away",
                1234,
            ),
            _card("Sol Adeyemi", "sol", "", "away", None),
        ],
        "form": SampleForm(auto_id="good_%s"),
        "failed": _failed(),
        "moments": [
            now - timedelta(seconds=20),
            now - timedelta(hours=5),
            now - timedelta(days=3),
            now + timedelta(hours=2),
        ],
        "crumbs": [("#home", "Wallet"), ("#here", "Receipt C-7F3A19C2")],
        "subnav": [
            {"url": "#a", "label": "Profile", "is_current": True},
            {"url": "#b", "label": "Security", "is_current": False},
            {"url": "#c", "label": "Blocked people", "is_current": False},
        ],
        "rows": [
            ("Call with Ana Ferreira", 83, "Paid"),
            ("Tokens bought", 1200, "Credited"),
            ("Call with Otto Lindqvist", 144, "Returned"),
        ],
        "choices": ["100", "240", "500"],
        "icons": ["house", "phone", "video", "wallet", "bell", "shield-check", "circle-alert", "check"],
    }
