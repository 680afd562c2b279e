"""The banners of the demo creators, by the name they are asked for."""

from __future__ import annotations

from discovery.demo.art.scene import CREAM, FERN, GOLD, PLUM, RUST, TEAL, Item, Scene

BANNERS: dict[str, Scene] = {
    "pots": Scene(
        "tide",
        1600,
        520,
        (
            Item("branch", 0.2, 0.55, *FERN),
            Item("vase", 0.2, 0.4, *CREAM),
            Item("bowl", 0.36, 0.2, *RUST),
            Item("bottle", 0.5, 0.46, *GOLD),
            Item("jug", 0.63, 0.36, *CREAM),
            Item("bowl", 0.78, 0.15, *TEAL),
            Item("vase", 0.9, 0.5, *RUST),
        ),
    ),
    "ridge": Scene("clay", 1600, 520),
    "dusk": Scene("dusk", 1600, 520),
    "sea": Scene("tide", 1600, 520),
    "north": Scene("fjord", 1600, 520),
    "vinyl": Scene(
        "night",
        1600,
        520,
        (
            Item("disc", 0.28, 0.26, "#241a1e", "#4b3139"),
            Item("books", 0.56, 0.2, *PLUM),
            Item("disc", 0.74, 0.2, "#3b2b31", "#241a1e"),
            Item("cup", 0.9, 0.2, *CREAM),
        ),
    ),
    "desk": Scene(
        "wheat",
        1600,
        520,
        (
            Item("books", 0.2, 0.26, *PLUM),
            Item("cup", 0.4, 0.18, *CREAM),
            Item("books", 0.62, 0.2, *TEAL),
            Item("vase", 0.82, 0.42, *RUST),
            Item("branch", 0.82, 0.5, *FERN),
        ),
    ),
    "kitchen": Scene(
        "moss",
        1600,
        520,
        (
            Item("jug", 0.16, 0.42, *CREAM),
            Item("bowl", 0.34, 0.24, *GOLD),
            Item("bottle", 0.5, 0.46, *TEAL),
            Item("cup", 0.64, 0.18, *RUST),
            Item("branch", 0.84, 0.5, *FERN),
            Item("vase", 0.84, 0.38, *CREAM),
        ),
    ),
    "prints": Scene(
        "sun",
        1600,
        520,
        (
            Item("print", 0.2, 0.66, "#c9613f", "#f6c453"),
            Item("cup", 0.4, 0.18, *TEAL),
            Item("print", 0.6, 0.58, "#2c7f86", "#e8694a"),
            Item("bottle", 0.82, 0.46, *PLUM),
        ),
    ),
    "screens": Scene(
        "sky",
        1600,
        520,
        (
            Item("screen", 0.26, 0.56, "#f3c15a", "#2f4858"),
            Item("cup", 0.52, 0.18, *CREAM),
            Item("books", 0.74, 0.2, *RUST),
        ),
    ),
    "dice": Scene(
        "berry",
        1600,
        520,
        (Item("dice", 0.26, 0.46, *CREAM), Item("cup", 0.54, 0.2, *TEAL), Item("books", 0.78, 0.2, *GOLD)),
    ),
    "night": Scene(
        "fjord",
        1600,
        520,
        (
            Item("stars", 0.76, 0.16, "#f8ead6", "#9db8bd"),
            Item("books", 0.24, 0.2, *RUST),
            Item("cup", 0.44, 0.18, *GOLD),
        ),
    ),
}
