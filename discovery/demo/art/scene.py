"""A scene: a wall, a table and things in window light, or hills under a low sun."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from discovery.demo.art.kit import PALETTES, Palette, d_shape, defs, window

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the table: what, how far along (0 to 1), how tall (of the picture), lit and shaded color."""

    kind: str
    at: float
    size: float
    lit: str
    shade: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture to draw: a palette, a size, and the things in it; none of them means hills."""

    palette: str
    wide: int
    high: int
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one thing stands, and what it may use to draw itself."""

    item: Item
    x: float
    y: float
    wide: int
    high: int
    palette: Palette
    uid: str
    dice: random.Random


PROFILES: dict[str, list[tuple[float, float]]] = {  # (how far down, half-width)
    "vase": [(0, 0.22), (0.12, 0.2), (0.3, 0.34), (0.6, 0.5), (0.86, 0.4), (1, 0.28)],
    "bottle": [(0, 0.14), (0.34, 0.13), (0.46, 0.34), (0.6, 0.42), (0.9, 0.42), (1, 0.36)],
    "bowl": [(0, 0.5), (0.3, 0.48), (0.7, 0.34), (0.9, 0.2), (1, 0.18)],
    "jug": [(0, 0.26), (0.2, 0.22), (0.4, 0.4), (0.7, 0.5), (0.9, 0.42), (1, 0.34)],
    "cup": [(0, 0.5), (0.5, 0.48), (0.85, 0.42), (1, 0.34)],
}
RATIOS = {"bowl": 1.7, "cup": 1.0, "vase": 0.72, "bottle": 0.5, "jug": 0.8}


def _smooth(points: list[Point]) -> str:
    """Return a curve through the points."""
    out = ""
    for i in range(len(points) - 1):
        a, b, c, d = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, len(points) - 1)]
        out += (
            f"C{b[0] + (c[0] - a[0]) / 6:.0f} {b[1] + (c[1] - a[1]) / 6:.0f} "
            f"{c[0] - (d[0] - b[0]) / 6:.0f} {c[1] - (d[1] - b[1]) / 6:.0f} {c[0]:.0f} {c[1]:.0f}"
        )
    return out


def _vessel(s: Spot) -> str:
    high = s.item.size * s.high
    wide = high * RATIOS[s.item.kind]
    profile = PROFILES[s.item.kind]
    left = [(s.x - wide * k, s.y - high + high * t) for t, k in profile]
    right = [(s.x + wide * k, s.y - high + high * t) for t, k in reversed(profile)]
    body = f"M{left[0][0]:.0f} {left[0][1]:.0f}{_smooth(left)}L{right[0][0]:.0f} {right[0][1]:.0f}{_smooth(right)}Z"
    gradient = f"v{s.uid}{round(s.x)}"
    rim, lit, shade = profile[0][1], s.item.lit, s.item.shade
    return (
        f'<linearGradient id="{gradient}"><stop offset=".05" stop-color="{lit}"/><stop offset=".45" stop-color="{lit}"/><stop offset=".72" stop-color="{shade}"/><stop offset="1" stop-color="{shade}"/></linearGradient>'
        f'<ellipse cx="{s.x + wide * 0.42:.0f}" cy="{s.y:.0f}" rx="{wide * 0.72:.0f}" ry="{wide * 0.1:.0f}" fill="#1b0a12" opacity=".32" filter="url(#f{s.uid})"/>'
        f'<path d="{body}" fill="url(#{gradient})"/><ellipse cx="{s.x:.0f}" cy="{s.y - high:.0f}" rx="{wide * rim:.0f}" ry="{wide * rim * 0.2:.0f}" fill="{shade}"/>'
        f'<ellipse cx="{s.x:.0f}" cy="{s.y - high + wide * rim * 0.05:.0f}" rx="{wide * rim * 0.86:.0f}" ry="{wide * rim * 0.14:.0f}" fill="#1b0a12" opacity=".35"/>'
    )


def _branch(s: Spot) -> str:
    high = s.item.size * s.high
    x, y = s.x, s.y - high * 0.55
    out = f'<path d="M{x:.0f} {y:.0f}C{x - 10:.0f} {y - high * 0.4:.0f} {x + 30:.0f} {y - high * 0.7:.0f} {x + 6:.0f} {y - high:.0f}" stroke="{s.item.shade}" stroke-width="6" fill="none"/>'
    for k in range(7):
        side, up, reach = (-1 if k % 2 else 1), y - high * (0.3 + k * 0.1), s.dice.randint(44, 72)
        out += f'<path d="M{x + 8:.0f} {up:.0f}q{side * reach * 0.5:.0f} {-reach * 0.6:.0f} {side * reach} {-reach * 0.5:.0f}q{-side * reach * 0.1:.0f} {reach * 0.6:.0f} {-side * reach} {reach * 0.5:.0f}z" fill="{s.item.lit}"/>'
    return out


def _disc(s: Spot) -> str:
    r = s.item.size * s.high
    return (
        f'<circle cx="{s.x:.0f}" cy="{s.y - r:.0f}" r="{r:.0f}" fill="{s.item.lit}"/><path d="M{s.x:.0f} {s.y - 2 * r:.0f}a{r:.0f} {r:.0f} 0 0 1 0 {2 * r:.0f}z" fill="{s.item.shade}"/>'
        f'<circle cx="{s.x:.0f}" cy="{s.y - r:.0f}" r="{r * 0.62:.0f}" fill="none" stroke="{s.item.shade}" stroke-width="3"/><circle cx="{s.x:.0f}" cy="{s.y - r:.0f}" r="{r * 0.3:.0f}" fill="{s.palette.accent}"/>'
    )


def _books(s: Spot) -> str:
    out, up = "", s.y
    for n, color in enumerate((s.item.lit, s.item.shade, s.palette.accent)):
        wide = s.item.size * s.wide * (1 - n * 0.1)
        up -= s.high * 0.06
        out += (
            f'<rect x="{s.x - wide / 2 + n * 8:.0f}" y="{up:.0f}" width="{wide:.0f}" height="{s.high * 0.056:.0f}" rx="6" fill="{color}"/>'
            f'<rect x="{s.x + wide * 0.2:.0f}" y="{up:.0f}" width="{wide * 0.3 + n * 8:.0f}" height="{s.high * 0.056:.0f}" rx="6" fill="{s.palette.ink}" opacity=".18"/>'
        )
    return out


def _print(s: Spot) -> str:
    wide, high = s.item.size * s.high * 0.72, s.item.size * s.high
    return (
        f'<rect x="{s.x - wide / 2 + 14:.0f}" y="{s.y - high + 12:.0f}" width="{wide:.0f}" height="{high:.0f}" fill="#1b0a12" opacity=".3" filter="url(#f{s.uid})"/>'
        f'<rect x="{s.x - wide / 2:.0f}" y="{s.y - high:.0f}" width="{wide:.0f}" height="{high:.0f}" fill="#fffaf2"/>'
        + d_shape(s.x - wide * 0.32, s.y - high * 0.76, wide * 0.64, s.item.lit)
        + f'<circle cx="{s.x - wide * 0.1:.0f}" cy="{s.y - high * 0.54:.0f}" r="{wide * 0.12:.0f}" fill="{s.item.shade}"/>'
    )


def _screen(s: Spot) -> str:
    high = s.item.size * s.high
    wide = high * 1.45
    left, top = s.x - wide / 2, s.y - high
    lines = "".join(
        f'<rect x="{left + wide * 0.1 + (n % 3) * wide * 0.06:.0f}" y="{top + high * (0.16 + n * 0.13):.0f}" width="{wide * (0.34 + ((n * 7) % 5) * 0.08):.0f}" height="{high * 0.05:.0f}" rx="4" fill="{(s.item.lit, s.palette.accent, "#fffaf2")[n % 3]}"/>'
        for n in range(5)
    )
    return (
        f'<ellipse cx="{s.x + wide * 0.1:.0f}" cy="{s.y:.0f}" rx="{wide * 0.55:.0f}" ry="{high * 0.05:.0f}" fill="#1b0a12" opacity=".35" filter="url(#f{s.uid})"/>'
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{high * 0.9:.0f}" rx="16" fill="{s.palette.ink}"/><rect x="{left + 14:.0f}" y="{top + 14:.0f}" width="{wide - 28:.0f}" height="{high * 0.9 - 28:.0f}" rx="8" fill="{s.item.shade}"/>{lines}'
        f'<path d="M{left - wide * 0.05:.0f} {s.y:.0f}l{wide * 0.05:.0f} {-high * 0.1:.0f}h{wide:.0f}l{wide * 0.05:.0f} {high * 0.1:.0f}z" fill="{s.palette.ink}"/>'
    )


def _bubbles(s: Spot) -> str:
    high = s.item.size * s.high
    wide = high * 1.2

    def bubble(x: float, y: float, w: float, h: float, fill: str, *, left: bool) -> str:
        tail = (
            f"M{x + w * 0.2:.0f} {y + h - 4:.0f}l{-w * 0.06:.0f} {h * 0.32:.0f}l{w * 0.22:.0f} {-h * 0.3:.0f}z"
            if left
            else f"M{x + w * 0.8:.0f} {y + h - 4:.0f}l{w * 0.06:.0f} {h * 0.32:.0f}l{-w * 0.22:.0f} {-h * 0.3:.0f}z"
        )
        return f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" rx="{h * 0.34:.0f}" fill="{fill}"/><path d="{tail}" fill="{fill}"/>'

    dots = "".join(
        f'<circle cx="{s.x + wide * (0.02 + n * 0.14):.0f}" cy="{s.y - high * 0.36:.0f}" r="{high * 0.045:.0f}" fill="#fffaf2"/>'
        for n in range(3)
    )
    return (
        bubble(s.x - wide * 0.62, s.y - high, wide * 0.78, high * 0.42, s.item.lit, left=True)
        + bubble(s.x - wide * 0.16, s.y - high * 0.58, wide * 0.78, high * 0.42, s.item.shade, left=False)
        + dots
    )


def _steps(s: Spot) -> str:
    high = s.item.size * s.high
    wide = high * 0.3
    out = ""
    for n in range(4):
        x, h = s.x + (n - 2) * wide * 1.08, high * (0.34 + n * 0.22)
        out += (
            f'<rect x="{x:.0f}" y="{s.y - h:.0f}" width="{wide:.0f}" height="{h:.0f}" rx="8" fill="{s.item.lit}"/>'
            f'<rect x="{x + wide * 0.58:.0f}" y="{s.y - h:.0f}" width="{wide * 0.42:.0f}" height="{h:.0f}" rx="8" fill="{s.item.shade}"/>'
        )
    return (
        out
        + f'<circle cx="{s.x + wide * 1.6:.0f}" cy="{s.y - high * 1.16:.0f}" r="{wide * 0.34:.0f}" fill="{s.palette.accent}"/>'
    )


def _dice(s: Spot) -> str:
    high = s.item.size * s.high
    out = ""
    for x, side, pips in ((s.x - high * 0.42, high * 0.62, 5), (s.x + high * 0.42, high * 0.5, 3)):
        left, top = x - side / 2, s.y - side
        spots = {
            5: [(0.26, 0.26), (0.74, 0.26), (0.5, 0.5), (0.26, 0.74), (0.74, 0.74)],
            3: [(0.26, 0.26), (0.5, 0.5), (0.74, 0.74)],
        }[pips]
        out += (
            f'<rect x="{left + 16:.0f}" y="{top + 18:.0f}" width="{side:.0f}" height="{side:.0f}" rx="{side * 0.2:.0f}" fill="#1b0a12" opacity=".3" filter="url(#f{s.uid})"/>'
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{side:.0f}" height="{side:.0f}" rx="{side * 0.2:.0f}" fill="{s.item.lit}"/><path d="M{left + side * 0.7:.0f} {top:.0f}h{side * 0.1:.0f}a{side * 0.2:.0f} {side * 0.2:.0f} 0 0 1 {side * 0.2:.0f} {side * 0.2:.0f}v{side * 0.6:.0f}a{side * 0.2:.0f} {side * 0.2:.0f} 0 0 1 {-side * 0.2:.0f} {side * 0.2:.0f}h{-side * 0.1:.0f}z" fill="{s.item.shade}" opacity=".55"/>'
            + "".join(
                f'<circle cx="{left + side * px:.0f}" cy="{top + side * py:.0f}" r="{side * 0.08:.0f}" fill="{s.palette.ink}"/>'
                for px, py in spots
            )
        )
    return out


def _stars(s: Spot) -> str:
    out = "".join(
        f'<circle cx="{s.dice.uniform(0.04, 0.96) * s.wide:.0f}" cy="{s.dice.uniform(0.04, 0.6) * s.high:.0f}" r="{s.dice.choice((3, 4, 6))}" fill="{s.item.lit}" opacity="{s.dice.choice((0.6, 0.8, 1))}"/>'
        for _ in range(26)
    )
    r = s.item.size * s.high
    return (
        out
        + f'<circle cx="{s.x:.0f}" cy="{s.high * 0.3:.0f}" r="{r:.0f}" fill="{s.item.lit}"/><circle cx="{s.x + r * 0.42:.0f}" cy="{s.high * 0.3 - r * 0.2:.0f}" r="{r * 0.86:.0f}" fill="{s.item.shade}"/>'
    )


def _camera(s: Spot) -> str:
    high = s.item.size * s.high
    wide = high * 1.36
    left, top, lens = s.x - wide / 2, s.y - high, high * 0.34
    return (
        f'<ellipse cx="{s.x + wide * 0.14:.0f}" cy="{s.y:.0f}" rx="{wide * 0.58:.0f}" ry="{high * 0.08:.0f}" fill="#1b0a12" opacity=".35" filter="url(#f{s.uid})"/>'
        f'<rect x="{left + wide * 0.3:.0f}" y="{top - high * 0.14:.0f}" width="{wide * 0.34:.0f}" height="{high * 0.24:.0f}" rx="14" fill="{s.palette.ink}"/>'
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{high:.0f}" rx="34" fill="{s.palette.ink}"/><rect x="{left:.0f}" y="{top + high * 0.24:.0f}" width="{wide:.0f}" height="{high * 0.5:.0f}" fill="{s.item.lit}"/>'
        f'<rect x="{left + wide * 0.7:.0f}" y="{top + high * 0.24:.0f}" width="{wide * 0.3:.0f}" height="{high * 0.5:.0f}" fill="{s.item.shade}"/><circle cx="{s.x:.0f}" cy="{s.y - high * 0.5:.0f}" r="{lens * 1.18:.0f}" fill="#e8e2d8"/>'
        f'<circle cx="{s.x:.0f}" cy="{s.y - high * 0.5:.0f}" r="{lens:.0f}" fill="{s.palette.ink}"/><circle cx="{s.x:.0f}" cy="{s.y - high * 0.5:.0f}" r="{lens * 0.62:.0f}" fill="{s.palette.disc}"/>'
        f'<path d="M{s.x - lens * 0.4:.0f} {s.y - high * 0.5 - lens * 0.1:.0f}a{lens * 0.42:.0f} {lens * 0.42:.0f} 0 0 1 {lens * 0.42:.0f} {-lens * 0.34:.0f}" stroke="#fff" stroke-opacity=".75" stroke-width="12" stroke-linecap="round" fill="none"/>'
        f'<circle cx="{left + wide * 0.86:.0f}" cy="{top + high * 0.12:.0f}" r="{high * 0.06:.0f}" fill="{s.palette.accent}"/>'
    )


KIT: dict[str, Callable[[Spot], str]] = {
    **dict.fromkeys(PROFILES, _vessel),
    "books": _books,
    "branch": _branch,
    "bubbles": _bubbles,
    "camera": _camera,
    "dice": _dice,
    "disc": _disc,
    "print": _print,
    "screen": _screen,
    "stars": _stars,
    "steps": _steps,
}


def draw_scene(name: str, scene: Scene) -> str:
    """Return the SVG of a scene; the same for the same name and scene."""
    palette, wide, high = PALETTES[scene.palette], scene.wide, scene.high
    dice = random.Random(name)  # noqa: S311  a drawing, not a secret
    uid = "".join(letter for letter in name if letter.isalnum())
    out = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">{defs(uid, palette.wall)}<rect width="{wide}" height="{high}" fill="{palette.wall}"/>'
    out += _table(scene, palette, uid, dice) if scene.items else _hills(scene, palette, uid, dice)
    return out + f'<rect width="{wide}" height="{high}" fill="url(#k{uid})"/></svg>'


def _hills(scene: Scene, palette: Palette, uid: str, dice: random.Random) -> str:
    wide, high = scene.wide, scene.high
    out = f'<circle cx="{wide * 0.68:.0f}" cy="{high * 0.42:.0f}" r="{high * 0.26:.0f}" fill="{palette.accent}"/><rect width="{wide}" height="{high}" fill="url(#w{uid})"/>'
    for n, (color, opacity) in enumerate(
        [(palette.disc, 0.55), (palette.disc, 1), (palette.cloth, 1), (palette.ink, 1)]
    ):
        top = high * (0.52 + n * 0.13)
        line, x, y = f"M0 {high}V{top:.0f}", 0, top
        while x < wide:
            step = dice.randint(int(wide * 0.07), int(wide * 0.15))
            rise = top + dice.randint(-int(high * 0.1), int(high * 0.06))
            line += f"C{x + step * 0.4:.0f} {y:.0f} {x + step * 0.6:.0f} {rise:.0f} {x + step} {rise:.0f}"
            x, y = x + step, rise
        out += f'<path d="{line}V{high}Z" fill="{color}" opacity="{opacity}"/>'
    return out


def _table(scene: Scene, palette: Palette, uid: str, dice: random.Random) -> str:
    wide, high = scene.wide, scene.high
    top = high * 0.74
    out = (
        f'<rect width="{wide}" height="{high}" fill="url(#w{uid})"/>{window(wide * 0.06, high * 0.02, wide * 0.42, high * 0.62, uid, 0.42)}'
        f'<rect y="{top:.0f}" width="{wide}" height="{high - top:.0f}" fill="{palette.disc}"/><rect y="{top:.0f}" width="{wide}" height="10" fill="#fff" opacity=".22"/>'
        f'<path d="M{wide * 0.05:.0f} {high}L{wide * 0.24:.0f} {top:.0f}H{wide * 0.5:.0f}L{wide * 0.42:.0f} {high}Z" fill="#fff3d6" opacity=".2" filter="url(#f{uid})"/>'
    )
    for item in scene.items:
        out += KIT[item.kind](Spot(item, wide * item.at, top + high * 0.1, wide, high, palette, uid, dice))
    return out


CREAM, RUST, GOLD = ("#f8ead6", "#d9b48f"), ("#d9734e", "#9c4227"), ("#f3c15a", "#b97f1f")
TEAL, FERN, PLUM = ("#3f8f92", "#1f5559"), ("#7f9a66", "#465c36"), ("#8a1851", "#560b31")


def _square(palette: str, *items: Item) -> Scene:
    return Scene(palette, 900, 900, items)


CATEGORY_SCENES: dict[str, Scene] = {  # by Category.picture
    "craft": _square(
        "rose", Item("branch", 0.42, 0.5, *FERN), Item("vase", 0.42, 0.42, *TEAL), Item("bowl", 0.72, 0.16, *CREAM)
    ),
    "music": _square("night", Item("disc", 0.48, 0.27, "#241a1e", "#4b3139"), Item("cup", 0.86, 0.14, *CREAM)),
    "food": _square(
        "moss", Item("jug", 0.28, 0.4, *CREAM), Item("bowl", 0.6, 0.22, *GOLD), Item("bottle", 0.86, 0.42, *TEAL)
    ),
    "writing": _square("wheat", Item("books", 0.44, 0.6, *PLUM), Item("cup", 0.82, 0.16, *CREAM)),
    "art": _square("sun", Item("print", 0.5, 0.62, "#c9613f", "#f6c453")),
    "languages": _square("tide", Item("bubbles", 0.5, 0.56, "#f8ead6", "#d9734e")),
    "careers": _square("clay", Item("steps", 0.46, 0.5, *TEAL)),
    "wellbeing": Scene("dusk", 900, 900),
    "games": _square("berry", Item("dice", 0.48, 0.5, *CREAM)),
    "technology": _square("sky", Item("screen", 0.5, 0.46, "#f3c15a", "#2f4858")),
    "science": _square("fjord", Item("stars", 0.62, 0.16, "#f8ead6", "#9db8bd"), Item("books", 0.3, 0.34, *RUST)),
    "photo": _square("wheat", Item("camera", 0.5, 0.36, *TEAL)),
    "vase": _square("tide", Item("branch", 0.5, 0.62, *FERN), Item("bottle", 0.5, 0.48, *RUST)),
}
