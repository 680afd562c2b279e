"""Every read about notifications. The person whose they are is the first argument."""

from notifications.selectors.choices import (
    Cell,
    Row,
    find_digest,
    find_quiet_hours,
    get_bell_level,
    get_digest,
    hears_bell,
    list_bell_listeners,
    list_rows,
    list_wanted,
    wants,
)
from notifications.selectors.deliveries import has_push, list_parked, list_parked_entries
from notifications.selectors.inbox import (
    ORDER,
    Line,
    can_read,
    count_unread,
    get_notification_for,
    list_heads,
    list_recently_read,
    may_show,
    present_line,
    present_lines,
    render_now,
)
from notifications.selectors.personal import list_personal_data

__all__ = [
    "ORDER",
    "Cell",
    "Line",
    "Row",
    "can_read",
    "count_unread",
    "find_digest",
    "find_quiet_hours",
    "get_bell_level",
    "get_digest",
    "get_notification_for",
    "has_push",
    "hears_bell",
    "list_bell_listeners",
    "list_heads",
    "list_parked",
    "list_parked_entries",
    "list_personal_data",
    "list_recently_read",
    "list_rows",
    "list_wanted",
    "may_show",
    "present_line",
    "present_lines",
    "render_now",
    "wants",
]
