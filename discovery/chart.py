"""Bars as SVG, drawn by the server in two widths so that labels keep their size. Geometry only; words are the template's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency
from django.conf import settings
from django.utils import formats, translation

from digis.core.money import earnings_in_money
from discovery.selectors.studio import Day

TOP, LEFT, RIGHT, FOOT = 12, 44, 8, 28
GAP = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One stacked piece: where it stands and which series it belongs to."""

    series: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line, or a label under the bars."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of one width."""

    width: int
    height: int
    bars: Sequence[Bar]
    lines: Sequence[Tick]
    labels: Sequence[Tick]

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def base(self) -> int:
        return self.height - FOOT

    @property
    def label_y(self) -> int:
        return self.height - 8


def round_scale(highest: int, steps: int = 4) -> int:
    """Return the smallest pleasant step that reaches the highest value in so many steps."""
    wanted = max(1, -(-highest // steps))
    unit = 1
    while unit * 10 < wanted:
        unit *= 10
    return next(unit * factor for factor in (1, 2, 3, 5, 10) if unit * factor >= wanted)


def stack_bars(
    columns: Sequence[tuple[str, Sequence[tuple[str, int]]]],
    *,
    write: Callable[[int], str],
    width: int,
    height: int,
    label_every: int = 1,
) -> Chart:
    """Lay out stacked columns: `(label, [(series, value), …])` each, first series at the bottom; `write` names a line."""
    step = round_scale(max((sum(value for _, value in parts) for _, parts in columns), default=0))
    count = step * 4
    floor, room = height - FOOT, height - FOOT - TOP
    slot = (width - LEFT - RIGHT) / max(1, len(columns))
    bar_width = round(slot * 0.62, 1)
    bars, labels = [], []
    for index, (label, parts) in enumerate(columns):
        x = LEFT + slot * index + (slot - bar_width) / 2
        y = float(floor)
        for series, value in parts:
            if value <= 0:
                continue
            tall = value / count * room
            y -= tall
            bars.append(Bar(series, round(x, 1), round(y, 1), bar_width, round(max(1.0, tall - GAP), 1)))
        if index % label_every == (len(columns) - 1) % label_every:
            labels.append(Tick(round(x + bar_width / 2, 1), label))
    lines = [Tick(round(floor - room * line / 4, 1), write(step * line)) for line in range(5)]
    return Chart(width, height, bars, lines, labels)


def draw_days(days: Sequence[Day]) -> list[tuple[str, Chart]]:
    """Draw what each day's calls brought in money, video below voice, wide and narrow."""
    columns = [
        (
            formats.date_format(day.day, "j"),
            [("s1", earnings_in_money(day.video).minor), ("s2", earnings_in_money(day.voice).minor)],
        )
        for day in days
    ]
    return [
        ("wide", stack_bars(columns, write=_money, width=640, height=240)),
        ("narrow", stack_bars(columns, write=_money, width=320, height=230, label_every=3)),
    ]


def _money(cents: int) -> str:
    """Write a grid line's amount, without cents where it has none: labels are narrow."""
    pattern = "¤#,##0" if cents % 100 == 0 else None
    text: str = format_currency(
        Decimal(cents).scaleb(-2),
        settings.TOKEN_CURRENCY,
        format=pattern,
        locale=translation.to_locale(translation.get_language() or "en"),
        currency_digits=pattern is None,
    )
    return text
