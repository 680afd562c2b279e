"""Rules that say what we take of a sale: made by staff, from a day on, and never changed once they began (LEDGER-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock, outbox
from digis.core.errors import InvalidState, ValidationFailed
from economy.kinds import tell_of_fees, tell_of_withdrawn_fees
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
        _promise_news(rule, after="")
    return rule


def withdraw_fee_rule(*, rule_id: int, staff: User, reason: str) -> FeeRule:
    """Take back a rule that has not begun, and return it: it stays on the list and never begins.

    What was in force at its moment goes on, and another rule may begin at it. The creators who were told of it are told.
    Raises OwnAccount, ValidationFailed without a reason, and InvalidState for one that has begun or is withdrawn.
    """
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    with transaction.atomic():
        _lock()
        rule = FeeRule.objects.select_for_update(of=("self",)).get(pk=rule_id)
        if rule.creator_id == staff.pk:
            raise OwnAccount
        now = clock.now()
        if rule.withdrawn_at is not None or rule.starts_at <= now:
            raise InvalidState
        rule.withdrawn_at, rule.withdrawn_by, rule.withdrawal = now, staff, reason.strip()
        rule.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal"])
        audit.record(
            actor=staff,
            action="economy.fee_rule_withdrawn",
            target=rule,
            reason=rule.withdrawal,
            data={"fee_bp": rule.fee_bp, "starts_at": rule.starts_at.isoformat()},
        )
        _promise_news(rule, after="")
    return rule


@transaction.atomic
def announce_fee_rule(*, rule_id: int, after: UUID | None) -> None:
    """Tell the next part of the creators whose fee a rule changes, and promise the rest. Repeatable: nobody is told twice.

    Of a rule that was withdrawn meanwhile, those hear who had heard of it, and nobody else.
    """
    rule = FeeRule.objects.select_for_update(no_key=True).get(pk=rule_id)  # not withdrawn while some are being told
    creators = list_concerned(rule, after=after, limit=PART)
    tell = tell_of_fees if rule.withdrawn_at is None else tell_of_withdrawn_fees
    for creator in creators:
        changes = list_fee_changes(rule, creator_id=creator.pk)
        if changes:
            tell(rule, creator=creator, changes=changes)
    if len(creators) == PART:
        _promise_news(rule, after=str(creators[-1].pk))


def _promise_news(rule: FeeRule, *, after: str) -> None:
    """Promise to tell those it concerns, from a creator on."""
    what = "" if rule.withdrawn_at is None else "withdrawn:"
    payload = {"rule": rule.pk, "after": after}
    outbox.enqueue(kind="economy.fee_rule", payload=payload, key=f"{rule.pk}:{what}{after}")


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
