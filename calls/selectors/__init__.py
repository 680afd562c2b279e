"""Every read about calls. Where access matters, the viewer is the first argument."""

from calls.selectors.eligibility import Refusal, can_call, find_refusal, taken
from calls.selectors.history import CallLine, Summary, Today, get_summary, get_today, line_for, lines_for, list_calls
from calls.selectors.meters import Meter, Reading, Switch, get_terms, meter_for, read_meter, switch_for, view_of
from calls.selectors.offerings import Quote, get_offering, get_quote, list_quotes, offerings_for, quote_of
from calls.selectors.running import (
    busy_ids,
    find_pending_ring_of,
    find_ringing,
    get_active_call,
    get_call_for,
    get_invitation_for,
    is_participant,
    role_of,
    sits_in_call,
)

__all__ = [
    "CallLine",
    "Meter",
    "Quote",
    "Reading",
    "Refusal",
    "Summary",
    "Switch",
    "Today",
    "busy_ids",
    "can_call",
    "find_pending_ring_of",
    "find_refusal",
    "find_ringing",
    "get_active_call",
    "get_call_for",
    "get_invitation_for",
    "get_offering",
    "get_quote",
    "get_summary",
    "get_terms",
    "get_today",
    "is_participant",
    "line_for",
    "lines_for",
    "list_calls",
    "list_quotes",
    "meter_for",
    "offerings_for",
    "quote_of",
    "read_meter",
    "role_of",
    "sits_in_call",
    "switch_for",
    "taken",
    "view_of",
]
