"""Pages about calls: each parses, calls one service or selector, and renders."""

from calls.views.rings import accept, cancel, decline, invite, prepare, ring
from calls.views.rooms import beat, end, history, leave, meter, room, summary, video, voice
from calls.views.studio import availability, studio_calls, studio_rates

__all__ = [
    "accept",
    "availability",
    "beat",
    "cancel",
    "decline",
    "end",
    "history",
    "invite",
    "leave",
    "meter",
    "prepare",
    "ring",
    "room",
    "studio_calls",
    "studio_rates",
    "summary",
    "video",
    "voice",
]
