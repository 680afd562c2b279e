"""Payouts up to the moment when money is asked of Stripe: asking, the weekly batch, review, and calling off."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from accounts.selectors import get_person
from digis.core import audit, clock, outbox
from digis.core.errors import IdempotencyConflict, InvalidState, ValidationFailed
from digis.core.ids import is_uuid
from digis.core.money import earnings_in_money
from digis.core.realtime import publish_on_commit
from economy.errors import EarningsChanged, PayoutBlocked
from economy.events import PayoutMoved
from economy.kinds import tell_of_payout
from economy.models import Payout, PayoutAccount, PayoutBatch, PayoutStep
from economy.selectors.gates import list_blockers
from economy.selectors.payouts import get_payable, list_weekly_candidates, week_of
from economy.services.payout_accounts import require_payee
from economy.sql import one

log = structlog.get_logger(__name__)
State, Place = Payout.State, Payout.Place


def request_payout(*, creator: User, key: str, tokens: int | None = None) -> Payout:
    """Set aside available earnings for a payout and return it; without `tokens`, all that may be paid out.

    Tokens are whole; the money is what they come to at the present rate (PAY-9). Raises PayoutBlocked with everything
    that stands against it (PAY-3, PAY-7), EarningsChanged when less is available than was asked for, CreatorOnly and
    StaffStandApart. The same key returns the same payout (LEDGER-4); of two requests at once one is made.
    """
    require_payee(creator=creator)
    with transaction.atomic():
        _lock(creator)
        known = Payout.objects.filter(creator=creator, key=key).first()
        if known is not None:
            if tokens is not None and known.tokens != tokens:
                raise IdempotencyConflict
            return known
        _require_open_way(creator, Payout.Kind.MANUAL)
        return open_payout(creator=creator, tokens=tokens, kind=Payout.Kind.MANUAL, key=key)


def open_payout(
    *, creator: User, tokens: int | None, kind: Payout.Kind, key: str, batch: PayoutBatch | None = None
) -> Payout:
    """Make a payout and move its tokens out of the available earnings, both or neither; the gates were asked before.

    Raises EarningsChanged when the ledger has less, and PayoutBlocked below the minimum.
    """
    now = clock.now()
    account = PayoutAccount.objects.filter(creator=creator).first()
    with transaction.atomic():
        payable = get_payable(creator).tokens
        tokens = payable if tokens is None else tokens
        if tokens > payable:  # of what is available, a part may be held back
            raise EarningsChanged
        money = earnings_in_money(tokens)
        if money.minor < settings.PAYOUT_MIN_MINOR:
            why = _("This is less than the smallest payout.")
            raise PayoutBlocked(why=why, blockers=["minimum"])
        payout = Payout.objects.create(
            creator=creator,
            kind=kind,
            tokens=tokens,
            payout_micros=settings.TOKEN_PAYOUT_MICROS,
            amount_minor=money.minor,
            currency=money.currency,
            key=key,
            batch=batch,
            account_id=account.account_id if account else "",
            bank=account.bank if account else "",
            next_check_at=now,
            moved_at=now,
            created_at=now,
        )
        if place_payout(payout, Place.IN_PAYOUT) == "short":
            raise EarningsChanged
        note_step(payout, actor=creator if kind == Payout.Kind.MANUAL else None)
        mark_payout_due(payout_id=payout.pk)
    log.info("payout_opened", payout=str(payout.pk), kind=kind, tokens=tokens)
    return payout


def cancel_payout(*, creator: User, payout_id: UUID) -> Payout:
    """Call off a payout of one's own of which nothing was asked of Stripe yet; its tokens are available again.

    Raises InvalidState when it has moved on. Calling it off again changes nothing.
    """
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id, creator=creator)
        if payout.state == State.CANCELED:
            return payout
        if not payout.is_cancelable:
            raise InvalidState
        call_off(payout, actor=creator)
    return payout


def review_payout(*, payout_id: UUID, staff: User, approve: bool, reason: str = "") -> Payout:
    """Let a payout that waits for staff go on, or call it off with a reason that the creator reads (PAY-3).

    Raises OwnAccount, InvalidState when it does not wait any more, and ValidationFailed for a refusal without a reason.
    """
    reason = reason.strip()
    if not approve and not reason:
        raise ValidationFailed({"reason": [_("Say why. The creator reads it.")]})
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id)
        if payout.creator_id == staff.pk:
            raise OwnAccount
        if payout.state != State.IN_REVIEW:
            raise InvalidState
        payout.reviewed_by, payout.reviewed_at, payout.review_note = staff, clock.now(), reason
        if approve:
            move_payout(payout, State.APPROVED, actor=staff)
            payout.save()
            mark_payout_due(payout_id=payout.pk)
        else:
            call_off(payout, actor=staff, note=reason)
        action = "economy.payout_approved" if approve else "economy.payout_refused"
        audit.record(actor=staff, action=action, target=payout, reason=reason, data={"minor": payout.amount_minor})
    return payout


def answer_refusal(*, creator: User, payout_id: UUID, wish: Payout.Wish) -> Payout:
    """Say what becomes of a payout the bank refused: try it again, or take it back into the earnings (PAY-2).

    Taking it back cannot be undone. Raises InvalidState when there is nothing to decide any more.
    """
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id, creator=creator)
        if payout.wish == wish and payout.state == State.FAILED:
            return payout
        if payout.state != State.FAILED or payout.wish == Payout.Wish.RETURN:
            raise InvalidState
        payout.wish = wish
        payout.checks = 0
        payout.save(update_fields=["wish", "checks"])
        audit.record(actor=creator, action=f"economy.payout_{wish}", target=payout)
        mark_payout_due(payout_id=payout.pk)
    return payout


def run_weekly_batch(*, at: datetime | None = None) -> PayoutBatch:
    """Open a payout for every creator who may be paid this week, and return the week's batch.

    Each creator stands for themself: who is blocked is passed over and keeps earning. Running it again, at once or after
    a crash, goes on where it stood and opens nothing twice; a batch that is closed stays closed (PAY-3).
    """
    week = week_of(at or clock.now())
    batch, _is_new = PayoutBatch.objects.get_or_create(week=week)
    if batch.closed_at is not None:
        return batch
    for creator_id in list_weekly_candidates(batch_id=batch.pk):
        _open_weekly(get_person(id=creator_id), batch)
    PayoutBatch.objects.filter(pk=batch.pk, closed_at=None).update(closed_at=clock.now())
    batch.refresh_from_db()
    return batch


def _open_weekly(creator: User, batch: PayoutBatch) -> None:
    key = f"weekly:{batch.week}"
    with transaction.atomic():
        _lock(creator)
        if Payout.objects.filter(creator=creator, key=key).exists():
            return
        try:
            require_payee(creator=creator)
            _require_open_way(creator, Payout.Kind.WEEKLY)
            with transaction.atomic():
                open_payout(creator=creator, tokens=None, kind=Payout.Kind.WEEKLY, key=key, batch=batch)
        except (PayoutBlocked, EarningsChanged) as refusal:
            log.info("weekly_payout_passed_over", creator=str(creator.pk), why=refusal.data.get("blockers"))


def mark_payout_due(*, payout_id: UUID) -> None:
    """Have a worker look at a payout soon, unless it has come to an end or waits for staff."""
    with transaction.atomic():
        still = [State.RETURNED, State.CANCELED, State.IN_REVIEW]  # nothing to do there for a worker
        due = Payout.objects.filter(pk=payout_id, fault="").exclude(state__in=still)
        if due.update(next_check_at=clock.now()):
            outbox.enqueue(kind="economy.payout", payload={"payout": str(payout_id)}, key=str(payout_id))


def receive_payout_event(*, event_type: str, account_id: str, thing: dict[str, object]) -> None:
    """Mark the payout as due that an event is about: a transfer of ours, or a bank payout in a creator's account.

    The event is a hint and nothing of it is believed. One about nothing of ours changes nothing.
    """
    metadata = thing.get("metadata")
    named = metadata.get("payout", "") if isinstance(metadata, dict) else ""
    found = Payout.objects.filter(pk=named) if is_uuid(named) else Payout.objects.none()
    if account_id:
        found = found.filter(account_id=account_id)
    payout_id = found.values_list("pk", flat=True).first()
    if payout_id is None:
        log.info("payout_event_of_nobody", type=event_type, account=account_id)
        return
    mark_payout_due(payout_id=payout_id)


# — what both halves of a payout's life share —


def move_payout(payout: Payout, state: Payout.State, *, actor: User | None = None, note: str = "") -> None:
    """Bring a locked payout into a state, keep the step, and tell the creator what they should know. The caller saves."""
    payout.state = state
    payout.moved_at = clock.now()
    payout.checks = 0
    note_step(payout, actor=actor, note=note)
    tell_of_payout(payout)
    publish_on_commit(PayoutMoved(payout_id=payout.pk), to=f"user:{payout.creator_id}")
    log.info("payout_moved", payout=str(payout.pk), state=state, failure=payout.failure_code)


def note_step(payout: Payout, *, actor: User | None = None, note: str = "") -> None:
    """Write the payout's present state into its way."""
    PayoutStep.objects.create(
        payout=payout,
        state=payout.state,
        failure_code=payout.failure_code,
        note=note,
        actor=actor,
        created_at=clock.now(),
    )


def call_off(payout: Payout, *, actor: User | None = None, note: str = "") -> None:
    """End a locked payout of which no money has moved, and give its tokens back."""
    place_payout(payout, Place.AVAILABLE)
    payout.next_check_at = None
    move_payout(payout, State.CANCELED, actor=actor, note=note)
    payout.save()


def place_payout(payout: Payout, place: Payout.Place) -> str:
    """Have the ledger hold a locked payout's tokens there: "posted", "same" where they stand already, or "short"."""
    (outcome,) = one(
        "SELECT economy_place_payout(%(payout)s, %(place)s, %(now)s)",
        {"payout": payout.pk, "place": str(place), "now": clock.now()},
    )
    payout.refresh_from_db(fields=["place", "postings"])
    return str(outcome)


def _lock(creator: User) -> None:
    """Let one payout of a creator begin at a time."""
    PayoutAccount.objects.select_for_update(no_key=True).filter(pk=creator.pk).first()


def _require_open_way(creator: User, kind: Payout.Kind) -> None:
    if blockers := list_blockers(creator, kind=kind):
        raise PayoutBlocked(why=blockers[0].text, blockers=[blocker.code for blocker in blockers])
