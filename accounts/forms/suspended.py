"""A suspended person's word to our staff."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("Why the suspension is wrong"),
        help_text=_("What happened, as you see it. Somebody else than who suspended you reads this."),
        min_length=20,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 7, "maxlength": 2000}),
    )
