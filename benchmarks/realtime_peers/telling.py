"""Medians of the runs, the table and the line of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.realtime_peers.measuring import Figures

Runs = Mapping[str, Sequence[Mapping[int, Figures]]]  # by peer: one run after another, by size of the room
Medians = dict[str, dict[int, Figures]]
COLUMNS = (
    ("deliveries/s", "deliveries_per_s", "{:,.0f}"),
    ("frames/s", "frames_per_s", "{:,.0f}"),
    ("CPU µs/delivery", "cpu_us", "{:.2f}"),
    ("CPU µs/frame", "cpu_us_per_frame", "{:.2f}"),
    ("lost", "lost", "{:.0f}"),
    ("at msg/s", "rate", "{:.0f}"),
    ("p50 ms", "p50_ms", "{:.1f}"),
    ("p95 ms", "p95_ms", "{:.1f}"),
    ("CPU µs/delivery", "paced_cpu_us", "{:.2f}"),
    ("kB/socket", "bytes_per_socket", "{:.0f}"),
    ("CPU ms/connect", "connect_cpu_ms", "{:.2f}"),
)


def take_medians(runs: Runs) -> Medians:
    """Return the median of every figure over the runs."""
    return {
        name: {
            size: {figure: median(run[size][figure] for run in of_peer) for figure in of_peer[0][size]}
            for size in of_peer[0]
        }
        for name, of_peer in runs.items()
    }


def take_ratios(medians: Medians, size: int) -> dict[str, float]:
    """Return ours over theirs; `per_frame` and `paced` are of messages that leave one by one."""
    ours, stock = medians["digis"][size], medians["stock_channels"][size]
    ratios = {
        "vs_stock_channels": ours["deliveries_per_s"] / stock["deliveries_per_s"],
        "vs_stock_channels_per_frame": ours["signal_deliveries_per_s"] / stock["deliveries_per_s"],
    }
    for name in ("socketio", "ws"):
        theirs = medians[name][size]
        ratios[f"cpu_vs_{name}"] = ours["cpu_us"] / theirs["cpu_us"]
        ratios[f"cpu_vs_{name}_per_frame"] = ours["signal_cpu_us"] / theirs["cpu_us"]
        ratios[f"cpu_vs_{name}_paced"] = ours["paced_cpu_us"] / theirs["paced_cpu_us"]
    return {name: round(value, 3) for name, value in ratios.items()}


def draw_table(medians: Medians, titles: Mapping[str, str]) -> str:
    """Return the table, one block per size of the room."""
    rows = [["sockets", "server", *(title for title, _, _ in COLUMNS)]]
    for size in sorted(next(iter(medians.values()))):
        for name, by_size in medians.items():
            rows.append([f"{size:,}", titles[name], *_cells(by_size[size])])
            signals = {key.removeprefix("signal_"): v for key, v in by_size[size].items() if key.startswith("signal_")}
            if signals:
                rows.append([f"{size:,}", f"{titles[name]}, signals", *_cells(signals)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    fixed = next(at for at, (_, key, _form) in enumerate(COLUMNS, start=2) if key == "rate")
    left = _align(rows[0][:2], widths)
    over = [" " * len("  ".join(left)), f"{'as fast as possible':<{sum(widths[2:fixed]) + 2 * (fixed - 3)}}"]
    return "\n".join(["  ".join([*over, "at a fixed rate"]), *("  ".join(_align(row, widths)) for row in rows)])


def _cells(figures: Figures) -> list[str]:
    return [
        form.format(figures[key] / (1000 if key == "bytes_per_socket" else 1)) if key in figures else "–"
        for _, key, form in COLUMNS
    ]


def _align(row: list[str], widths: list[int]) -> list[str]:
    cells = enumerate(zip(row, widths, strict=False))
    return [f"{cell:<{width}}" if at < 2 else f"{cell:>{width}}" for at, (cell, width) in cells]


def round_off(medians: Medians) -> dict[str, Any]:
    """Return the medians with few digits, as JSON has them."""
    return {
        name: {
            str(size): {key: float(f"{value:.4g}") for key, value in of_size.items()} for size, of_size in by.items()
        }
        for name, by in medians.items()
    }
