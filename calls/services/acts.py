"""What the two people in a call do."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.models import User
from calls import errors, meter
from calls.models import Call, CallRate, CallType
from calls.selectors import get_call_for
from calls.services.billing import finish
from calls.services.clockwork import catch_up, count_to_now, hear_person, lose_person, note_person
from calls.services.runs import Run, locked, running
from digis.core.errors import NotFound


def _lock(person: User, call_id: UUID | str) -> Run | None:
    """Lock a running call of this person's; None when it is over. Raises NotFound for everybody else's."""
    call = running().filter(pk=call_id).first()
    if call is None:
        get_call_for(person, id=call_id)
        return None
    if person.pk not in {call.fan_id, call.creator_id}:
        raise NotFound
    return locked([call])[0]


@transaction.atomic
def heartbeat(*, person: User, call_id: UUID | str, is_connected: bool = True) -> Call:
    """Note that the server heard a side now; billable time follows (CALL-5 to CALL-7).

    Seconds are the server's. A heartbeat that says its media is not connected keeps the page informed and shows that this
    side did not vanish, but counts no time, so nobody pays for a call that never connects. Returns the call; after its end
    nothing happens.
    """
    run = _lock(person, call_id)
    if run is None:
        return get_call_for(person, id=call_id)
    catch_up(run)
    if not run.call.is_over:
        hear = hear_person if is_connected else note_person
        hear(run, person)
    run.save()
    return run.call


def join_call(*, person: User, call_id: UUID | str) -> Call:
    """Check that a person may still join their call, and return it; where they may not, it is over (CALL-1).

    Joined they are with their first heartbeat that has media. Raises NotFound, CallOver.
    """
    call = heartbeat(person=person, call_id=call_id, is_connected=False)
    if call.is_over:
        raise errors.CallOver
    return call


@transaction.atomic
def hang_up(*, person: User, call_id: UUID | str) -> Call:
    """End a call: both sides count to this moment where heard within 15 s, the rest is posted, the hold given back.

    Repeatable: a call that has ended stays as it ended (CALL-5). Raises NotFound.
    """
    run = _lock(person, call_id)
    if run is None:
        return get_call_for(person, id=call_id)
    catch_up(run)
    count_to_now(run)
    if not run.call.is_over:
        finish(run, reason=Call.Reason.HUNG_UP, ended_at=run.at, by=person)
    run.save()
    return run.call


@transaction.atomic
def leave_call(*, person: User, call_id: UUID | str) -> Call:
    """Note that a side's page closed: the meter pauses at once, for 60 seconds (CALL-6). Raises NotFound."""
    run = _lock(person, call_id)
    if run is None:
        return get_call_for(person, id=call_id)
    catch_up(run)
    if not run.call.is_over:
        lose_person(run, person)
    run.save()
    return run.call


@transaction.atomic
def switch_to_voice(*, person: User, call_id: UUID | str) -> Call:
    """Go on without pictures; the voice rate holds from the next minute (CALL-2). Repeatable.

    Raises CallOver, SwitchRefused where the creator's quote names no voice rate, NotFound.
    """
    run = _running(person, call_id)
    if run.call.call_type == CallType.VIDEO:
        rate = run.call.invitation.voice_rate
        if rate is None:
            raise errors.SwitchRefused
        _switch(run, CallType.VOICE, min(rate, run.terms.steps[-1].rate))
    run.save()
    return run.call


@transaction.atomic
def ask_for_video(*, person: User, call_id: UUID | str) -> Call:
    """Ask to go on with pictures at the video rate; it needs the other side's yes (CALL-2). Repeatable.

    Raises CallOver, SwitchRefused, NotFound.
    """
    run = _running(person, call_id)
    call = run.call
    if call.call_type == CallType.VOICE:
        if call.invitation.video_rate is None:
            raise errors.SwitchRefused
        if call.video_asked_by_id not in {None, person.pk}:
            _switch(run, CallType.VIDEO, call.invitation.video_rate)  # both have asked: that is both saying yes
        else:
            call.video_asked_by = person
            run.tell_switch()
    run.save()
    return call


@transaction.atomic
def answer_video(*, person: User, call_id: UUID | str, is_accepted: bool) -> Call:
    """Answer the other side's wish for pictures; yes sets the video rate from the next minute (CALL-2).

    Raises SwitchRefused when nobody but oneself has asked, CallOver, NotFound.
    """
    run = _running(person, call_id)
    call = run.call
    if call.video_asked_by_id is None or call.invitation.video_rate is None:
        raise errors.SwitchRefused
    if is_accepted and call.video_asked_by_id == person.pk:
        raise errors.SwitchRefused
    if is_accepted:
        _switch(run, CallType.VIDEO, call.invitation.video_rate)
    else:
        call.video_asked_by = None
        run.tell_switch()
    run.save()
    return call


def _running(person: User, call_id: UUID | str) -> Run:
    run = _lock(person, call_id)
    if run is None:
        raise errors.CallOver
    catch_up(run)
    if run.call.is_over:
        raise errors.CallOver  # rolled back with it; the next heartbeat or sweep ends the call again
    return run


def _switch(run: Run, call_type: CallType, rate: int) -> None:
    call = run.call
    second = meter.next_minute(call.seconds)
    CallRate.objects.update_or_create(call=call, from_second=second, defaults={"call_type": call_type, "rate": rate})
    kept = tuple(step for step in run.terms.steps if step.from_second < second)
    run.terms = meter.Terms(
        steps=(*kept, meter.Step(second, rate)),
        whole_minutes=run.terms.whole_minutes,
        free_seconds=run.terms.free_seconds,
        min_seconds=run.terms.min_seconds,
    )
    call.call_type, call.video_asked_by = call_type, None
    run.tell_switch()
