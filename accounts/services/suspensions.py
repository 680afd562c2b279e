"""Being suspended, appealing, and coming back (ACC-9, MOD-5)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.errors import AppealOpen, AppealTooLate, OwnAccount, SameReviewer
from accounts.models import Appeal, User
from accounts.models.appeals import APPEAL_FOR
from accounts.services.letters import address_of, write
from accounts.services.presence import announce_presence
from accounts.signals import person_suspended
from digis.core import audit, clock, realtime
from digis.core.errors import InvalidState, NotFound


@transaction.atomic
def suspend(*, person: User, staff: User, reason: str) -> None:
    """Suspend a person: they vanish from every surface and are left a page that says why. Sockets close. Repeatable.

    The reason is shown to the person. Raises OwnAccount (ACC-5).
    """
    if person.pk == staff.pk:
        raise OwnAccount
    person = User.objects.select_for_update().get(pk=person.pk)
    person.suspension_reason = reason.strip()
    if person.suspended_at is None:
        person.suspended_at, person.suspended_by = clock.now(), staff
        person_suspended.send(sender=User, person=person)
        write(
            to=person.email,
            letter="suspended",
            person=person,
            reason=person.suspension_reason,
            page=address_of(page="accounts:suspended"),
        )
    person.save(update_fields=["suspended_at", "suspended_by", "suspension_reason"])
    audit.record(actor=staff, action="accounts.suspended", target=person, reason=reason)
    announce_presence(people=[person.pk])
    realtime.close_sockets(person.pk)
    realtime.recheck_topic(f"presence:{person.pk}")


@transaction.atomic
def unsuspend(*, person: User, staff: User, reason: str) -> None:
    """Lift a suspension; an appeal that waits is settled by it. Repeatable. Raises OwnAccount (ACC-5)."""
    if person.pk == staff.pk:
        raise OwnAccount
    person = User.objects.select_for_update().get(pk=person.pk)
    Appeal.objects.filter(user=person.pk, status=Appeal.Status.OPEN).update(
        status=Appeal.Status.LIFTED, answered_by=staff, answered_at=clock.now()
    )
    _lift(person, staff, reason)


@transaction.atomic
def send_appeal(*, person: User, text: str) -> Appeal:
    """Keep a suspended person's appeal for staff (ACC-9).

    Raises InvalidState when they are not suspended, AppealOpen while one waits, AppealTooLate after six months (MOD-5).
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.suspended_at is None:
        raise InvalidState
    if clock.now() > person.suspended_at + APPEAL_FOR:
        raise AppealTooLate
    if Appeal.objects.filter(user=person.pk, status=Appeal.Status.OPEN).exists():
        raise AppealOpen
    appeal = Appeal.objects.create(
        user=person,
        suspended_at=person.suspended_at,
        suspended_by_id=person.suspended_by_id,
        suspension_reason=person.suspension_reason,
        text=text.strip(),
    )
    audit.record(actor=person, action="accounts.appealed", target=appeal)
    return appeal


@transaction.atomic
def answer_appeal(*, appeal_id: UUID, staff: User, is_granted: bool, answer: str) -> Appeal:
    """Grant an appeal, which lifts the suspension, or decline it. The person reads the answer.

    Raises NotFound, InvalidState when it was answered, SameReviewer for who suspended them (MOD-5), OwnAccount (ACC-5).
    """
    found = Appeal.objects.filter(pk=appeal_id).values_list("user_id", flat=True).first()
    if found is None:
        raise NotFound
    person = User.objects.select_for_update().get(pk=found)
    appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
    if person.pk == staff.pk:
        raise OwnAccount
    if appeal.suspended_by_id == staff.pk:
        raise SameReviewer
    if appeal.status != Appeal.Status.OPEN:
        raise InvalidState
    appeal.status = Appeal.Status.GRANTED if is_granted else Appeal.Status.DECLINED
    appeal.answer, appeal.answered_by, appeal.answered_at = answer.strip(), staff, clock.now()
    appeal.save(update_fields=["status", "answer", "answered_by", "answered_at"])
    if is_granted:
        _lift(person, staff, answer, answer=appeal.answer)
    else:
        page = address_of(page="accounts:suspended")
        write(to=person.email, letter="appeal_declined", person=person, answer=appeal.answer, page=page)
    audit.record(actor=staff, action=f"accounts.appeal_{appeal.status}", target=appeal, reason=answer)
    return appeal


def _lift(person: User, staff: User, reason: str, *, answer: str = "") -> None:
    if person.suspended_at is not None:
        person.suspended_at, person.suspended_by, person.suspension_reason = None, None, ""
        person.save(update_fields=["suspended_at", "suspended_by", "suspension_reason"])
        write(to=person.email, letter="unsuspended", person=person, answer=answer)
    audit.record(actor=staff, action="accounts.unsuspended", target=person, reason=reason)
    announce_presence(people=[person.pk])
