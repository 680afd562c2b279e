"""What waits for staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import list_open_appeals, list_pending_applications
from digis.core.models import OutboxEntry


@dataclass(frozen=True)
class Queue:
    """A list of things to decide, and how long it is."""

    label: str
    count: int
    url: str


def list_queues(viewer: User | AnonymousUser) -> list[Queue]:
    """List the queues a member of staff may work on."""
    queues = []
    if viewer.has_perm("accounts.decide_creatorapplication"):
        page = f"{reverse('admin:accounts_creatorapplication_changelist')}?status__exact=pending"
        queues.append(Queue(_("creator applications to read"), list_pending_applications().count(), page))
    if viewer.has_perm("accounts.answer_appeal"):
        page = f"{reverse('admin:accounts_appeal_changelist')}?status__exact=open"
        queues.append(Queue(_("appeals to answer"), list_open_appeals().count(), page))
    if viewer.has_perm("core.change_outboxentry"):
        parked = OutboxEntry.objects.filter(parked_at__isnull=False).count()
        page = f"{reverse('admin:core_outboxentry_changelist')}?state=parked"
        queues.append(Queue(_("promises that could not be kept"), parked, page))
    return queues
