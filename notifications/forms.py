"""The shape of what people send about notifications."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from notifications.models import Bell, Digest

WEEKDAYS = (
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
)
HOURS = [(f"{hour:02d}:00", f"{hour:02d}:00") for hour in range(24)]


class UUIDsField(forms.Field):
    """Ids, as many as were sent."""

    widget = forms.MultipleHiddenInput

    @override
    def clean(self, value: Any) -> list[UUID]:
        one = forms.UUIDField(required=False)
        return [found for text in value or () if (found := one.clean(text)) is not None]


class ReadForm(forms.Form):
    """Which notifications were read: some by id, or all."""

    ids = UUIDsField(required=False)
    all = forms.BooleanField(required=False)


class BellForm(forms.Form):
    """How much to hear of one creator."""

    level = forms.ChoiceField(choices=Bell.Level)


class TableForm(forms.Form):
    """The boxes that were ticked in the settings' table, as `category:channel`."""

    on = forms.Field(required=False, widget=forms.CheckboxSelectMultiple)

    def clean_on(self) -> list[tuple[str, str]]:
        """Read each box as its row and column."""
        boxes = (str(text).partition(":") for text in self.cleaned_data["on"] or ())
        return [(category, channel) for category, _separator, channel in boxes]


class QuietForm(forms.Form):
    """From when to when nothing comes by mail and push; left empty, there are no quiet hours."""

    starts = forms.TimeField(
        label=_("From"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M"),
    )
    ends = forms.TimeField(
        label=_("To"), required=False, widget=forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M")
    )


class DigestForm(forms.Form):
    """One letter instead of many."""

    rhythm = forms.ChoiceField(label=_("Gather my mail"), choices=Digest.Rhythm)
    at = forms.TypedChoiceField(label=_("At"), choices=HOURS)
    weekday = forms.TypedChoiceField(label=_("On, when weekly"), choices=WEEKDAYS, coerce=int)
