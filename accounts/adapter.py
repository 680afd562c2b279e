"""How allauth fits our house: our pages, our addresses, our mail, our clock for step-up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from typing_extensions import override

from accounts import permissions
from digis.core import sealed
from digis.core.http import client_address

STAFF_SESSION_SECONDS = 8 * 60 * 60
SECOND_FACTOR = "accounts.second-factor"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account side."""

    @override
    def get_login_stages(self) -> list[str]:
        return ["accounts.stages.SecondFactorStage"]

    @override
    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        permissions.mark_confirmed(request)
        if getattr(user, "is_staff", False):
            request.session.set_expiry(STAFF_SESSION_SECONDS)

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse allauth's own sign-up: ours asks for a handle, an age and the terms."""
        return False

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104  # a stand-in for "unknown", nothing listens on it

    @override
    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Stay silent: our views say what happened in our words."""

    @override
    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Stay silent: our services write the mail with its cause."""

    @override
    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return HttpResponseRedirect(reverse("accounts:sign_in"))


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted at rest, under a key made from the server's own."""

    @override
    def encrypt(self, text: str) -> str:
        return sealed.seal(text, purpose=SECOND_FACTOR)

    @override
    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(encrypted_text, purpose=SECOND_FACTOR)
