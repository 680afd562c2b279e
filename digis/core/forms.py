"""How forms are drawn, and the field that makes paying twice impossible."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from digis.core.errors import ValidationFailed
from digis.core.idempotency import MAX_KEY, form_key


class DigisFormRenderer(TemplatesSetting):
    """Renders widgets from templates/django/forms/…, falling back to Django's own; forms and fields in our look."""

    form_template_name = "components/forms/form.html"
    field_template_name = "components/forms/field.html"


class MoneyForm(forms.Form):
    """A form whose submission moves tokens or money. Sent twice, it acts once (LEDGER-4)."""

    idempotency_key = forms.CharField(
        max_length=MAX_KEY,
        widget=forms.HiddenInput,
        error_messages={"required": _("Open the page again: its form has lost its key.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["idempotency_key"].initial = form_key


def add_refusal(form: forms.BaseForm, refusal: ValidationFailed) -> None:
    """Put what a service refused beside the fields it names; what names none stands above the form."""
    for name, lines in refusal.fields.items():
        form.add_error(name if name in form.fields else None, lines)
