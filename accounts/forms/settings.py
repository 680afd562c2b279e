"""Forms of the settings pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts import choices, handles
from accounts.forms.entry import NameField, NewPasswordForm, plain_text
from accounts.models import User
from digis.core import currencies
from digis.core.errors import ValidationFailed
from digis.core.files import clean_image

MAX_CATEGORIES = 3


def limit_categories(chosen: list[str]) -> list[str]:
    """Refuse more than three."""
    if len(chosen) > MAX_CATEGORIES:
        raise ValidationError(_("Choose up to three."))
    return chosen


class PictureField(forms.FileField):
    """A picture as it comes. What it really is, `digis.core.files.clean_image` finds out; a name proves nothing."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"accept": "image/jpeg,image/png,image/webp"}
        super().__init__(required=False, widget=forms.FileInput(attrs=attrs), **kwargs)


class ProfileForm(forms.Form):
    avatar = PictureField(label=_("Picture"), help_text=_("JPEG, PNG or WebP, up to 10 MB."))
    avatar_crop = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    remove_avatar = forms.BooleanField(label=_("Remove picture"), required=False)
    banner = PictureField(label=_("Banner"), help_text=_("Shown on your page, three times as wide as high."))
    remove_banner = forms.BooleanField(label=_("Remove banner"), required=False)
    display_name = NameField()
    headline = forms.CharField(
        label=_("What you do, in five words"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 80}),
    )
    bio = forms.CharField(
        label=_("About you"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 500}),
        help_text=_("Up to 500 characters."),
    )
    categories = forms.MultipleChoiceField(
        label=_("Categories"), required=False, help_text=_("Up to three."), widget=forms.CheckboxSelectMultiple
    )
    location = forms.CharField(
        label=_("Place"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 80, "autocomplete": "off"}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages you speak"), required=False, choices=choices.languages, widget=forms.CheckboxSelectMultiple
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=choices.time_zones)

    def __init__(self, *args: Any, person: User, categories: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_creator = person.is_approved_creator
        if self.is_creator:
            self.fields["categories"].choices = categories  # type: ignore[attr-defined]  # a choice field by declaration
        else:
            del self.fields["categories"], self.fields["headline"]

    def clean_categories(self) -> list[str]:
        return limit_categories(self.cleaned_data["categories"])

    def clean_avatar_crop(self) -> tuple[float, float, float, float] | None:
        """Read `left,top,right,bottom` as shares of the picture; anything else is no crop, and the middle is taken."""
        try:
            left, top, right, bottom = (float(part) for part in self.cleaned_data["avatar_crop"].split(","))
        except ValueError:
            return None
        return (left, top, right, bottom) if 0 <= left < right <= 1 and 0 <= top < bottom <= 1 else None

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._clean_picture("avatar", max_side=512, aspect=(1, 1), crop=data.get("avatar_crop"))
        self._clean_picture("banner", max_side=1500, aspect=(3, 1))
        return data

    def _clean_picture(self, name: str, **shape: Any) -> None:
        if not (upload := self.cleaned_data.get(name)):
            return
        try:
            self.cleaned_data[name] = clean_image(upload, **shape)
        except ValidationFailed as refusal:
            self.add_error(name, [str(line) for lines in refusal.fields.values() for line in lines] or str(refusal))

    def changes(self) -> dict[str, Any]:
        """Return what `services.save_profile` takes."""
        data = {**self.cleaned_data}
        data.pop("avatar_crop", None)
        removed = [name for name in ("avatar", "banner") if data.pop(f"remove_{name}", False)]
        return {**data, "avatar": data["avatar"] or None, "banner": data["banner"] or None, "remove": removed}


class HandleForm(forms.Form):
    handle = forms.CharField(
        label=_("Handle"),
        help_text=_("Your old one keeps working for 30 days. You can change it once in that time."),
        max_length=100,  # what is too long is told by the rule of handles
        widget=plain_text(max_length=31, autocomplete="off"),
    )

    def clean_handle(self) -> str:
        return handles.normalize(self.cleaned_data["handle"])


class EmailChangeForm(forms.Form):
    email = forms.EmailField(
        label=_("New e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class PasswordForm(NewPasswordForm):
    """A new password, with the present one where there is one."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current", "password")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, person=person, **kwargs)
        if not person.has_usable_password():
            del self.fields["current"]

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.person.check_password(current):
            raise ValidationError(_("That is not your present password."))
        return current


class PrivacyForm(forms.Form):
    is_listed = forms.BooleanField(
        label=_("Let people find me"),
        help_text=_(
            "In search, in Explore and in suggestions. Your own page stays open to those who have its address."
        ),
        required=False,
    )
    shows_online = forms.BooleanField(
        label=_("Show when I’m online"),
        help_text=_("While Digis is open on one of your devices, and a minute longer."),
        required=False,
    )
    shows_last_seen = forms.BooleanField(
        label=_("Show when I was last here"),
        help_text=_("Roughly: so many hours or days ago, and nothing after 30 days."),
        required=False,
    )
    shows_in_call = forms.BooleanField(
        label=_("Show when I’m in a call"),
        help_text=_("Never with whom. Switched off, you look away while you talk."),
        required=False,
    )
    shows_typing = forms.BooleanField(
        label=_("Show when I’m typing"),
        help_text=_("To the person you are writing to, while you write."),
        required=False,
    )


class BlockForm(forms.Form):
    handle = forms.CharField(
        label=_("Block somebody by handle"), max_length=31, widget=plain_text(max_length=31, autocomplete="off")
    )

    def clean_handle(self) -> str:
        return handles.normalize(self.cleaned_data["handle"])


class CurrencyForm(forms.Form):
    currency = forms.ChoiceField(
        label=_("Show prices in"),
        help_text=_(
            "Packs that have a price in it are also paid in it. Where we have no rate of this week, you see US dollars."
        ),
        choices=currencies.choices,
    )


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(
        label=_("Appearance"),
        choices=[("system", _("Like my device")), ("light", _("Light")), ("dark", _("Dark"))],
        widget=forms.RadioSelect,
    )
