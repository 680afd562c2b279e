"""The shape of what people send."""

from accounts.forms.creators import AboutForm, SendForm, WorkForm
from accounts.forms.entry import CodeForm, EmailForm, FactorForm, NewPasswordForm, SignInForm, SignUpForm
from accounts.forms.settings import (
    BlockForm,
    EmailChangeForm,
    HandleForm,
    PasswordForm,
    PrivacyForm,
    ProfileForm,
    ThemeForm,
)

__all__ = [
    "AboutForm",
    "BlockForm",
    "CodeForm",
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
