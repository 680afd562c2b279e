"""Follow and block buttons."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import selectors, services
from accounts.models import User
from accounts.permissions import require_signed_in
from digis.core.http import next_url, redirect
from digis.core.limits import limited


@require_POST
@login_not_required
@limited("social")
def follow(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Follow (`on=1`) or stop following (`on=0`); the page it came from shows what is so now."""
    followed = selectors.get_person(id=person_id)
    page = reverse("discovery:creator", args=[followed.username])
    if not isinstance(request.user, User):
        return redirect(request, f"{reverse('accounts:sign_in')}?{urlencode({'next': page})}")
    if request.POST.get("on", "1") == "1":
        services.follow(follower=request.user, followed=followed)
    else:
        services.unfollow(follower=request.user, followed=followed)
    return redirect(request, next_url(request, default=page))


@require_POST
@limited("social")
def block(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Block (`on=1`) or unblock (`on=0`); afterwards the list of blocked people is the page to be on."""
    other = selectors.get_person(id=person_id)
    blocker = require_signed_in(request.user)
    if request.POST.get("on", "1") == "1":
        services.block(blocker=blocker, blocked=other)
        messages.success(
            request, _("@%(handle)s is blocked. Neither of you sees the other.") % {"handle": other.username}
        )
    else:
        services.unblock(blocker=blocker, blocked=other)
        messages.success(request, _("@%(handle)s is no longer blocked.") % {"handle": other.username})
    return redirect(request, next_url(request, default="accounts:settings_blocks"))
