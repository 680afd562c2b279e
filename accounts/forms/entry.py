"""Forms on the way in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts import handles
from accounts.models import User
from digis.core import clock

OLDEST = 120  # years


def plain_text(*, max_length: int, autocomplete: str = "", **attrs: Any) -> forms.TextInput:
    """Return a one-line control that neither corrects nor capitalizes what is typed."""
    known = {"maxlength": max_length, "autocapitalize": "none", "spellcheck": "false"}
    return forms.TextInput(attrs={**known, **({"autocomplete": autocomplete} if autocomplete else {}), **attrs})


class SignInForm(forms.Form):
    login = forms.CharField(
        label=_("E-mail or handle"), max_length=254, widget=plain_text(max_length=254, autocomplete="username")
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


def is_link(text: str) -> bool:
    """Say whether a code is the long one of a link."""
    return re.fullmatch(r"[0-9a-f-]{36}\.[\w-]{20,80}", text) is not None


class CodeForm(forms.Form):
    """Six digits from a mail; spaces people paste along are dropped. Or the mail's link, which fills the field unseen."""

    code = forms.CharField(
        label=_("Code"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 12}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, link: str = "") -> None:
        """Take what was sent, or what a link's address says, which is shown as one button to press (ACC-2)."""
        super().__init__(data, initial={"code": link} if is_link(link) else None)
        self.by_link = is_link(data.get("code", "") if data is not None else link)
        if self.by_link:
            self.fields["code"].widget = forms.HiddenInput()

    def clean_code(self) -> str:
        if self.by_link:
            return str(self.cleaned_data["code"])
        code = "".join(self.cleaned_data["code"].split()).replace("-", "")
        if not code.isdecimal() or len(code) != 6:
            raise ValidationError(_("The code has six digits."))
        return code


class FactorForm(forms.Form):
    """Six digits of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 24}),
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split()).replace("-", "")


class NewPasswordForm(forms.Form):
    """A new password, measured against the person it is for."""

    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 10 characters. A few words in a row are good."),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password


class BirthDateWidget(forms.DateInput):
    """The browser's own date picker; its value is always written the ISO way."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "bday"}, format="%Y-%m-%d")


class NameField(forms.CharField):
    """A display name: visible, and not ours."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "name", "maxlength": 80})
        super().__init__(label=_("Name"), max_length=80, widget=widget, **kwargs)

    @override
    def clean(self, value: Any) -> str:
        name = handles.tidy_name(str(super().clean(value)))
        if not name:
            raise forms.ValidationError(_("Write a name that people can see."))
        if handles.is_our_name(name):
            raise forms.ValidationError(_("This name would pass for ours. Choose another."))
        return name


class SignUpForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    display_name = NameField()
    handle = forms.CharField(
        label=_("Handle"),
        help_text=_("Your address here. Letters and digits, with single dots or underscores between them."),
        max_length=100,  # what is too long is told by the rule of handles
        widget=plain_text(max_length=31, autocomplete="off"),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("Asked once, never shown. You need to be 13 to join, and 18 for calls and for earning."),
        widget=BirthDateWidget(),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 10 characters. Leave it empty to sign in with codes we e-mail you."),
        max_length=128,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    accepts_terms = forms.BooleanField(
        label=_("I accept the terms and the privacy notice"),
        error_messages={"required": _("Accept the terms to make an account.")},
    )
    ref = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)  # the word of an invitation link

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_handle(self) -> str:
        return handles.normalize(self.cleaned_data["handle"])

    def clean_birth_date(self) -> date:
        born: date = self.cleaned_data["birth_date"]
        today = clock.today()
        if born >= today or today.year - born.year > OLDEST:
            raise ValidationError(_("Check the year."))
        return born

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if password := data.get("password"):
            person = User(
                email=data.get("email", ""),
                username=data.get("handle", ""),
                display_name=data.get("display_name", ""),
            )
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data
