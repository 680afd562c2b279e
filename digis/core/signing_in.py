"""What happens to a request of somebody who has to sign in first, and where they are led back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode
from typing_extensions import override

from digis.core.http import back_of

View = TypeVar("View", bound=Callable[..., Any])


class SignInMiddleware(LoginRequiredMiddleware):
    """Lead a visitor to sign in, and afterwards back to the page they came from: a form cannot be sent for them."""

    @override
    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        kept = getattr(view_func, "kept_when_signed_out", None)
        back = back_of(request) if kept is None else _with_choice(request, kept)
        return redirect_to_login(back, resolve_url(self.get_login_url(view_func)))


def keeps_choice(*names: str) -> Callable[[View], View]:
    """Bring back to this page, as its query, what was chosen on it by somebody whose session had ended meanwhile."""

    def decorate(view: View) -> View:
        view.kept_when_signed_out = names  # type: ignore[attr-defined]
        return view

    return decorate


def _with_choice(request: HttpRequest, names: Iterable[str]) -> str:
    chosen = {name: request.POST[name] for name in names if request.POST.get(name)}
    return f"{request.path}?{urlencode(chosen)}" if chosen else request.path
