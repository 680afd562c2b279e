"""The step between a first proof and a session: the second factor. allauth runs it; the page is ours."""

from __future__ import annotations

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from typing_extensions import override


class SecondFactorStage(AuthenticateStage):
    """Holds a sign-in until a code of the app, or a recovery code, is shown."""

    urlname = "accounts:two_factor"

    @override
    def handle(self) -> tuple[HttpResponse | None, bool]:
        if not self._should_handle(self.request):
            return None, True
        self.state["authentication_required"] = True
        return HttpResponseRedirect(reverse(self.urlname)), True
