"""Rules that say what we take of a sale: made by staff, from a day on, and never changed afterwards (LEDGER-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock, outbox
from digis.core.errors import ValidationFailed
from economy.kinds import tell_of_fees
from economy.models import FeeRule
from economy.selectors.fees import find_rule_in_force, list_concerned, list_fee_changes, write_percent
from economy.sources import list_sales

WHOLE_BP: Final = 10_000
PART: Final = 100  # creators told in one transaction
RULES_LOCK: Final = 4_077_114_331  # rules are made one at a time


def save_fee_rule(
    *, staff: User, kind: str, creator: User | None, fee_bp: int, starts_at: datetime | None, reason: str
) -> FeeRule:
    """Make the rule that we take `fee_bp` basis points of a kind of sale from a moment on, and return it.

    An empty `kind` is every kind, no `creator` every creator, no `starts_at` now. What was sold before keeps the fee of its
    day; a later rule of the same kind and creator takes this one's place. The creators whose fee it changes are told. Raises
    OwnAccount and ValidationFailed: a moment that has passed, a kind nobody sells, a part below 0 or above the whole, no
    reason, somebody who is no creator, and what such a rule says already.
    """
    if creator is not None and creator.pk == staff.pk:
        raise OwnAccount
    with transaction.atomic():
        _lock()  # the same form sent twice, or by two at once, makes one rule
        now = clock.now()
        starts_at = starts_at or now
        _require_sound(kind, creator, fee_bp, starts_at, reason, now)
        rule = FeeRule.objects.create(
            kind=kind,
            creator=creator,
            fee_bp=fee_bp,
            starts_at=starts_at,
            reason=reason.strip(),
            created_by=staff,
            created_at=now,
        )
        audit.record(
            actor=staff,
            action="economy.fee_rule_made",
            target=rule,
            reason=rule.reason,
            data={
                "kind": kind,
                "creator": str(creator.pk) if creator else "",
                "fee_bp": fee_bp,
                "starts_at": starts_at.isoformat(),
            },
        )
        outbox.enqueue(kind="economy.fee_rule", payload={"rule": rule.pk, "after": ""}, key=f"{rule.pk}:")
    return rule


def announce_fee_rule(*, rule_id: int, after: UUID | None) -> None:
    """Tell the next part of the creators whose fee a rule changes, and promise the rest. Repeatable: nobody is told twice."""
    rule = FeeRule.objects.get(pk=rule_id)
    creators = list_concerned(rule, after=after, limit=PART)
    with transaction.atomic():
        for creator in creators:
            changes = list_fee_changes(rule, creator_id=creator.pk)
            if changes:
                tell_of_fees(rule, creator=creator, changes=changes)
        if len(creators) == PART:
            last = str(creators[-1].pk)
            outbox.enqueue(kind="economy.fee_rule", payload={"rule": rule.pk, "after": last}, key=f"{rule.pk}:{last}")


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RULES_LOCK])


def _require_sound(
    kind: str, creator: User | None, fee_bp: int, starts_at: datetime, reason: str, now: datetime
) -> None:
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    if kind and kind not in list_sales():
        raise ValidationFailed({"kind": [_("Nothing of this kind is sold.")]})
    if not 0 <= fee_bp <= WHOLE_BP:
        raise ValidationFailed({"percent": [_("Choose between 0 and 100 percent.")]})
    if creator is not None and not creator.is_approved_creator:
        raise ValidationFailed({"handle": [_("This person is no creator.")]})
    if starts_at < now:
        text = _("This moment has passed: what was sold keeps the fee of its day. Leave it empty to begin now.")
        raise ValidationFailed({"starts_at": [text]})
    known = find_rule_in_force(kind=kind, creator=creator, at=starts_at)
    if known is not None and known.starts_at == starts_at:
        raise ValidationFailed({"starts_at": [_("Another rule for the same begins at this moment. Choose another.")]})
    if known is not None and known.fee_bp == fee_bp:
        words = {"percent": write_percent(fee_bp)}
        raise ValidationFailed({"percent": [_("A rule for the same says %(percent)s %% by then already.") % words]})
