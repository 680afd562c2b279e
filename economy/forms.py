"""The shape of what people send about money."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.choices import countries
from digis.core.currencies import currency_of_region
from digis.core.forms import MoneyForm
from economy.models import TaxProfile
from economy.selectors import list_tax_places

GROUPED = re.compile(r"\d{1,3}(?:[.,’'\s]\d{3})+")


MOST_TOKENS = 1_000_000_000  # more than anybody has; each act has a limit of its own


class TokensField(forms.IntegerField):
    """A whole number of tokens, written with or without marks between the thousands."""

    widget = forms.TextInput

    def __init__(self, *, min_value: int = 1, max_value: int = MOST_TOKENS, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    @override
    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        return super().to_python(re.sub(r"\D", "", text) if GROUPED.fullmatch(text) else text)

    @override
    def run_validators(self, value: Any) -> None:
        try:
            super().run_validators(value)
        except forms.ValidationError as refusal:
            for error in refusal.error_list:  # the bound is written as amounts are
                if error.params and "limit_value" in error.params:
                    error.params["limit_value"] = number_format(error.params["limit_value"], force_grouping=True)
            raise


class SeenField(TokensField):
    """The amount a page showed, sent along unseen. One that cannot be was not seen: nothing is said of it, and it is asked again."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.HiddenInput, **kwargs)

    @override
    def clean(self, value: Any) -> int | None:
        try:
            found: int | None = super().clean(value)
        except forms.ValidationError:
            return None
        return found


class TaxPlaceForm(forms.Form):
    """Where a buyer lives: a country, or a part of one that has a tax of its own."""

    place = forms.ChoiceField(
        label=_("Where do you live?"),
        help_text=_("The tax in our prices is that of your home. Your bank confirms the country when you pay."),
        choices=lambda: [("", "—"), *list_tax_places()],
        error_messages={"required": _("Choose where you live.")},
    )


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

    @property
    def place_form(self) -> TaxPlaceForm:
        """What is asked first where prices cannot be told before."""
        return TaxPlaceForm()

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


class TipForm(MoneyForm):
    """A tip: a tile that is ticked, or an amount that is written, which wins; as a tile, also a gift, so many times.

    A gift's tile carries the price it showed (LEDGER-7). `said` is the amount the button named: without a script it is the
    one the page opened with, and another amount is asked about once more. `confirmed` is the amount that was.
    """

    pick = forms.CharField(max_length=64, required=False)
    own = TokensField(label=_("Or another amount"), required=False)
    quantity = forms.IntegerField(label=_("How many of the gift"), required=False, min_value=1, max_value=99, initial=1)
    message = forms.CharField(
        label=_("Say something"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    anonymous = forms.BooleanField(label=_("Hide my name"), required=False)
    said = SeenField()
    confirmed = SeenField()

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and cleaned.get("own") is None:
            try:
                cleaned["gift_id"], cleaned["amount"] = self._picked(cleaned.get("pick", ""))
            except ValueError:
                self.add_error("own", _("Choose an amount or write one."))
        elif not self.errors:
            cleaned["amount"] = cleaned["own"]
        return cleaned

    def _picked(self, pick: str) -> tuple[UUID | None, int]:
        """Read a tile: "100", or "gift:<id>:<price of one>"."""
        if pick.startswith("gift:"):
            _word, gift_id, price = pick.split(":")
            return UUID(gift_id), _read_price(price) * self.count
        return None, _read_price(pick)

    @property
    def count(self) -> int:
        """How many of a gift."""
        return self.cleaned_data.get("quantity") or 1

    @property
    def amount(self) -> int:
        """The whole amount in tokens."""
        return int(self.cleaned_data["amount"])

    @property
    def gift_id(self) -> UUID | None:
        """Which gift the tip is given as."""
        return self.cleaned_data.get("gift_id")

    @property
    def wishes(self) -> dict[str, Any]:
        """What was asked for, as the fields of this form: for the step that asks again, and for coming back to it."""
        cleaned = self.cleaned_data
        found = {
            "pick": "" if cleaned.get("own") is not None else cleaned.get("pick", ""),
            "own": cleaned.get("own"),
            "quantity": self.count if self.gift_id else None,
            "message": cleaned.get("message", ""),
            "anonymous": "on" if cleaned.get("anonymous") else "",
        }
        return {name: value for name, value in found.items() if value not in {None, ""}}

    def renew(self, *, key: str) -> None:
        """Show the same wishes again as ones that were not sent yet."""
        self.data = renewed(self.data, key)


def _read_price(text: str) -> int:
    """Read what a tile carries; raises ValueError for what none of ours does."""
    if not 0 < (price := int(text[:12])) <= MOST_TOKENS:
        raise ValueError(text)
    return price


def renewed(data: Any, key: str) -> dict[str, Any]:
    """Return what was sent, with a key that was not used yet and nothing confirmed."""
    return {**{name: data.get(name) for name in data}, "idempotency_key": key, "confirmed": ""}


class GiveForm(MoneyForm):
    """Tokens for somebody by their handle; `confirmed` is the amount that was asked about with their face beside it."""

    to = forms.CharField(
        label=_("Handle"),
        max_length=31,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    tokens = TokensField(label=_("Tokens"), min_value=1)
    note = forms.CharField(
        label=_("Say something"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    confirmed = SeenField()

    def renew(self, *, key: str) -> None:
        """Show the same wishes again as ones that were not sent yet."""
        self.data = renewed(self.data, key)


class RedeemForm(MoneyForm):
    """A code somebody was given."""

    code = forms.CharField(
        label=_("Code"),
        max_length=48,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}),
    )

    def renew(self, *, key: str) -> None:
        """Show the code again as one that was not sent yet."""
        self.data = renewed(self.data, key)


class LimitsForm(forms.Form):
    """What a person lets themselves spend; an empty field is no limit."""

    day = TokensField(label=_("A day"), required=False, min_value=0)
    week = TokensField(label=_("A week"), required=False, min_value=0)
    month = TokensField(label=_("A month"), required=False, min_value=0)
    confirm_above = TokensField(
        label=_("Ask me once more above"),
        help_text=_("One act that costs more shows the amount a second time. So does the first with each creator."),
        min_value=0,
        max_value=1_000_000,
    )


class TopUpForm(forms.Form):
    """What is to be bought by itself, and when. `shown` names the price list the page showed (LEDGER-7)."""

    threshold = TokensField(
        label=_("When I have fewer tokens than"), help_text=_("Held tokens do not count."), initial=100
    )
    pack = forms.UUIDField(label=_("Buy this pack"), error_messages={"required": _("Choose a pack.")})
    month_cap = TokensField(
        label=_("At most so many tokens a month"),
        help_text=_("Bonus tokens do not count. A month is a calendar month."),
    )
    agreed = forms.BooleanField(
        label=_("Charge my saved card each time, without asking me again"),
        error_messages={"required": _("Tick this to agree, or leave auto top-up off.")},
    )
    shown = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @property
    def chosen_pack(self) -> UUID | None:
        """The pack whose tile is ticked."""
        try:
            return UUID(str(self["pack"].value() or ""))
        except ValueError:
            return None


class PayoutForm(MoneyForm):
    """All that is available, as the page showed it: what is paid out is what was read on the button."""

    tokens = TokensField(widget=forms.HiddenInput)


class SetupForm(forms.Form):
    """Where a creator's bank is; asked once, before Stripe asks the rest."""

    country = forms.ChoiceField(
        label=_("Country of your bank account"),
        help_text=_("Your bank is paid in the currency beside it. The country cannot be changed afterwards."),
        choices=lambda: [("", "—"), *_countries_with_currency()],
    )


def _countries_with_currency() -> list[tuple[str, str]]:
    """List the countries creators are paid in, each with the currency of its banks."""
    listed = countries(tuple(settings.PAYOUT_COUNTRIES))
    return [(code, f"{name} ({currency_of_region(code)})") for code, name in listed]


class TaxForm(forms.Form):
    """What a creator certifies for the tax office."""

    tax_form = forms.ChoiceField(label=_("Which form"), choices=TaxProfile.Form.choices, widget=forms.RadioSelect)
    legal_name = forms.CharField(
        label=_("Your legal name"),
        help_text=_("As it stands on your tax return. Nobody else sees it."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    country = forms.ChoiceField(label=_("Country you pay taxes in"), choices=lambda: [("", "—"), *countries()])
    tin = forms.CharField(
        label=_("Tax number"),
        help_text=_("Kept encrypted. We show only its last four characters."),
        min_length=5,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    is_certified = forms.BooleanField(
        label=_("Under penalties of perjury, I certify that this is true and complete."),
        error_messages={"required": _("Tick this to certify what you gave.")},
    )

    def clean_tin(self) -> str:
        tin = re.sub(r"[\s.-]", "", self.cleaned_data["tin"]).upper()
        if not re.fullmatch(r"[A-Z0-9]{5,30}", tin):
            raise forms.ValidationError(_("A tax number has letters and digits only."))
        return tin

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (
            cleaned.get("tax_form") == TaxProfile.Form.W9
            and cleaned.get("tin")
            and not re.fullmatch(r"\d{9}", cleaned["tin"])
        ):
            self.add_error("tin", _("A US tax number has nine digits."))
        return cleaned


class GiveBackForm(MoneyForm):
    """How much of a sale goes back, and what the buyer reads. It is shown once more before it is done (PAY-5)."""

    tokens = TokensField(label=_("Tokens to give back"))
    reason = forms.CharField(
        label=_("Message"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 300})
    )
    confirmed = SeenField()

    def renew(self, *, key: str) -> None:
        """Show the same wish again as one that was not sent yet."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "idempotency_key": key}


class ReturnForm(MoneyForm):
    """A return of unused tokens, as its amount was shown (LEDGER-7)."""

    minor = forms.IntegerField(min_value=1, max_value=10**12, widget=forms.HiddenInput)

    def renew(self, *, key: str, minor: int) -> None:
        """Show the same wish again at the present amount, as one that was not sent yet."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "idempotency_key": key, "minor": str(minor)}
