"""The sweep under pressure: many at once, many calls, and arithmetic against a plain restatement of the rule."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import errors, meter, services
from calls.models import Call, CallBeat, CallInvitation, CallMinute
from economy import selectors as economy
from tests.calls import cast


def in_threads(*acts):
    """Run acts at the same time, each on its own connection; return results and exceptions in order."""

    def run(act):
        try:
            return act()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def run_for(clock, talks, seconds):
    """Heartbeats of many calls, written as the heartbeat service leaves them, without sweeping."""
    for talk in talks:
        talk.beat()
    clock.forward(seconds)
    for talk in talks:
        now = clock.noon + timedelta(seconds=clock.second)
        Call.objects.filter(pk=talk.call_id).update(billable_us=seconds * meter.SECOND)
        CallBeat.objects.filter(call=talk.call_id).update(last_at=now, is_here=True)


def make_talks(clock, how_many, *, tokens=500):
    return [
        cast.Talk(clock, cast.open_call(cast.make_person("fan", tokens=tokens), cast.make_creator()))
        for _ in range(how_many)
    ]


@pytest.mark.django_db(transaction=True)
def test_four_sweepers_bill_each_minute_once(clock):
    """CALL-5: concurrent sweeps never charge a minute twice, and none is forgotten."""
    talks = make_talks(clock, 12)
    run_for(clock, talks, 185)
    outcomes = in_threads(*[services.sweep_calls] * 4)
    assert not [found for found in outcomes if isinstance(found, Exception)]
    services.sweep_calls()
    assert CallMinute.objects.count() == 12 * 3
    for talk in talks:
        assert talk.call.charged_tokens == 60
        assert economy.get_balance(talk.fan).spendable + economy.get_balance(talk.fan).held == 440


@pytest.mark.django_db(transaction=True)
def test_sweeping_and_hanging_up_at_once_charge_once(clock):
    """CALL-5: whoever comes first, the bill is the same."""
    talks = make_talks(clock, 4)
    run_for(clock, talks, 130)
    acts = [lambda talk=talk: services.hang_up(person=talk.fan, call_id=talk.call_id) for talk in talks]
    outcomes = in_threads(*acts, services.sweep_calls, services.sweep_calls)
    assert not [found for found in outcomes if isinstance(found, Exception)]
    assert [talk.call.charged_tokens for talk in talks] == [43] * 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["cancel", "expire", "accept"])
def test_answers_that_race_leave_one_outcome(clock, rival):
    """CALL-4: accept against cancel, expiry and itself: one wins, and what is held follows from it."""
    for _ in range(4):
        fan, creator = cast.make_person("fan", tokens=100), cast.make_creator()
        invitation = cast.ring(fan, creator)
        if rival == "expire":
            clock.forward(29.97)
        rivals = {
            "cancel": lambda f=fan, i=invitation: services.cancel_ring(fan=f, invitation_id=i.pk),
            "expire": services.expire_due_rings,
            "accept": lambda c=creator, i=invitation: services.accept_ring(creator=c, invitation_id=i.pk),
        }
        accept = lambda c=creator, i=invitation: services.accept_ring(creator=c, invitation_id=i.pk)  # noqa: E731
        outcomes = in_threads(accept, rivals[rival])
        unexpected = [e for e in outcomes if isinstance(e, Exception) and not isinstance(e, errors.RingOver)]
        assert unexpected == []
        invitation.refresh_from_db()
        calls = Call.objects.filter(invitation=invitation).count()
        assert calls == (1 if invitation.status == "accepted" else 0)
        assert economy.get_balance(fan).held == 40 * calls
        for call in Call.objects.filter(invitation=invitation):
            services.hang_up(person=fan, call_id=call.pk)


@pytest.mark.django_db(transaction=True)
def test_two_fans_who_ring_at_once_do_not_both_get_through(clock):
    """CALL-1: one ring at a time reaches a creator."""
    creator = cast.make_creator()
    fans = [cast.make_person("fan", tokens=100) for _ in range(4)]
    outcomes = in_threads(*[lambda fan=fan: cast.ring(fan, creator) for fan in fans])
    assert sum(isinstance(found, CallInvitation) for found in outcomes) == 1
    assert sum(isinstance(found, errors.CreatorBusy) for found in outcomes) == 3


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_calls(clock):
    """Architecture §4: one SQL for all active calls."""

    def count(how_many: int) -> int:
        talks = make_talks(clock, how_many)
        run_for(clock, talks, 65)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            swept = services.sweep_calls()
        assert swept.minutes == how_many
        for talk in talks:
            talk.hang_up()
        return len(captured)

    assert count(2) == count(9)


# ── against the plain rule ──────────────────────────────────────────────────────────────────
def plain_seconds(heard: dict[str, list]) -> int:
    """CALL-5 word by word: the microseconds both were present, from the moments the server wrote down."""
    spans = {
        side: [(a, b) for a, b in pairwise(moments) if b - a <= timedelta(seconds=15)]
        for side, moments in heard.items()
    }
    total = timedelta(0)
    for a, b in spans["fan"]:
        for c, d in spans["creator"]:
            total += max(timedelta(0), min(b, d) - max(a, c))
    return total // timedelta(microseconds=1)


steps = st.lists(
    st.tuples(
        st.sampled_from([1.0, 3.0, 5.0, 5.0, 5.0, 5.0, 9.0, 14.0, 17.0, 30.0]),
        st.sampled_from(["fan", "creator", "both", "both", "both", "sweep"]),
    ),
    min_size=5,
    max_size=60,
)


sequences = given(steps=steps, tokens=st.sampled_from([40, 55, 90, 400]), whole=st.booleans())
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.django_db
@FEW
@sequences
def test_any_sequence_of_heartbeats_is_billed_as_the_rule_says(clock, steps, tokens, whole):
    """CALL-5 to CALL-7: time, charge and balance against a plain oracle; sweeps come whenever they come."""
    check_the_bill(clock, steps, tokens, whole)


@pytest.mark.nightly
@pytest.mark.django_db
@settings(FEW, max_examples=400)
@sequences
def test_many_sequences_of_heartbeats_are_billed_as_the_rule_says(clock, steps, tokens, whole):
    """CALL-5 to CALL-7, for longer."""
    check_the_bill(clock, steps, tokens, whole)


def check_the_bill(clock, steps, tokens, whole):
    fan = cast.make_person("fan", tokens=tokens)
    talk = cast.Talk(clock, cast.open_call(fan, cast.make_creator(video=20, whole=whole)))
    heard: dict[str, list] = {"fan": [], "creator": []}
    talk.beat()
    note(heard, talk)
    for pause, who in steps:
        talk.at(talk.second + pause)
        if who == "sweep":
            services.sweep_calls()
        else:
            talk.beat(*(("fan", "creator") if who == "both" else (who,)))
            note(heard, talk)
        if talk.call.is_over:
            break
    call = talk.call
    present = plain_seconds(heard)
    affordable = meter.covered_seconds(tokens, meter.Terms((meter.Step(0, 20),), whole_minutes=whole)) * meter.SECOND
    assert call.billable_us == min(present, affordable)
    call = talk.hang_up() if not call.is_over else call
    terms = meter.Terms((meter.Step(0, 20),), whole_minutes=whole)
    assert call.charged_tokens == min(tokens, meter.charge_for(call.billed_seconds, terms))
    balance = economy.get_balance(fan)
    assert (balance.spendable, balance.held) == (tokens - call.charged_tokens, 0)
    assert list(call.minutes.values_list("minute", flat=True)) == list(range(1, call.minutes_posted + 1))


def note(heard, talk):
    """Write down when the server last heard each side; what is no news is not repeated."""
    for side, person in (("fan", talk.fan), ("creator", talk.creator)):
        last = CallBeat.objects.get(call=talk.call_id, person=person).last_at
        if not heard[side] or heard[side][-1] != last:
            heard[side].append(last)
