"""The shape of what people send."""

from accounts.forms.creators import AboutForm, SendForm, WorkForm
from accounts.forms.entry import CodeForm, EmailForm, FactorForm, NewPasswordForm, SignInForm, SignUpForm
from accounts.forms.settings import (
    BlockForm,
    CurrencyForm,
    EmailChangeForm,
    HandleForm,
    PasswordForm,
    PrivacyForm,
    ProfileForm,
    ThemeForm,
)
from accounts.forms.suspended import AppealForm

__all__ = [
    "AboutForm",
    "AppealForm",
    "BlockForm",
    "CodeForm",
    "CurrencyForm",
    "EmailChangeForm",
    "EmailForm",
    "FactorForm",
    "HandleForm",
    "NewPasswordForm",
    "PasswordForm",
    "PrivacyForm",
    "ProfileForm",
    "SendForm",
    "SignInForm",
    "SignUpForm",
    "ThemeForm",
    "WorkForm",
]
