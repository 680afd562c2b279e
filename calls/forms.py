"""The shape of what people send about calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.models import RATE_MAX, CallType
from digis.core.forms import MoneyForm


class InviteForm(MoneyForm):
    """Ring a creator."""

    creator = forms.UUIDField(widget=forms.HiddenInput)
    call_type = forms.ChoiceField(choices=CallType.choices, widget=forms.HiddenInput)
    message = forms.CharField(label=_("What it’s about"), max_length=200, required=False, strip=True)


class OfferingForm(forms.Form):
    """A creator's rates; an empty one is not offered."""

    video_rate = forms.IntegerField(
        label=_("Video call"),
        help_text=_("Tokens a minute. Leave empty to take no video calls."),
        min_value=1,
        max_value=RATE_MAX,
        required=False,
    )
    voice_rate = forms.IntegerField(
        label=_("Voice call"),
        help_text=_("Tokens a minute. Leave empty to take no voice calls."),
        min_value=1,
        max_value=RATE_MAX,
        required=False,
    )
    bill_whole_minutes = forms.BooleanField(
        label=_("Bill whole started minutes"),
        help_text=_("Fans see this before they call. Otherwise the last minute is settled to the second."),
        required=False,
    )


class SwitchForm(forms.Form):
    """An on or off button."""

    on = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1")


class BeatForm(forms.Form):
    """A heartbeat's one word: whether media is connected."""

    connected = forms.ChoiceField(choices=[("1", "1"), ("0", "0")], required=False)

    @property
    def is_connected(self) -> bool:
        """Whether it counts as presence; silence is a yes, what cannot be read is a no."""
        return self.is_valid() and self.cleaned_data["connected"] != "0"


class VideoForm(forms.Form):
    """Ask for pictures, or answer the other side's wish."""

    answer = forms.ChoiceField(choices=[("ask", "ask"), ("accept", "accept"), ("decline", "decline")], required=False)

    def clean_answer(self) -> str:
        """Treat no answer as asking."""
        answer: Any = self.cleaned_data["answer"]
        return str(answer or "ask")
