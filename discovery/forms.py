"""What the address of explore and search may say. Whatever cannot be read counts as not said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from discovery.selectors.explore import ORDERS, Facets
from discovery.selectors.search import MAX_QUERY

MAX_RATE = 10_000


class FacetForm(forms.Form):
    """The facets of explore, read from the query string."""

    now = forms.BooleanField(label=_("Picks up now"), required=False)
    speaks = forms.SlugField(label=_("Speaks"), max_length=8, required=False)
    least = forms.IntegerField(label=_("From, tokens a minute"), min_value=1, max_value=MAX_RATE, required=False)
    most = forms.IntegerField(label=_("Up to, tokens a minute"), min_value=1, max_value=MAX_RATE, required=False)
    sort = forms.ChoiceField(label=_("Sort"), choices=[(key, key) for key in ORDERS], required=False)

    def facets(self, category: str) -> Facets:
        """Return what was said and makes sense; the rest is as if it had not been said."""
        self.is_valid()
        said: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if name not in self.errors}
        return Facets(
            category=category,
            language=said.get("speaks") or "",
            online=bool(said.get("now")),
            least=said.get("least"),
            most=said.get("most"),
            sort=said.get("sort") or "free",
        )


class SearchForm(forms.Form):
    """The search box: cut at its length rather than refused."""

    q = forms.CharField(label=_("Search"), required=False, strip=True)

    def query(self) -> str:
        """Return what was typed, at most 80 characters."""
        self.is_valid()
        text: str = self.cleaned_data.get("q") or ""
        return text[:MAX_QUERY]
