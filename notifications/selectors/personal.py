"""What notifications hold about a person, for their export (LAW-9). Of others only their handles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F

from accounts.models import User
from notifications.models import Bell, Digest, Notification, Preference, PushSubscription, QuietHours, Reminder


def list_personal_data(person: User) -> Iterator[dict[str, Any]]:
    """Yield one dictionary for each thing known about a person; `kind` names what it is."""
    told = Notification.objects.filter(person=person.pk).order_by("created_at")
    for row in told.values("actor__username", "data", "created_at", "read_at", about=F("kind")).iterator():
        yield {"kind": "notification", **row}
    tables = (
        ("notification_choice", Preference.objects, ("category", "channel", "is_on", "updated_at")),
        ("bell", Bell.objects, ("creator__username", "level", "updated_at")),
        ("quiet_hours", QuietHours.objects, ("starts", "ends")),
        ("digest", Digest.objects, ("rhythm", "at", "weekday")),
        ("push_browser", PushSubscription.objects, ("label", "created_at", "last_sent_at")),
        ("reminder", Reminder.objects, ("slot", "status", "due_at", "done_at")),
    )
    for kind, rows, fields in tables:
        for row in rows.filter(person=person.pk).values(*fields):
            yield {"kind": kind, **row}
