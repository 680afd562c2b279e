"""What calls tell open pages. Each event's HTML is the fragment the page itself renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import reverse
from typing_extensions import override

from calls.models import Call, CallInvitation
from calls.selectors import Meter, Switch
from digis.core import clock
from digis.core.realtime import Event

SHEET = "calls/parts/sheet.html"
WAITING = "calls/parts/waiting.html"


def seconds_until_expiry(invitation: CallInvitation) -> int:
    """Return how long a ring still rings, in whole seconds."""
    return max(0, round((invitation.expires_at - clock.now()).total_seconds()))


@dataclass(frozen=True)
class CallRinging(Event):
    """To the creator, in every tab: somebody rings."""

    name: ClassVar[str] = "call.ringing"
    template: ClassVar[str] = SHEET
    invitation: CallInvitation

    @override
    def context(self) -> dict[str, Any]:
        return {"invitation": self.invitation, "seconds_left": seconds_until_expiry(self.invitation)}

    @override
    def data(self) -> dict[str, Any]:
        return {
            "invitation": str(self.invitation.pk),
            "url": reverse("calls:ring", args=[self.invitation.pk]),
            "call_type": self.invitation.call_type,
            "granted_tokens": self.invitation.granted_tokens,
            "seconds_left": seconds_until_expiry(self.invitation),
        }


@dataclass(frozen=True)
class CallRingEnded(Event):
    """To the creator, in every tab: nothing rings any more."""

    name: ClassVar[str] = "call.ring_ended"
    template: ClassVar[str] = SHEET
    invitation: CallInvitation

    @override
    def context(self) -> dict[str, Any]:
        return {"invitation": None, "seconds_left": 0}

    @override
    def data(self) -> dict[str, Any]:
        return {"invitation": str(self.invitation.pk), "status": self.invitation.status}


@dataclass(frozen=True)
class RingAnswered(Event):
    """To the fan: what became of the ring. Subclasses name the outcome."""

    template: ClassVar[str] = WAITING
    invitation: CallInvitation

    @override
    def context(self) -> dict[str, Any]:
        return {"invitation": self.invitation, "seconds_left": seconds_until_expiry(self.invitation)}

    @override
    def data(self) -> dict[str, Any]:
        return {"invitation": str(self.invitation.pk), "status": self.invitation.status}


@dataclass(frozen=True)
class CallAccepted(RingAnswered):
    name: ClassVar[str] = "call.accepted"
    call: Call

    @override
    def data(self) -> dict[str, Any]:
        return super().data() | {"call": str(self.call.pk), "url": reverse("calls:room", args=[self.call.pk])}


@dataclass(frozen=True)
class CallDeclined(RingAnswered):
    name: ClassVar[str] = "call.declined"


@dataclass(frozen=True)
class CallMissed(RingAnswered):
    name: ClassVar[str] = "call.missed"


@dataclass(frozen=True)
class CallExpired(RingAnswered):
    name: ClassVar[str] = "call.expired"


@dataclass(frozen=True)
class CallMetered(Event):
    """To each side: time, cost and state, as that side sees them."""

    name: ClassVar[str] = "call.meter"
    template: ClassVar[str] = "calls/parts/meter.html"
    meter: Meter

    @override
    def context(self) -> dict[str, Any]:
        return {"meter": self.meter}

    @override
    def data(self) -> dict[str, Any]:
        return self.meter.data()


@dataclass(frozen=True)
class CallWarned(Event):
    """To each side, once per threshold: the tokens run low (CALL-7). Zero announces the grace."""

    name: ClassVar[str] = "call.warned"
    template: ClassVar[str] = "calls/parts/warning.html"
    meter: Meter
    threshold: int

    @override
    def context(self) -> dict[str, Any]:
        return {"meter": self.meter}

    @override
    def data(self) -> dict[str, Any]:
        return {
            "call": str(self.meter.call_id),
            "threshold": self.threshold,
            "seconds_left": self.meter.seconds_left,
        }


@dataclass(frozen=True)
class CallSwitched(Event):
    """To each side: the kind of the call changed, or somebody asked for it (CALL-2)."""

    name: ClassVar[str] = "call.switched"
    template: ClassVar[str] = "calls/parts/switch.html"
    switch: Switch

    @override
    def context(self) -> dict[str, Any]:
        return {"switch": self.switch}

    @override
    def data(self) -> dict[str, Any]:
        asked = "me" if self.switch.asked_by_me else "peer" if self.switch.asked_by_peer else None
        return {
            "call": str(self.switch.call_id),
            "call_type": self.switch.call_type,
            "next_rate": self.switch.next_rate,
            "asked_by": asked,
        }


@dataclass(frozen=True)
class CallEnded(Event):
    """To each side: it is over, why, and where the bill is."""

    name: ClassVar[str] = "call.ended"
    template: ClassVar[str] = "calls/parts/over.html"
    call: Call
    reason: str

    @override
    def context(self) -> dict[str, Any]:
        return {"call": self.call, "reason": self.reason, "summary_url": reverse("calls:summary", args=[self.call.pk])}

    @override
    def data(self) -> dict[str, Any]:
        return {
            "call": str(self.call.pk),
            "url": reverse("calls:summary", args=[self.call.pk]),
            "reason": self.reason,
        }
