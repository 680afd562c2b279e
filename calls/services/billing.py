"""Posting what a call owes: minute by minute while it runs, the rest when it ends (CALL-5, LEDGER-11)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from importlib.resources import files

import structlog
from django.db import OperationalError, connection, transaction

from accounts.models import User
from accounts.services import announce_presence
from calls import events, meter
from calls.kinds import tell_of_end
from calls.models import Call, CallPause, CallSeat
from calls.selectors.history import describe_end, may_be_free
from calls.services.runs import Run
from digis.core import audit
from digis.core.realtime import drop_subscription, publish_on_commit
from economy import services as economy
from economy.selectors import get_hold
from economy.services import Charge, ChargeOutcome

log = structlog.get_logger(__name__)

RECORD_MINUTES = files("calls.sql").joinpath("record_minutes.sql").read_text(encoding="utf-8")


class UnbillableError(Exception):
    """The ledger would not take a charge that funds do cover: somebody has to look (CALL-5)."""


def post_minutes(runs: list[Run]) -> None:
    """Post the next complete minute of each call, however many, in a fixed number of queries.

    Each call is left either one minute further, ended for want of funds, or parked. Runs inside a transaction that holds
    the calls' locks.
    """
    try:
        with transaction.atomic():
            uncovered = _post_batch(runs)
    except OperationalError:
        raise  # a deadlock or a lost connection: the next sweep finds the same minutes due
    except Exception as error:  # noqa: BLE001  one of them cannot be billed; halve until it stands alone, so that the others are
        if len(runs) == 1:
            park(runs[0], error)
            return
        half = len(runs) // 2
        post_minutes(runs[:half])
        post_minutes(runs[half:])
        return
    for run in uncovered:
        finish(run, reason=Call.Reason.FUNDS, ended_at=run.at)
        run.save()


def _post_batch(runs: list[Run]) -> list[Run]:
    outcomes = economy.charge_many(charges=[_minute_charge(run) for run in runs])
    posted = [(run, outcome) for run, outcome in zip(runs, outcomes, strict=True) if not _is_short(outcome)]
    _record([(run, run.call.minutes_posted + 1, outcome) for run, outcome in posted], at=runs[0].at)
    return [run for run, outcome in zip(runs, outcomes, strict=True) if _is_short(outcome)]


def _is_short(outcome: ChargeOutcome) -> bool:
    if outcome.is_charged:
        return False
    if outcome.is_short:
        return True
    raise UnbillableError(f"{outcome.key}: {outcome.outcome}")


def _minute_charge(run: Run) -> Charge:
    minute = run.call.minutes_posted + 1
    total = meter.charge_at_minute(minute, run.terms)
    return _charge(run, amount=total - run.call.charged_tokens, minute=minute, hold_to=ahead_of(run, posted=total))


def _charge(run: Run, *, amount: int, minute: int, hold_to: int | None = None) -> Charge:
    call = run.call
    return Charge(
        payer_id=call.fan_id,
        payee_id=call.creator_id,
        amount=amount,
        kind="call",
        key=f"call:{call.pk}:m{minute}",
        source_type="call",
        source_id=str(call.pk),
        fee_bp=call.fee_bp,
        charged_before=call.charged_tokens,
        fee_before=call.fee_tokens,
        hold_id=call.hold_id,
        hold_to=hold_to,
        data={"minute": minute},
    )


def ahead_of(run: Run, *, posted: int) -> int:
    """Return what the hold should have left: the running minute, the one after it, and what is due (CALL-3)."""
    return max(0, meter.charge_at_minute(run.call.seconds // meter.MINUTE + 2, run.terms) - posted)


def _record(posted: list[tuple[Run, int, ChargeOutcome]], *, at: datetime) -> None:
    """Write the minutes and move the calls' totals: one statement."""
    if not posted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD_MINUTES,
            {
                "calls": [run.call.pk for run, _, _ in posted],
                "minutes": [minute for _, minute, _ in posted],
                "amounts": [outcome.amount for _, _, outcome in posted],
                "fees": [outcome.fee for _, _, outcome in posted],
                "transactions": [outcome.transaction_id for _, _, outcome in posted],
                "now": at,
            },
        )
    for run, minute, outcome in posted:
        run.call.minutes_posted = minute
        run.call.charged_tokens += outcome.amount
        run.call.fee_tokens += outcome.fee
        run.set_funds(outcome.held, outcome.spendable)


def finish(run: Run, *, reason: Call.Reason, ended_at: datetime, by: User | None = None) -> None:
    """End a call: post the rest, give the hold back, free both people, tell them (CALL-5).

    The caller saves. What the ledger refuses for another cause than funds parks the call and leaves its hold.
    """
    call = run.call
    call.end_reason = reason
    try:
        with transaction.atomic():
            _settle(run)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, staff hear of it and the call is over
        call.refresh_from_db(fields=["minutes_posted", "charged_tokens", "fee_tokens"])
        park(run, error, save=False)
        return
    _close(run, ended_at=ended_at, by=by if call.end_reason == reason else None)
    tell_of_end(call)


def _settle(run: Run) -> None:
    """Post complete minutes in order, then the rest; what funds do not cover, nobody owes."""
    call, terms = run.call, run.terms
    seconds = call.seconds
    total = meter.charge_for(seconds, terms, may_be_free=may_be_free(call, at=run.at))
    total = max(total, call.charged_tokens)
    call.billed_seconds = seconds
    _hold_due(run, total - call.charged_tokens)
    while call.charged_tokens < total:
        minute = call.minutes_posted + 1
        due = min(total, meter.charge_at_minute(minute, terms)) if minute * meter.MINUTE <= seconds else total
        [outcome] = economy.charge_many(charges=[_charge(run, amount=due - call.charged_tokens, minute=minute)])
        if _is_short(outcome):
            second = meter.covered_seconds(call.charged_tokens + outcome.covered, terms)
            total = min(meter.cost_of(second, terms), due - 1)
            call.billed_seconds, call.end_reason = min(seconds, second), Call.Reason.FUNDS
            continue
        _record([(run, minute, outcome)], at=run.at)
    hold = get_hold(id=call.hold_id)
    call.held_tokens = hold.amount
    call.released_tokens = economy.release_hold(hold=hold, key=f"call:{call.pk}:release")
    run.forget_funds()


def _hold_due(run: Run, due: int) -> None:
    """Set aside what the hold lacks for the rest, so that all of it is paid from there: held = paid + gone back."""
    hold = get_hold(id=run.call.hold_id)
    if hold.remaining < due:
        economy.top_up_hold(hold=hold, to_amount=due)


def _close(run: Run, *, ended_at: datetime, by: User | None) -> None:
    call = run.call
    call.status = Call.Status.ENDED
    call.ended_at = max(ended_at, call.started_at or call.accepted_at)
    call.ended_by = by
    call.resume_by = None
    call.video_asked_by = None
    CallPause.objects.filter(call=call, ended_at__isnull=True).update(ended_at=call.ended_at)
    CallSeat.objects.filter(call=call, released_at__isnull=True).update(released_at=run.at)
    for person in (call.fan, call.creator):
        publish_on_commit(events.CallEnded(call, describe_end(person, call)), to=f"user:{person.pk}")
        drop_subscription(f"call:{call.pk}", person.pk)
    announce_presence(people=[call.fan_id, call.creator_id])


def park(run: Run, error: Exception, *, save: bool = True) -> None:
    """End a call whose bill cannot be posted, keep its hold, and raise the alarm: staff look, others go on (CALL-5)."""
    call = run.call
    call.parked_at = run.at
    call.park_note = f"{type(error).__name__}: {error}"[:200]
    call.end_reason = Call.Reason.PARKED
    call.billed_seconds = call.seconds
    _close(run, ended_at=run.at, by=None)
    if save:
        run.save()
    audit.record(actor=None, action="call.parked", target=call, reason=call.park_note)
    transaction.on_commit(partial(log.error, "call_parked", call=str(call.pk), why=call.park_note), robust=True)
