"""What calls tell the layers below through their registries: every page's strip and sheet, the wallet's lines, closing."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from calls import selectors
from calls.models import Call, CallInvitation
from digis.core import registry
from economy.sources import Source, register_evidence, register_source


def connect() -> None:
    """Register all of it."""
    registry.register_context("active_call", active_call)
    registry.register_context("ringing", ringing)
    registry.register_occupation(registry.Occupation("call", selectors.sits_in_call))
    registry.register_closing_obligation(registry.ClosingObligation("calls", open_calls))
    register_source("call", describe=describe_calls, label=gettext_lazy("Call"), sold_as=gettext_lazy("calls"))
    register_evidence("call", attest=attest_calls)


def active_call(request: HttpRequest) -> Call | None:
    """Return the call the person sits in, for the strip that leads back to it."""
    return selectors.get_active_call(request.user) if hasattr(request, "user") else None


def ringing(request: HttpRequest) -> CallInvitation | None:
    """Return the ring a creator may answer, for the sheet on every page."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_approved_creator:
        return None
    return selectors.find_ringing(user)


def open_calls(person: User | UUID) -> list[str]:
    """Return what must end before an account closes."""
    busy = selectors.busy_ids([person.pk if isinstance(person, User) else person])
    return [_("You are in a call. Hang up first.")] if busy else []


def describe_calls(source_ids: list[str], viewer: User) -> dict[str, Source]:
    """Name the calls behind lines of the wallet: with whom, and where the bill is."""
    lines = [selectors.line_for(viewer, call) for call in selectors.list_calls(viewer).filter(pk__in=source_ids)]
    return {
        str(line.call.pk): Source(
            title=_("Call with %(name)s") % {"name": line.peer.display_name},
            url=reverse("calls:summary", args=[line.call.pk]),
            person=line.peer,
        )
        for line in lines
    }


def attest_calls(source_ids: list[str]) -> dict[str, str]:
    """Say of each call, for a bank, when both were connected and how long: what the meter counted (CALL-5)."""
    return {str(call.pk): _proof_of(call) for call in selectors.list_calls_by_id(source_ids)}


def _proof_of(call: Call) -> str:
    if call.started_at is None:
        return "Call accepted by the creator; the two were never connected."
    kind = "Video" if call.call_type == "video" else "Voice"
    begun = f"{call.started_at.astimezone(UTC):%H:%M:%S}"
    ended = f"{call.ended_at.astimezone(UTC):%H:%M:%S} UTC" if call.ended_at else "now"
    by = f", ended by @{call.ended_by.username}" if call.ended_by else ""
    return (
        f"{kind} call placed by the buyer and accepted by the creator; both were connected for "
        f"{call.seconds} seconds between {begun} and {ended}{by}."
    )
