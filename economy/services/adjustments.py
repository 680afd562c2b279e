"""Corrections by two members of staff: one asks, another decides (PAY-4)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from accounts.permissions import require_not_staff
from digis.core import audit, clock
from digis.core.errors import IdempotencyConflict, InvalidState, ValidationFailed
from economy.errors import NeedsAnotherPerson
from economy.kinds import tell_of_adjustment
from economy.models import Adjustment
from economy.selectors.adjustments import find_owed_since, get_adjustment, get_owed
from economy.services.balances import announce_balances, announce_earnings
from economy.sql import one

Kind, State = Adjustment.Kind, Adjustment.State
FORGIVING = {Kind.FORGIVE_CREATOR, Kind.FORGIVE_FAN}


def request_adjustment(
    *, staff: User, person: User, kind: Adjustment.Kind, tokens: int, reason: str, key: str
) -> Adjustment:
    """Ask for a correction, in tokens, that somebody else has to agree to; nothing moves yet.

    The same key again returns the first (LEDGER-4). Raises OwnAccount, StaffStandApart (ACC-5), ValidationFailed (an amount
    out of bounds, more forgiven than is owed, a creator's debt younger than WRITE_OFF_DAYS) and IdempotencyConflict.
    """
    _require_other(staff, person)
    require_not_staff(person)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=staff.pk)
        known = Adjustment.objects.filter(requested_by=staff, key=key).first()
        if known is not None:
            if (known.kind, known.person_id, known.tokens) != (kind, person.pk, tokens):
                raise IdempotencyConflict
            return known
        _require_sound(person, kind, tokens, reason)
        made = Adjustment.objects.create(
            kind=kind, person=person, tokens=tokens, reason=reason.strip(), requested_by=staff, key=key
        )
        audit.record(
            actor=staff,
            action="economy.adjustment_requested",
            target=made,
            reason=made.reason,
            data={"kind": str(kind), "tokens": tokens, "person": str(person.pk)},
        )
    return made


def decide_adjustment(*, adjustment_id: UUID, staff: User, approve: bool, note: str = "") -> Adjustment:
    """Agree to a correction, which posts it, or refuse it. The person is told what moved, and why.

    Raises NeedsAnotherPerson for whoever asked for it, OwnAccount, InvalidState when it is decided already or less is owed by
    now than was to be forgiven, ValidationFailed for a refusal without a reason.
    """
    if not approve and not note.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    with transaction.atomic():
        row = Adjustment.objects.select_for_update(of=("self",)).select_related("person").get(pk=adjustment_id)
        _require_other(staff, row.person)
        if row.requested_by_id == staff.pk:
            raise NeedsAnotherPerson
        if row.state != State.REQUESTED:
            raise InvalidState
        row.decided_by, row.decided_at, row.decision = staff, clock.now(), note.strip()
        row.save(update_fields=["decided_by", "decided_at", "decision"])
        if approve:
            outcome, row.transaction_id = one(
                "SELECT outcome, transaction_id FROM economy_adjust(%(adjustment)s, %(now)s)",
                {"adjustment": row.pk, "now": clock.now()},
            )
            if outcome != "posted":
                raise InvalidState
        row.state = State.POSTED if approve else State.REFUSED
        row.save(update_fields=["state", "transaction"])
        audit.record(
            actor=staff,
            action="economy.adjustment_posted" if approve else "economy.adjustment_refused",
            target=row,
            reason=row.decision or row.reason,
            data={"kind": row.kind, "tokens": row.tokens, "asked_by": str(row.requested_by_id)},
        )
        if approve:
            tell_of_adjustment(row)
            announce = announce_earnings if row.is_of_creator else announce_balances
            announce(people=[row.person_id])
    return get_adjustment(id=row.pk)


def _require_other(staff: User, person: User) -> None:
    if staff.pk == person.pk:
        raise OwnAccount


def _require_sound(person: User, kind: Adjustment.Kind, tokens: int, reason: str) -> None:
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    if not 1 <= tokens <= settings.ADJUSTMENT_MAX_TOKENS:
        most = f"{settings.ADJUSTMENT_MAX_TOKENS:,}"
        raise ValidationFailed({"tokens": [_("Choose between 1 and %(most)s tokens.") % {"most": most}]})
    if kind != Kind.FORGIVE_FAN and not person.is_approved_creator:
        raise ValidationFailed({"handle": [_("This person is no creator.")]})
    if kind not in FORGIVING:
        return
    owed = get_owed(person, kind)
    if owed < tokens:
        raise ValidationFailed({"tokens": [_("They owe %(owed)s tokens.") % {"owed": f"{owed:,}"}]})
    since = find_owed_since(person) if kind == Kind.FORGIVE_CREATOR else None
    if since is not None and (clock.now() - since).days < settings.WRITE_OFF_DAYS:
        words = {"days": settings.WRITE_OFF_DAYS, "since": f"{since:%Y-%m-%d}"}
        raise ValidationFailed({"kind": [_("Only after %(days)s days: they owe since %(since)s.") % words]})
