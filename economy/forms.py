"""The shape of what people send about money."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core.forms import MoneyForm

GROUPED = re.compile(r"\d{1,3}(?:[.,’'\s]\d{3})+")


class TokensField(forms.IntegerField):
    """A whole number of tokens, written with or without marks between the thousands."""

    widget = forms.TextInput

    @override
    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        return super().to_python(re.sub(r"\D", "", text) if GROUPED.fullmatch(text) else text)


class BuyForm(MoneyForm):
    """A pack, or another amount; an amount that was written wins over a pack that was ticked.

    `shown` names the price list the page showed, so that nobody pays a price they did not see (LEDGER-7).
    """

    pack = forms.UUIDField(required=False)
    tokens = TokensField(label=_("Or another amount"), required=False)
    shown = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, next_path: str = "", default_pack: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next_path = next_path
        self._default_pack = default_pack

    @property
    def chosen_pack(self) -> UUID | None:
        """The pack whose tile is ticked: the one sent, else the one the shop suggests."""
        if not self.is_bound:
            return self._default_pack
        try:
            return UUID(self.data.get("pack", ""))
        except ValueError:
            return None

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("pack") and cleaned.get("tokens") is None:
            self.add_error("tokens", _("Choose a pack or write an amount."))
        return cleaned

    def renew(self, *, key: str, shown: str) -> None:
        """Show the same order again as one that was not sent yet: a fresh key, the present price list."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "idempotency_key": key, "shown": shown}

    @property
    def order(self) -> dict[str, Any]:
        """What `start_purchase` is to buy."""
        if self.cleaned_data.get("tokens") is not None:
            return {"tokens": self.cleaned_data["tokens"]}
        return {"pack_id": self.cleaned_data["pack"]}
