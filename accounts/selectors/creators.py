"""Categories and applications."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Category, CreatorApplication, User
from digis.core import clock
from digis.core.errors import NotFound


def list_categories() -> QuerySet[Category]:
    """List the categories in the order staff gave them."""
    return Category.objects.all()


def find_open_application(person: User) -> CreatorApplication | None:
    """Return the person's draft or pending application, or None."""
    states = [CreatorApplication.Status.DRAFT, CreatorApplication.Status.PENDING]
    return CreatorApplication.objects.filter(user=person.pk, status__in=states).first()


def find_latest_application(person: User) -> CreatorApplication | None:
    """Return the person's newest application, whatever became of it, or None."""
    return CreatorApplication.objects.filter(user=person.pk).order_by("-created_at", "-id").first()


def can_apply_again(application: CreatorApplication | None) -> bool:
    """Tell whether the re-apply date of a refusal has come (ACC-6)."""
    if application is None or application.status != CreatorApplication.Status.REFUSED:
        return False
    return application.reapply_on is None or application.reapply_on <= clock.today()


def get_application(*, id: UUID | str) -> CreatorApplication:  # noqa: A002  # named like every other getter
    """Return an application with its person. Raises NotFound."""
    application = CreatorApplication.objects.filter(pk=id).select_related("user", "decided_by").first()
    if application is None:
        raise NotFound
    return application


def list_pending_applications() -> QuerySet[CreatorApplication]:
    """List what waits for staff, oldest first."""
    pending = CreatorApplication.objects.filter(status=CreatorApplication.Status.PENDING)
    return pending.select_related("user").order_by("submitted_at")
