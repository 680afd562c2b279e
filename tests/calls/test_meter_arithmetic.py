"""The meter's pure arithmetic against plain restatements of CALL-5."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import meter

RATE = st.integers(min_value=1, max_value=2_000)
LOST = timedelta(seconds=15)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@st.composite
def terms(draw, *, whole: bool | None = None) -> meter.Terms:
    starts = sorted({60 * draw(st.integers(1, 30)) for _ in range(draw(st.integers(0, 3)))})
    steps = [meter.Step(0, draw(RATE)), *(meter.Step(start, draw(RATE)) for start in starts)]
    return meter.Terms(tuple(steps), whole_minutes=draw(st.booleans()) if whole is None else whole)


def plain_cost(seconds: int, terms: meter.Terms) -> int:
    """Second by second, in fractions: what a patient person with a ledger would do."""
    if terms.whole_minutes:
        seconds = ceil(Fraction(seconds, 60)) * 60
    total = Fraction(0)
    for second in range(seconds):
        rate = next(step.rate for step in reversed(terms.steps) if step.from_second <= second)
        total += Fraction(rate, 60)
    return floor(total)


def test_the_example_of_the_rule_costs_83():
    """CALL-5: 20 tokens a minute, 250 s → 83."""
    assert meter.charge_for(250, meter.Terms((meter.Step(0, 20),))) == 83


@pytest.mark.parametrize(
    ("seconds", "charged"), [(0, 0), (1, 0), (19, 0), (20, 20), (59, 20), (60, 20), (61, 20), (63, 21), (120, 40)]
)
def test_short_calls_are_free_then_cost_a_minute(seconds, charged):
    """CALL-5: under 20 s free, else at least 60 s."""
    assert meter.charge_for(seconds, meter.Terms((meter.Step(0, 20),))) == charged


def test_a_short_call_that_may_not_be_free_costs_the_minimum():
    """CALL-5: at most 2 free calls per pair and day."""
    one = meter.Terms((meter.Step(0, 20),))
    assert meter.charge_for(5, one, may_be_free=False) == 20
    assert meter.charge_for(0, one, may_be_free=False) == 0


@pytest.mark.parametrize(("seconds", "charged"), [(19, 0), (20, 30), (60, 30), (61, 60), (120, 60), (121, 90)])
def test_whole_minutes_are_charged_when_they_start(seconds, charged):
    """CALL-5: where the creator chose whole started minutes, ceil(s/60) · rate."""
    assert meter.charge_for(seconds, meter.Terms((meter.Step(0, 30),), whole_minutes=True)) == charged


def test_a_lower_rate_starts_with_the_next_minute():
    """CALL-2: 90 s at 40, the switch asked at 70 s: 120 s at 40, then 20."""
    assert meter.next_minute(70) == 120
    switched = meter.Terms((meter.Step(0, 40), meter.Step(120, 20)))
    assert meter.charge_for(180, switched) == 100


@given(terms(), st.integers(0, 2_500))
def test_cost_equals_the_sum_over_seconds(terms, seconds):
    """CALL-5: floor(Σ rateᵢ · secondsᵢ / 60)."""
    assert meter.cost_of(seconds, terms) == plain_cost(seconds, terms)


@given(terms(), st.integers(0, 2_500))
def test_ticks_and_the_end_add_up_to_one_charge(terms, seconds):
    """CALL-5: tick k posts charge(60k) − posted; the end posts the rest, never less than nothing."""
    posted = 0
    for minute in range(1, seconds // 60 + 1):
        part = meter.charge_at_minute(minute, terms) - posted
        assert part > 0
        posted += part
    rest = meter.charge_for(seconds, terms) - posted
    assert rest >= 0
    assert posted + rest == meter.charge_for(seconds, terms)


@given(terms(), st.integers(0, 20_000))
def test_the_last_covered_second_is_covered_and_the_next_is_not(terms, amount):
    """CALL-5: funds end the call at the last covered second."""
    second = meter.covered_seconds(amount, terms)
    assert meter.cost_of(second, terms) <= amount
    assert meter.cost_of(second + 1, terms) > amount


# ── presence ────────────────────────────────────────────────────────────────────────────────
@dataclass
class Bench:
    """Two sides and the running total, fed like the service feeds them."""

    fan: meter.Side = field(default_factory=meter.Side)
    creator: meter.Side = field(default_factory=meter.Side)
    total: int = 0
    counting_from: datetime | None = None

    def beat(self, who: str, at: datetime) -> None:
        before, other = getattr(self, who), getattr(self, "creator" if who == "fan" else "fan")
        after = meter.hear(before, at, LOST)
        self.total += meter.gain(before, after, other, self.counting_from)
        setattr(self, who, after)


def plain_presence(beats: list[tuple[str, datetime]]) -> int:
    """Millisecond by millisecond: a side is present between two of its beats at most 15 s apart."""
    spans: dict[str, list[tuple[int, int]]] = {"fan": [], "creator": []}
    for who, found in spans.items():
        times = [(at - NOON) // timedelta(milliseconds=1) for side, at in beats if side == who]
        found.extend((a, b) for a, b in pairwise(times) if b - a <= 15_000)
    return sum(max(0, min(b, d) - max(a, c)) for a, b in spans["fan"] for c, d in spans["creator"])


@st.composite
def beat_sequences(draw) -> list[tuple[str, datetime]]:
    at, beats = NOON, []
    for _ in range(draw(st.integers(0, 40))):
        at += timedelta(
            milliseconds=draw(st.one_of(st.integers(0, 6_000), st.sampled_from([14_999, 15_000, 15_001, 40_000])))
        )
        beats.append((draw(st.sampled_from(["fan", "creator"])), at))
    return beats


@given(beat_sequences())
def test_billable_time_is_the_time_both_are_present(beats):
    """CALL-5: only to the earlier of the two latest heartbeats; a gap over 15 s does not count; never shrinks."""
    bench, before = Bench(), 0
    for who, at in beats:
        bench.beat(who, at)
        assert bench.total >= before
        before = bench.total
    assert bench.total == plain_presence(beats) * 1_000


@given(beat_sequences(), st.integers(0, 60_000))
def test_nothing_before_the_moment_counting_starts_counts(beats, offset):
    """CALL-7: the grace is unbilled, so counting starts anew after it."""
    start = NOON + timedelta(milliseconds=offset)
    bench = Bench(counting_from=start)
    for who, at in beats:
        bench.beat(who, at)
    latest = max((at for _, at in beats), default=start)
    assert bench.total <= max(timedelta(0), latest - start) // meter.MICROSECOND


def test_a_heartbeat_from_the_past_changes_nothing():
    bench = Bench()
    for second in (0, 5):
        bench.beat("fan", NOON + timedelta(seconds=second))
        bench.beat("creator", NOON + timedelta(seconds=second))
    bench.beat("fan", NOON + timedelta(seconds=3))
    assert bench.total == 5 * meter.SECOND
    assert bench.fan.last_at == NOON + timedelta(seconds=5)


@given(
    fan=st.integers(0, 20_000),
    creator=st.integers(0, 20_000),
    wait=st.integers(0, 20_000),
    start=st.one_of(st.none(), st.integers(0, 20_000)),
)
def test_what_a_moment_would_add_is_what_a_hang_up_adds(fan, creator, wait, start):
    """CALL-5: the meter's look ahead and the hang-up that follows it are one arithmetic, in whichever order sides count."""
    heard = [meter.Side(NOON, NOON + timedelta(milliseconds=at), is_here=True) for at in (fan, creator)]
    at = max(side.last_at for side in heard if side.last_at) + timedelta(milliseconds=wait)
    counting_from = None if start is None else NOON + timedelta(milliseconds=start)
    ahead = meter.unheard(*heard, at, LOST, counting_from)
    assert ahead == meter.unheard(*reversed(heard), at, LOST, counting_from)
    total = 0
    for one, other in ((0, 1), (1, 0)):
        if heard[one].is_fresh(at, LOST):
            after = meter.hear(heard[one], at, LOST)
            total += meter.gain(heard[one], after, heard[other], counting_from)
            heard[one] = after
    assert ahead == total
