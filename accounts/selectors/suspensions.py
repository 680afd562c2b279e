"""What a suspended person may read and do, and what waits for staff (ACC-9)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Appeal, User
from accounts.models.appeals import APPEAL_FOR
from digis.core import clock, registry


@dataclass(frozen=True, slots=True)
class Action:
    """Something a suspended person may still do: a link with its reason."""

    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """A suspension as the person it concerns sees it."""

    person: User
    appeal: Appeal | None  # the latest of this suspension
    actions: list[Action]

    @property
    def may_appeal(self) -> bool:
        """Whether an appeal can be sent now: none waits, and six months have not passed (MOD-5)."""
        if self.appeal is not None and self.appeal.status == Appeal.Status.OPEN:
            return False
        return self.person.suspended_at is not None and clock.now() <= self.person.suspended_at + APPEAL_FOR


def get_suspension(person: User) -> Suspension:
    """Return what the page of a suspended person shows, with what the apps above still offer them (ACC-9)."""
    own = Appeal.objects.filter(user=person.pk, suspended_at__gte=person.suspended_at or clock.now())
    offers = (action.offer(person) for action in registry.suspended_actions.values())
    return Suspension(
        person=person,
        appeal=own.order_by("-created_at", "-id").first(),
        actions=[Action(*offer) for offer in offers if offer is not None],
    )


def list_open_appeals() -> QuerySet[Appeal]:
    """List what waits for an answer, oldest first."""
    return Appeal.objects.filter(status=Appeal.Status.OPEN).order_by("created_at")
