"""Becoming a creator: a draft, a decision by staff, a gate that opens (ACC-5, ACC-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.errors import ApplicationClosed, ApplyLater, OwnAccount
from accounts.models import Category, CreatorApplication, CreatorProfile, User
from accounts.permissions import require_adult, require_not_staff, require_verified
from accounts.selectors import find_latest_application, find_open_application
from accounts.services.letters import address_of, write
from accounts.signals import creator_approved
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed

REAPPLY_AFTER: Final = timedelta(days=30)
Status = CreatorApplication.Status


@transaction.atomic
def start_application(*, person: User) -> CreatorApplication:
    """Return the open application of a person, or begin a draft. Repeatable.

    Raises StaffStandApart (ACC-5), TooYoung, InvalidState for an approved creator, ApplyLater before the re-apply
    date of a refusal (ACC-6).
    """
    require_not_staff(person)
    require_adult(person)
    User.objects.select_for_update().get(pk=person.pk)
    if (open_one := find_open_application(person)) is not None:
        return open_one
    last = find_latest_application(person)
    if last is not None and last.status == Status.APPROVED:
        raise InvalidState
    if last is not None and last.reapply_on is not None and last.reapply_on > clock.today():
        raise ApplyLater(day=f"{last.reapply_on:%d %B %Y}")
    CreatorProfile.objects.get_or_create(user=person)
    draft = CreatorApplication(user=person, created_at=clock.now())
    if last is not None:  # a second try starts from the first
        draft.headline, draft.about, draft.links = last.headline, last.about, last.links
        draft.category_slugs = last.category_slugs
    draft.save(force_insert=True)
    return draft


@transaction.atomic
def save_application(
    *,
    application: CreatorApplication,
    headline: str | None = None,
    categories: Sequence[str] | None = None,
    about: str | None = None,
    links: str | None = None,
) -> CreatorApplication:
    """Save what a step of the form holds; the other steps keep theirs. Raises InvalidState once it is sent."""
    application = CreatorApplication.objects.select_for_update().get(pk=application.pk)
    if application.status != Status.DRAFT:
        raise InvalidState
    if headline is not None:
        application.headline = headline.strip()
    if categories is not None:
        application.category_slugs = list(categories)
    if about is not None:
        application.about = about.strip()
    if links is not None:
        application.links = links.strip()
    application.save()
    return application


@transaction.atomic
def submit_application(*, application: CreatorApplication) -> CreatorApplication:
    """Hand a complete draft to staff. Repeatable.

    Raises EmailUnverified, TooYoung, StaffStandApart, ValidationFailed where a part is missing, InvalidState.
    """
    application = CreatorApplication.objects.select_for_update().select_related("user").get(pk=application.pk)
    if application.status == Status.PENDING:
        return application
    if application.status != Status.DRAFT:
        raise InvalidState
    require_not_staff(application.user)
    require_verified(application.user)
    require_adult(application.user)
    if not (application.headline and application.about and application.category_slugs):
        raise ValidationFailed
    application.status, application.submitted_at = Status.PENDING, clock.now()
    application.save(update_fields=["status", "submitted_at"])
    return application


@transaction.atomic
def approve_application(*, application: CreatorApplication, staff: User) -> CreatorApplication:
    """Open the gate to selling for an applicant, and tell them. Repeatable (ACC-6).

    Raises OwnAccount (ACC-5), ApplicationClosed when it was refused meanwhile.
    """
    application = _take(application, staff)
    if application.status == Status.APPROVED:
        return application
    if application.status != Status.PENDING:
        raise ApplicationClosed
    application.status, application.decided_at, application.decided_by = Status.APPROVED, clock.now(), staff
    application.save(update_fields=["status", "decided_at", "decided_by"])
    person = application.user
    make_creator(person=person, headline=application.headline, categories=application.category_slugs)
    if not person.bio:
        person.bio = application.about[:500]
        person.save(update_fields=["bio"])
    audit.record(actor=staff, action="accounts.application_approved", target=application)
    write(
        to=person.email, letter="application_approved", person=person, studio=address_of(page="accounts:become_creator")
    )
    return application


@transaction.atomic
def refuse_application(*, application: CreatorApplication, staff: User, reason: str) -> CreatorApplication:
    """Refuse an application with a reason the applicant reads and the day they may try again. Repeatable (ACC-6).

    Raises ValidationFailed without a reason, OwnAccount (ACC-5), ApplicationClosed when it was approved meanwhile.
    """
    reason = reason.strip()
    if not reason:
        raise ValidationFailed
    application = _take(application, staff)
    if application.status == Status.REFUSED:
        return application
    if application.status != Status.PENDING:
        raise ApplicationClosed
    application.status, application.decided_at, application.decided_by = Status.REFUSED, clock.now(), staff
    application.reason, application.reapply_on = reason[:500], clock.today() + REAPPLY_AFTER
    application.save(update_fields=["status", "decided_at", "decided_by", "reason", "reapply_on"])
    person = application.user
    audit.record(actor=staff, action="accounts.application_refused", target=application, reason=reason)
    write(
        to=person.email,
        letter="application_refused",
        person=person,
        reason=application.reason,
        day=f"{application.reapply_on:%d %B %Y}",
    )
    return application


@transaction.atomic
def make_creator(
    *, person: User, headline: str, categories: Iterable[str], approved_at: datetime | None = None
) -> CreatorProfile:
    """Make a person an approved creator and announce it once. For decisions made, and trusted callers. Repeatable.

    Raises StaffStandApart (ACC-5).
    """
    require_not_staff(person)
    profile, _is_new = CreatorProfile.objects.get_or_create(user=person)
    was_approved = profile.is_approved
    profile.headline = headline
    profile.approved_at = profile.approved_at or approved_at or clock.now()
    profile.save(update_fields=["headline", "approved_at"])
    profile.categories.set(Category.objects.filter(slug__in=list(categories)))
    person.creator = profile
    if not was_approved:
        creator_approved.send(sender=User, creator=person)
    return profile


def _take(application: CreatorApplication, staff: User) -> CreatorApplication:
    application = (
        CreatorApplication.objects.select_for_update(of=("self",)).select_related("user").get(pk=application.pk)
    )
    if application.user_id == staff.pk:
        raise OwnAccount
    return application
