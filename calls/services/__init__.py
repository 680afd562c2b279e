"""Every write about calls: one keyword-only function per act, each its own transaction."""

from calls.services.acts import (
    answer_video,
    ask_for_video,
    hang_up,
    heartbeat,
    join_call,
    leave_call,
    switch_to_voice,
)
from calls.services.endings import end_calls_between, end_calls_of, retry_parked_call
from calls.services.offerings import set_availability, set_offering
from calls.services.rings import (
    accept_ring,
    cancel_ring,
    decline_ring,
    expire_due_rings,
    ring_creator,
    tell_missed_rings,
)
from calls.services.sweep import sweep_calls

__all__ = [
    "accept_ring",
    "answer_video",
    "ask_for_video",
    "cancel_ring",
    "decline_ring",
    "end_calls_between",
    "end_calls_of",
    "expire_due_rings",
    "hang_up",
    "heartbeat",
    "join_call",
    "leave_call",
    "retry_parked_call",
    "ring_creator",
    "set_availability",
    "set_offering",
    "sweep_calls",
    "switch_to_voice",
    "tell_missed_rings",
]
