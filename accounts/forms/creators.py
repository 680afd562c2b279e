"""The steps of becoming a creator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from accounts.forms.settings import limit_categories


class WorkForm(forms.Form):
    headline = forms.CharField(
        label=_("What you do, in five words"),
        help_text=_("It stands under your name: “Pottery, from clay to kiln”."),
        max_length=80,
        widget=forms.TextInput(attrs={"maxlength": 80}),
    )
    categories = forms.MultipleChoiceField(
        label=_("Categories"), help_text=_("Up to three."), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, categories: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["categories"].choices = categories  # type: ignore[attr-defined]  # a choice field by declaration

    def clean_categories(self) -> list[str]:
        return limit_categories(self.cleaned_data["categories"])


class AboutForm(forms.Form):
    about = forms.CharField(
        label=_("What happens in a call with you"),
        help_text=_("Who you are, what people bring, what they leave with. At least 40 characters."),
        min_length=40,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": 2000}),
    )
    links = forms.CharField(
        label=_("Where else people find you"),
        help_text=_("One address a line. Only our staff read this."),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 600}),
    )


class SendForm(forms.Form):
    is_truthful = forms.BooleanField(
        label=_("This is me, and what I wrote is true"),
        error_messages={"required": _("Confirm that this is you.")},
    )
    accepts_terms = forms.BooleanField(
        label=_("I accept the terms for creators"),
        error_messages={"required": _("Accept the terms for creators to send this.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accepts_terms"].help_text = now_(
            "Digis keeps %(share)s%% of what you earn; the rest is yours."
        ) % {"share": f"{settings.PLATFORM_FEE_BP / 100:g}"}
