"""How a call moves through time: joining, running, paused, in grace, over (CALL-5 to CALL-7).

Everything follows from the call's rows and the moment it is looked at. A heartbeat, a sweep and a hang-up all first let
the call catch up with the clock, so it makes no difference which of them comes, how late, or how often.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from accounts import selectors as accounts
from accounts.models import User
from calls import meter
from calls.models import Call, CallBeat, CallPause
from calls.selectors.eligibility import find_standing_refusal
from calls.selectors.meters import lost_after, vanished_at
from calls.services.billing import ahead_of, finish
from calls.services.runs import Run, reconnect_time
from economy import services as economy
from economy.selectors import get_hold

Status, Reason = Call.Status, Call.Reason


def catch_up(run: Run) -> None:
    """Apply what time alone has brought about since the call was last looked at."""
    call = run.call
    if call.status == Status.JOINING:
        deadline = call.accepted_at + timedelta(seconds=settings.CALL_JOIN_SECONDS)
        if run.at >= deadline:
            finish(run, reason=Reason.NOT_JOINED, ended_at=deadline)
        return
    if call.status == Status.GRACE:
        _leave_grace(run)
    if call.status == Status.ACTIVE:
        _pause_if_lost(run)
    if call.status == Status.PAUSED and call.resume_by is not None and run.at >= call.resume_by:
        _give_up(run, call.resume_by)


def hear_person(run: Run, person: User) -> None:
    """Take in a heartbeat: presence, and with it billable time (CALL-5)."""
    call, beat = run.call, run.beat_of(person.pk)
    if not _may_go_on(run, beat):
        return
    _extend(run, beat)
    if call.is_over:
        return
    if call.status == Status.JOINING and run.are_both_here:
        call.status, call.started_at, call.counting_from = Status.ACTIVE, run.at, run.at
    elif call.status == Status.PAUSED and run.are_both_here:
        _resume(run)
    if call.status == Status.ACTIVE:
        _hold_ahead(run)
        _warn(run)


def note_person(run: Run, person: User) -> None:
    """Take in a heartbeat without media: the person is there and nothing is counted (CALL-6)."""
    beat = run.beat_of(person.pk)
    if _may_go_on(run, beat):
        beat.heard_at = run.at
        beat.save(update_fields=["heard_at"])


def count_to_now(run: Run) -> None:
    """Let each side heard within 15 s count to this moment: a hang-up, or a block (CALL-5)."""
    for beat in (run.fan, run.creator):
        if not run.call.is_over and run.call.status != Status.JOINING and run.is_fresh(beat):
            _extend(run, beat)


def lose_person(run: Run, person: User) -> None:
    """Take in that a side has left without hanging up: it counts to this moment, then the meter stops (CALL-6)."""
    beat = run.beat_of(person.pk)
    if run.is_fresh(beat):
        _extend(run, beat)
    beat.is_here, beat.heard_at = False, None
    beat.save(update_fields=["is_here", "heard_at"])
    if run.call.status == Status.ACTIVE:
        _pause_if_lost(run)


def _extend(run: Run, beat: CallBeat) -> None:
    other = run.other_than(beat.person_id).side
    before, after = beat.side, meter.hear(beat.side, run.at, lost_after())
    beat.run_started_at, beat.last_at, beat.is_here = after.run_started_at, after.last_at, after.is_here
    beat.joined_at = beat.joined_at or run.at
    beat.heard_at = run.at
    beat.count += 1
    beat.save(update_fields=["run_started_at", "last_at", "is_here", "joined_at", "heard_at", "count"])
    added = meter.gain(before, after, other, run.call.counting_from)
    if added and after.last_at is not None and other.last_at is not None:
        _count(run, added, upto=min(after.last_at, other.last_at))


def _count(run: Run, added: int, *, upto: datetime) -> None:
    """Add presence, as far as the fan's tokens reach; at zero the grace begins, once, or the call ends (CALL-7)."""
    call = run.call
    if call.status not in {Status.ACTIVE, Status.PAUSED}:
        return
    limit = run.reading.covered * meter.SECOND
    wanted = call.billable_us + added
    if wanted < limit:
        call.billable_us = wanted
        return
    call.billable_us = max(call.billable_us, limit)
    ran_out_at = upto - (wanted - call.billable_us) * meter.MICROSECOND
    if call.grace_started_at is None:
        if call.status == Status.PAUSED:
            return  # nothing runs on credit while paused; the grace begins when the call goes on
        call.status, call.grace_started_at = Status.GRACE, ran_out_at
        run.tell_warning(0)
    else:
        finish(run, reason=Reason.FUNDS, ended_at=ran_out_at)


def _leave_grace(run: Run) -> None:
    call = run.call
    started = call.grace_started_at or run.at
    over = started + timedelta(seconds=settings.CALL_GRACE_SECONDS)
    if run.reading.covered > call.seconds:
        call.status, call.counting_from = Status.ACTIVE, run.at  # topped up: the grace itself is not billed
    elif run.at >= over:
        finish(run, reason=Reason.FUNDS, ended_at=over)


def _lost_at(beat: CallBeat) -> datetime | None:
    """Return the moment from which a side counts as gone, whether or not it has come."""
    if beat.last_at is None:
        return None
    return beat.last_at + lost_after() if beat.is_here else beat.last_at


def _pause_if_lost(run: Run) -> None:
    call = run.call
    gone = [(_lost_at(beat) or run.at, beat) for beat in (run.fan, run.creator) if not run.is_fresh(beat)]
    if not gone:
        return
    since, first = min(gone, key=lambda item: item[0])
    vanished = vanished_at(run.at, run.fan, run.creator)
    missing = _person(run, vanished[0] if len(vanished) == 1 else first)
    if call.pauses >= settings.CALL_MAX_PAUSES:
        finish(run, reason=Reason.DROPPED, ended_at=since, by=missing)
        return
    call.pauses += 1
    call.status, call.resume_by = Status.PAUSED, since + reconnect_time()
    CallPause.objects.create(call=call, started_at=since, missing=missing if len(vanished) == 1 else None)


def _resume(run: Run) -> None:
    call = run.call
    call.status, call.resume_by = Status.ACTIVE, None
    CallPause.objects.filter(call=call, ended_at__isnull=True).update(ended_at=run.at)


def _give_up(run: Run, deadline: datetime) -> None:
    vanished = vanished_at(deadline, run.fan, run.creator)
    if len(vanished) == 1:
        finish(run, reason=Reason.DROPPED, ended_at=deadline, by=_person(run, vanished[0]))
        return
    heard = [beat.last_at for beat in (run.fan, run.creator) if beat.last_at is not None]
    finish(run, reason=Reason.BOTH_DROPPED, ended_at=min(heard, default=deadline))


def _person(run: Run, beat: CallBeat) -> User:
    return run.call.fan if beat.person_id == run.call.fan_id else run.call.creator


def _may_go_on(run: Run, beat: CallBeat) -> bool:
    """Ask at the join what was asked at the request and at the answer; end the call, free, where it no longer holds (CALL-1).

    Funds are in the hold by then, and the seats keep both out of any other call. Once joined, blocks and suspensions end
    the call themselves.
    """
    if beat.joined_at is not None:
        return True
    fan, creator = run.call.fan, run.call.creator
    if find_standing_refusal(fan, creator) is None:
        return True
    is_block = accounts.is_blocked_between(fan, creator)
    finish(run, reason=Reason.BLOCKED if is_block else Reason.SUSPENDED, ended_at=run.at)
    return False


def _hold_ahead(run: Run) -> None:
    """Keep the running minute and the next one set aside, as far as the balance reaches (CALL-3)."""
    wanted = ahead_of(run, posted=run.call.charged_tokens)
    held, spendable = run.funds
    if held < wanted and spendable > 0:
        hold = economy.top_up_hold(hold=get_hold(id=run.call.hold_id), to_amount=wanted)
        run.set_funds(hold.remaining, max(0, held + spendable - hold.remaining))


def _warn(run: Run) -> None:
    """Warn once at each threshold that the time left has fallen to (CALL-7)."""
    call, left = run.call, run.reading.seconds_left
    due = min((mark for mark in settings.CALL_WARN_SECONDS if left <= mark), default=None)
    if due is not None and (call.warned_seconds is None or due < call.warned_seconds):
        call.warned_seconds = due
        run.tell_warning(due)
