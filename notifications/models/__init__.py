"""The inbox, the ways out of it, and what each person chose."""

from notifications.models.addresses import MailEvent, Suppression
from notifications.models.choices import Bell, Digest, Preference, QuietHours
from notifications.models.inbox import Channel, Delivery, Notification
from notifications.models.push import PushSubscription
from notifications.models.reminders import Reminder

__all__ = [
    "Bell",
    "Channel",
    "Delivery",
    "Digest",
    "MailEvent",
    "Notification",
    "Preference",
    "PushSubscription",
    "QuietHours",
    "Reminder",
    "Suppression",
]
