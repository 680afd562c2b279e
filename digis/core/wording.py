"""Django's own sentences about what people typed, in our voice: what to do, not what went wrong (look.md)."""

from __future__ import annotations

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


def install() -> None:
    """Put our sentences in the place of Django's, for every form and serializer. Repeatable."""
    validators.MinValueValidator.message = _("Choose %(limit_value)s or more.")
    validators.MaxValueValidator.message = _("Choose %(limit_value)s or less.")
    validators.MinLengthValidator.message = ngettext_lazy(
        "Use at least %(limit_value)d character.", "Use at least %(limit_value)d characters.", "limit_value"
    )
    validators.MaxLengthValidator.message = ngettext_lazy(
        "Use at most %(limit_value)d character: this has %(show_value)d.",
        "Use at most %(limit_value)d characters: this has %(show_value)d.",
        "limit_value",
    )
    forms.Field.default_error_messages["required"] = _("Fill this in.")
    forms.IntegerField.default_error_messages["invalid"] = _("Write a whole number, such as 25.")
