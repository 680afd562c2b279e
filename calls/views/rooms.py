"""During the call and after it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.permissions import require_signed_in
from calls import media, selectors, services
from calls.forms import BeatForm, VideoForm
from calls.models import Call
from digis.core.htmx import render_page, wants_part
from digis.core.http import redirect
from digis.core.limits import limited
from digis.core.pagination import Page, cursor_page

METER = "calls/parts/meter.html"
SWITCH = "calls/parts/switch.html"


@require_safe
@never_cache
def room(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Show the call itself. Opening the page joins nobody: the first heartbeat does."""
    viewer = require_signed_in(request.user)
    call = selectors.get_call_for(viewer, id=call_id)
    if call.is_over:
        return redirect(request, reverse("calls:summary", args=[call.pk]))
    reading = selectors.read_meter(call)
    is_fan = viewer.pk == call.fan_id
    peer = call.creator if is_fan else call.fan
    return render_page(
        request,
        "calls/room.html",
        {
            "call": call,
            "me": viewer,
            "peer": peer,
            "is_fan": is_fan,
            "meter": selectors.view_of(reading, is_fan=is_fan),
            "switch": selectors.switch_for(viewer.pk, call, reading.terms),
            "config": _config(call, viewer, peer),
        },
    )


def _config(call: Call, viewer: User, peer: User) -> dict[str, Any]:
    is_fan = viewer.pk == call.fan_id
    return {
        "id": str(call.pk),
        "topic": f"call:{call.pk}",
        "role": "fan" if is_fan else "creator",
        "is_caller": is_fan,
        "call_type": call.call_type,
        "status": call.status,
        "provider": media.get_provider().join(room=str(call.pk), person_id=viewer.pk),
        "beat_seconds": settings.CALL_HEARTBEAT_SECONDS,
        "urls": {
            name: reverse(f"calls:{name}", args=[call.pk])
            for name in ("beat", "leave", "end", "meter", "summary", "voice", "video")
        },
        "names": {"me": viewer.display_name, "peer": peer.display_name},
    }


@require_safe
@never_cache
def meter(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Show the meter alone, for a page whose socket is away."""
    viewer = require_signed_in(request.user)
    return _meter(request, viewer, selectors.get_call_for(viewer, id=call_id))


def _meter(request: HttpRequest, viewer: User, call: Call) -> HttpResponse:
    if call.is_over:
        return redirect(request, reverse("calls:summary", args=[call.pk]))
    return render_page(request, METER, {"meter": selectors.meter_for(viewer.pk, call)})


@require_POST
@limited("call_beat")
def beat(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Take a heartbeat over plain HTTP; the answer is the meter."""
    person = require_signed_in(request.user)
    form = BeatForm(request.POST)
    call = services.heartbeat(person=person, call_id=call_id, is_connected=form.is_connected)
    return _meter(request, person, call)


@require_POST
@limited("call_beat")
def leave(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Note that the page is closing: the meter pauses at once."""
    services.leave_call(person=require_signed_in(request.user), call_id=call_id)
    return HttpResponse(status=204)


@require_POST
@limited("call")
def end(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Hang up; the bill is the next page."""
    call = services.hang_up(person=require_signed_in(request.user), call_id=call_id)
    return redirect(request, reverse("calls:summary", args=[call.pk]))


@require_POST
@limited("call")
def voice(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Go on without pictures, at the lower rate from the next minute."""
    person = require_signed_in(request.user)
    call = services.switch_to_voice(person=person, call_id=call_id)
    return _switched(request, person, call)


@require_POST
@limited("call")
def video(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Ask for pictures, or answer the other side's wish."""
    person = require_signed_in(request.user)
    form = VideoForm(request.POST)
    answer = form.cleaned_data["answer"] if form.is_valid() else "decline"
    if answer == "ask":
        call = services.ask_for_video(person=person, call_id=call_id)
    else:
        call = services.answer_video(person=person, call_id=call_id, is_accepted=answer == "accept")
    return _switched(request, person, call)


def _switched(request: HttpRequest, person: User, call: Call) -> HttpResponse:
    if not wants_part(request):
        return redirect(request, reverse("calls:room", args=[call.pk]))
    switch = selectors.switch_for(person.pk, call, selectors.get_terms(call))
    return render_page(request, SWITCH, {"switch": switch})


@require_safe
@never_cache
def summary(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Show the bill of a finished call, with the same figures for both sides."""
    viewer = require_signed_in(request.user)
    call = selectors.get_call_for(viewer, id=call_id)
    if not call.is_over:
        return redirect(request, reverse("calls:room", args=[call.pk]))
    is_fan = viewer.pk == call.fan_id
    return render_page(
        request,
        "calls/summary.html",
        {
            "call": call,
            "summary": selectors.get_summary(viewer, call),
            "peer": call.creator if is_fan else call.fan,
            "is_fan": is_fan,
        },
    )


@require_safe
@never_cache
def history(request: HttpRequest) -> HttpResponse:
    """List a person's calls, made and taken."""
    viewer = require_signed_in(request.user)
    calls = selectors.list_calls(viewer, role=request.GET.get("as", ""))
    return render_page(request, "calls/history.html", {"page": lines(request, viewer, calls)})


def lines(request: HttpRequest, viewer: User, calls: Any) -> Page[Any]:
    """Return a page of calls as lines, from the viewer's side."""
    page: Page[Any] = cursor_page(calls, request=request, order="-id")
    return Page(selectors.lines_for(viewer, page.items), page.next_cursor, page.next_url)
