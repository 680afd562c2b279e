"""CALL-5 through the services: what a call costs, whoever counts and however late."""

from __future__ import annotations

import pytest

from calls import selectors, services
from calls.models import Call, CallMinute
from digis.core.errors import InvalidState
from economy import selectors as economy
from tests.calls import cast

pytestmark = pytest.mark.django_db


def test_250_seconds_at_20_cost_83(talk):
    """CALL-5: 20 tokens a minute, 250 s → 83; four ticks of 20, the end posts 3."""
    talk.beat()
    talk.until(250)
    call = talk.hang_up()
    assert (call.billed_seconds, call.charged_tokens) == (250, 83)
    assert list(CallMinute.objects.values_list("minute", "amount")) == [(1, 20), (2, 20), (3, 20), (4, 20), (5, 3)]


def test_the_creator_gets_80_percent_and_the_fee_runs_on_the_total(talk):
    """LEDGER-11: fee = floor(83 × 20 %) = 16 in all, however it was posted in parts."""
    talk.beat()
    talk.until(250)
    call = talk.hang_up()
    assert (call.fee_tokens, call.earned_tokens) == (16, 67)
    assert economy.get_earnings(talk.creator).total == 67
    balance = economy.get_balance(talk.fan)
    assert (balance.spendable, balance.held) == (1_000 - 83, 0)


@pytest.mark.parametrize(("seconds", "charged"), [(15, 0), (25, 20), (59, 20), (61, 20), (75, 25)])
def test_short_calls(talk, seconds, charged):
    """CALL-5: under 20 s free; otherwise s counts as at least 60."""
    talk.beat()
    talk.until(seconds)
    assert talk.hang_up().charged_tokens == charged


def test_at_most_two_free_calls_per_pair_and_day(clock, fan, creator):
    """CALL-5: the third short call of a day costs the minimum; the next day they are free again."""
    charged = []
    for _ in range(3):
        talk = cast.Talk(clock, cast.open_call(fan, creator))
        talk.beat()
        talk.until(10)
        charged.append(talk.hang_up().charged_tokens)
        clock.forward(60)
    assert charged == [0, 0, 20]
    clock.forward(86_400)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(10)
    assert talk.hang_up().charged_tokens == 0


def test_whole_minutes_where_the_creator_chose_so(clock, fan):
    """CALL-5: ceil(s/60) · rate, also for a call under a minute."""
    talk = cast.Talk(clock, cast.open_call(fan, cast.make_creator(video=30, whole=True)))
    talk.beat()
    talk.until(130)
    assert talk.hang_up().charged_tokens == 90


def test_a_gap_over_15_seconds_does_not_count(talk):
    """CALL-5: 30 s, then the fan is silent for 20 s, then 30 s more: 60."""
    talk.beat()
    talk.until(30)
    talk.until(50, "creator")
    talk.beat()
    talk.until(80)
    call = talk.hang_up()
    assert call.billed_seconds == 60
    assert call.charged_tokens == 20


def test_time_counts_only_to_the_earlier_of_the_two_latest_heartbeats(talk):
    """CALL-5: s advances only to the earlier of the two."""
    talk.beat()
    talk.until(30)
    talk.at(40)
    talk.beat("creator")
    assert talk.call.seconds == 30
    talk.at(44)
    talk.beat("fan")
    assert talk.call.seconds == 40


def test_a_side_heard_within_15_seconds_counts_to_the_hang_up(talk):
    """CALL-5: last heartbeats at 60, hung up at 70: 70 s; hung up at 80: 60 s."""
    talk.beat()
    talk.until(60)
    talk.at(70)
    assert talk.hang_up().billed_seconds == 70


def test_a_side_not_heard_for_15_seconds_does_not_count_to_the_hang_up(talk):
    talk.beat()
    talk.until(60)
    talk.at(80)
    call = talk.hang_up("creator")
    assert call.billed_seconds == 60


def test_a_late_sweep_posts_all_minutes_in_order(talk):
    """CALL-5: nothing swept for 5 minutes."""
    talk.beat()
    talk.until(310, sweep=False)
    assert CallMinute.objects.count() == 0
    assert services.sweep_calls().minutes == 5
    assert list(CallMinute.objects.order_by("id").values_list("minute", flat=True)) == [1, 2, 3, 4, 5]


def test_sweeping_again_changes_nothing(talk):
    """CALL-5: ticks are idempotent by (call, minute)."""
    talk.beat()
    talk.until(130)
    before = CallMinute.objects.count(), economy.get_balance(talk.fan)
    for _ in range(3):
        services.sweep_calls()
    assert (CallMinute.objects.count(), economy.get_balance(talk.fan)) == before


def test_hanging_up_again_changes_nothing(talk):
    talk.beat()
    talk.until(100)
    first = talk.hang_up()
    talk.at(160)
    assert talk.hang_up("creator").charged_tokens == first.charged_tokens == 33
    assert talk.call.ended_by == talk.fan


def test_a_late_sweep_ends_the_call_at_the_last_covered_second(clock, creator):
    """CALL-5: the first minute that funds do not cover ends the call; nobody owes the rest.

    The fan spends what was not held elsewhere while no sweep runs. Two minutes stay covered by the hold.
    """
    fan = cast.make_person("fan", tokens=100)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(40, sweep=False)
    Call.objects.filter(pk=talk.call_id).update(billable_us=290_000_000)  # a sweep missed for long, on credit by then
    spend_elsewhere(fan, 50)
    services.sweep_calls()
    call = talk.call
    assert (call.status, call.end_reason) == ("ended", "funds")
    assert (call.charged_tokens, call.billed_seconds) == (50, 152)  # 50 tokens at 20 a minute: up to second 152
    assert economy.get_balance(fan).spendable == 0


def spend_elsewhere(fan, amount: int) -> None:
    from digis.core.idempotency import form_key
    from economy import services as economy_services

    other = cast.make_creator("otto")
    economy_services.charge(
        payer=fan, payee=other, amount=amount, kind="tip", key=form_key(), source_type="tip", source_id="1", fee_bp=2000
    )


def test_one_call_that_cannot_be_billed_is_parked_and_the_others_are_billed(clock, fan, creator):
    """CALL-5: a key the ledger knows for something else makes a minute unbillable."""
    from economy import services as economy_services

    bad = cast.Talk(clock, cast.open_call(fan, creator))
    good = cast.Talk(clock, cast.open_call(cast.make_person("fan", tokens=500), cast.make_creator("otto")))
    economy_services.charge(
        payer=fan,
        payee=creator,
        amount=7,
        kind="tip",
        key=f"call:{bad.call_id}:m1",
        source_type="tip",
        source_id="x",
        fee_bp=0,
    )
    bad.beat()
    good.beat()
    for second in range(5, 66, 5):
        good.at(second)
        good.beat()
        bad.beat()
    services.sweep_calls()
    assert good.call.charged_tokens == 20
    parked = bad.call
    assert (parked.end_reason, parked.charged_tokens) == ("parked", 0)
    assert parked.parked_at is not None
    assert economy.get_balance(fan).held == 60, "its hold stays (the minute due, the running one, the next): staff look"


def test_staff_bill_a_parked_call_again_once_its_cause_is_mended(talk):
    """CALL-5: parked, not lost: the retry posts what is owed and gives the hold back, once."""
    from tests import make

    Call.objects.filter(pk=talk.call_id).update(fee_bp=20_000)  # a fee of twice the price: the ledger refuses it
    talk.beat()
    talk.until(60)
    assert talk.call.parked_at is not None
    staff = make.make_staff("clerk")
    assert services.retry_parked_call(call_id=talk.call_id, staff=staff, reason="again").parked_at is not None
    Call.objects.filter(pk=talk.call_id).update(fee_bp=2_000)
    call = services.retry_parked_call(call_id=talk.call_id, staff=staff, reason="mended")
    assert (call.parked_at, call.charged_tokens, call.fee_tokens) == (None, 20, 4)
    assert economy.get_balance(talk.fan).held == 0
    with pytest.raises(InvalidState):
        services.retry_parked_call(call_id=talk.call_id, staff=staff, reason="twice")


def test_a_lower_rate_holds_from_the_next_minute(talk):
    """CALL-2: 70 s of video, then voice: two minutes at 20, one at 12."""
    talk.beat()
    talk.until(70)
    services.switch_to_voice(person=talk.fan, call_id=talk.call_id)
    talk.until(180)
    assert talk.hang_up().charged_tokens == 52


def test_pictures_again_need_both(talk):
    """CALL-2: voice → video needs both to accept the new rate."""
    talk.beat()
    services.switch_to_voice(person=talk.fan, call_id=talk.call_id)
    talk.until(30)
    services.ask_for_video(person=talk.fan, call_id=talk.call_id)
    assert talk.call.call_type == "voice"
    with pytest.raises(services.acts.errors.SwitchRefused):
        services.answer_video(person=talk.fan, call_id=talk.call_id, is_accepted=True)
    services.answer_video(person=talk.creator, call_id=talk.call_id, is_accepted=True)
    assert talk.call.call_type == "video"


def test_a_new_rate_does_not_touch_a_running_call(talk):
    """CALL-2: the quote is a snapshot."""
    talk.beat()
    services.set_offering(creator=talk.creator, video_rate=500, voice_rate=None)
    talk.until(120)
    assert talk.hang_up().charged_tokens == 40


# ── What the page draws between two frames ──────────────────────────────────────────────────


def meter_of(talk, side: str = "fan"):
    return selectors.meter_for(getattr(talk, side).pk, talk.call)


def test_the_meter_of_a_moment_is_the_bill_of_that_moment(talk):
    """CALL-5: heartbeats at 60, looked at and hung up at 63: 63 seconds on the meter and on the bill."""
    talk.beat()
    talk.until(60)
    talk.at(63)
    seen = {side: meter_of(talk, side) for side in ("fan", "creator")}
    assert seen["fan"].due // 1_000_000 == 63
    call = talk.hang_up()
    assert call.billed_seconds == 63
    assert dict(seen["fan"].costs)[63] == call.charged_tokens == 21
    assert dict(seen["creator"].costs)[63] == call.earned_tokens


def test_the_meter_counts_from_the_first_second(talk):
    """CALL-5: four seconds after both were there it shows four, though no heartbeat has confirmed any."""
    talk.beat()
    talk.at(4)
    seen = meter_of(talk)
    assert (seen.elapsed, seen.due // 1_000_000, seen.ahead) == (0, 4, f"{seen.due / 1_000_000:.1f}")


@pytest.mark.parametrize("second", [33, 38, 43])
def test_a_side_that_is_not_heard_is_drawn_one_heartbeat_on_at_most(talk, second):
    """CALL-6: the fan vanishes at 30; until the meter pauses it shows no more than a heartbeat that is due."""
    talk.beat()
    talk.until(30)
    talk.until(second, "creator")
    seen = meter_of(talk)
    assert seen.elapsed == 30
    assert float(seen.until) == pytest.approx(36.5, abs=0.7)  # and what the test itself took
    assert seen.due <= seen.horizon
    assert seen.due // 1_000_000 <= talk.hang_up("creator").billed_seconds


def test_a_paused_meter_does_not_run(talk):
    talk.beat()
    talk.until(30)
    talk.until(50, "creator")
    seen = meter_of(talk)
    assert seen.status == "paused"
    assert (seen.due, seen.horizon, seen.costs) == (talk.call.billable_us, talk.call.billable_us, ())


def test_the_meter_is_never_drawn_beyond_what_the_tokens_pay(clock, creator):
    """CALL-7: 40 tokens are 120 seconds."""
    talk = cast.Talk(clock, cast.open_call(cast.make_person("fan", tokens=40), creator))
    talk.beat()
    talk.until(115)
    talk.at(119)
    seen = meter_of(talk)
    assert float(seen.until) <= 122  # the last token's fraction
    assert max(cost for _, cost in seen.costs) == 40


def test_the_meter_says_what_a_third_short_call_costs(clock, fan, creator):
    """CALL-5: with the free calls of the day used up, the minimum stands on the meter from the first second."""
    for _ in range(3):
        talk = cast.Talk(clock, cast.open_call(fan, creator))
        talk.beat()
        talk.until(10)
        shown = meter_of(talk).cost
        assert shown == talk.hang_up().charged_tokens
        clock.forward(60)
    assert shown == 20


@pytest.mark.parametrize("apart", [0.2, 1.5, 2.5, 4.0])
def test_both_are_told_before_the_clock_would_have_to_wait(talk, heard, apart):
    """Wherever in five seconds the two heartbeats fall, the next frame comes before the page has drawn all it may."""
    talk.beat()
    horizons = []
    for second in range(5, 61, 5):
        for side, moment in (("fan", second), ("creator", second + apart)):
            talk.at(moment)
            horizons.append((moment, float(meter_of(talk).until)))
            talk.beat(side)
    frames = heard(talk.fan, "call.meter")
    assert len(frames) >= 11
    late = [(moment, until) for moment, until in horizons[2:] if until < moment]
    assert late == [], "the clock stood still"
