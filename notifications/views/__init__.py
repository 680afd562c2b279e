"""Pages about notifications: each parses, calls one service or selector, and renders."""

from notifications.views.address import address
from notifications.views.inbox import bell, inbox, open_one, read
from notifications.views.mail_events import mail_events
from notifications.views.push import offline, push_subscription, service_worker
from notifications.views.settings import settings
from notifications.views.unsubscribing import unsubscribe_mail

__all__ = [
    "address",
    "bell",
    "inbox",
    "mail_events",
    "offline",
    "open_one",
    "push_subscription",
    "read",
    "service_worker",
    "settings",
    "unsubscribe_mail",
]
