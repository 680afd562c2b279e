"""Every act on notifications: telling, delivering, reading, choosing, reminding."""

from notifications.services.choosing import (
    set_bell,
    set_digest,
    set_preference,
    set_preferences,
    set_quiet_hours,
)
from notifications.services.delivering import deliver, push_rest
from notifications.services.digesting import deliver_digest
from notifications.services.mending import note_failed_deliveries, promise_forgotten, retry_delivery
from notifications.services.reading import mark_read, open_notification, prune_notifications
from notifications.services.reminding import cancel_reminders, fire_reminder, schedule_reminder
from notifications.services.telling import notify, notify_bells, tell_bells, withdraw

__all__ = [
    "cancel_reminders",
    "deliver",
    "deliver_digest",
    "fire_reminder",
    "mark_read",
    "note_failed_deliveries",
    "notify",
    "notify_bells",
    "open_notification",
    "promise_forgotten",
    "prune_notifications",
    "push_rest",
    "retry_delivery",
    "schedule_reminder",
    "set_bell",
    "set_digest",
    "set_preference",
    "set_preferences",
    "set_quiet_hours",
    "tell_bells",
    "withdraw",
]
