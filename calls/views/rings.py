"""Before the call: the price, the ring, the three answers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.permissions import require_signed_in
from accounts.selectors import can_view_profile, get_person, get_person_by_handle
from calls import events, selectors, services
from calls.forms import InviteForm
from calls.models import CallInvitation, CallType
from calls.selectors import Refusal
from digis.core.errors import DomainError, NotFound, ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import redirect, status_of
from digis.core.limits import limited


@require_safe
@never_cache
def prepare(request: HttpRequest, handle: str) -> HttpResponse:
    """Show what a call with a creator costs, how long the tokens last, and the button that rings."""
    viewer = require_signed_in(request.user)
    creator = get_person_by_handle(handle)
    return _prepare(request, viewer, creator, request.GET.get("type", ""))


def _prepare(
    request: HttpRequest,
    viewer: User,
    creator: User,
    call_type: str,
    *,
    error: DomainError | None = None,
) -> HttpResponse:
    if not creator.is_approved_creator or not can_view_profile(viewer, creator):
        raise NotFound
    offering = selectors.get_offering(creator)
    quotes = selectors.list_quotes(viewer, offering)
    quote = next((quote for quote in quotes if quote.call_type == call_type), quotes[0] if quotes else None)
    chosen = quote.call_type if quote is not None else CallType.VIDEO
    refusal = selectors.can_call(viewer, creator, offering=offering)
    if error is not None:
        refusal = Refusal(error.code, str(error))
    message = request.POST.get("message", "")[:200]
    form = InviteForm(initial={"creator": creator.pk, "call_type": chosen, "message": message})
    return render_page(
        request,
        "calls/prepare.html",
        {
            "creator": creator,
            "offering": offering,
            "quote": quote,
            "quotes": quotes,
            "call_type": chosen,
            "refusal": refusal,
            "form": form,  # always a fresh one: its key has not been used
        },
        status=200 if error is None else 422 if isinstance(error, ValidationFailed) else status_of(error),
    )


@require_POST
@limited("call")
def invite(request: HttpRequest) -> HttpResponse:
    """Ring a creator. Where it is not possible the page comes back and says why; nothing was taken."""
    fan = require_signed_in(request.user)
    form = InviteForm(request.POST)
    form.full_clean()
    asked = form.cleaned_data
    if "creator" not in asked:
        raise NotFound
    creator = get_person(id=asked["creator"])
    if not form.is_valid():
        reasons = {name: list(lines) for name, lines in form.errors.items()}
        sentence = next(iter(reasons.values()))[0]
        return _prepare(request, fan, creator, asked.get("call_type", ""), error=ValidationFailed(reasons, sentence))
    try:
        ring = services.ring_creator(
            fan=fan,
            creator=creator,
            call_type=asked["call_type"],
            key=asked["idempotency_key"],
            message=asked["message"],
        )
    except NotFound:
        raise
    except DomainError as error:
        return _prepare(request, fan, creator, asked["call_type"], error=error)
    return redirect(request, reverse("calls:ring", args=[ring.pk]))


@require_safe
@never_cache
def ring(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Wait for the answer (fan) or give it (creator); works by reloading. An accepted ring leads both to the room."""
    viewer = require_signed_in(request.user)
    invitation = selectors.get_invitation_for(viewer, id=invitation_id)
    if invitation.status == CallInvitation.Status.ACCEPTED:
        return redirect(request, reverse("calls:room", args=[invitation.call.pk]))
    is_caller = viewer.pk == invitation.fan_id
    return render_page(
        request,
        "calls/ring.html",
        {
            "invitation": invitation,
            "is_caller": is_caller,
            "peer": invitation.creator if is_caller else invitation.fan,
            "seconds_left": events.seconds_until_expiry(invitation),
            "quote": selectors.quote_of(invitation),
        },
    )


@require_POST
@limited("call")
def accept(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Pick up."""
    creator = require_signed_in(request.user)
    call = services.accept_ring(creator=creator, invitation_id=invitation_id)
    return redirect(request, reverse("calls:room", args=[call.pk]))


@require_POST
@limited("call")
def decline(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Refuse a ring."""
    creator = require_signed_in(request.user)
    services.decline_ring(creator=creator, invitation_id=invitation_id)
    return redirect(request, reverse("calls:studio_calls"))


@require_POST
@limited("call")
def cancel(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Stop ringing."""
    fan = require_signed_in(request.user)
    invitation = services.cancel_ring(fan=fan, invitation_id=invitation_id)
    return redirect(request, reverse("calls:prepare", args=[invitation.creator.username]))
