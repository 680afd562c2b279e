"""What every picture is made of: palettes, light, and the D."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """The five colors of one picture."""

    wall: str
    disc: str
    cloth: str
    accent: str
    ink: str


@dataclass(frozen=True, slots=True)
class Tones:
    """One surface in light and in shade; `extra` is the lip of a skin."""

    lit: str
    shade: str
    extra: str = ""


PALETTES: dict[str, Palette] = {
    "clay": Palette("#e9b79a", "#c9613f", "#2f4858", "#f6c453", "#2b1720"),
    "tide": Palette("#a9cfcb", "#2c7f86", "#f0e2cf", "#e8694a", "#10292e"),
    "plum": Palette("#e3b3bd", "#8a1851", "#f4d9a8", "#2e6f72", "#2b1720"),
    "sun": Palette("#f7d48b", "#ea8c3a", "#7d1f4a", "#fff4df", "#3a1d12"),
    "moss": Palette("#c9cfa6", "#5f7f4d", "#c8553d", "#fbe9c6", "#1f2a1c"),
    "dusk": Palette("#b7b4d3", "#50548f", "#efb36a", "#f4ecdf", "#1e1c33"),
    "rose": Palette("#f3c8b8", "#d86a6a", "#fbf1e4", "#1f5f63", "#351622"),
    "night": Palette("#4b3d5b", "#8a1851", "#e7a34c", "#f3d9c0", "#160d16"),
    "sky": Palette("#bcd6e6", "#3f6f9c", "#f2c9a1", "#c8452f", "#14263a"),
    "wheat": Palette("#ead9b6", "#b98a3c", "#35506b", "#a63d2f", "#2c2013"),
    "fjord": Palette("#9db8bd", "#1f4f5c", "#e9b44c", "#f3e9dc", "#0d2129"),
    "berry": Palette("#d9a7b8", "#5c2751", "#e8d3c0", "#3e8e7e", "#2a0f24"),
}
SKINS: dict[str, Tones] = {
    "a": Tones("#f7d3ba", "#dfa283", "#c05a52"),
    "b": Tones("#e9b48d", "#c4835c", "#a94a43"),
    "c": Tones("#c98a5e", "#99603b", "#8d3b36"),
    "d": Tones("#99603c", "#6c3d25", "#7c2f30"),
    "e": Tones("#6d432c", "#452618", "#6e2a2c"),
    "f": Tones("#f2c6a0", "#d3976c", "#b4524a"),
}
HAIR: dict[str, tuple[str, str]] = {  # as it is, and where the light falls
    "black": ("#241a1e", "#3b2b31"),
    "brown": ("#4a2b1f", "#6b4230"),
    "red": ("#8f3a1c", "#b9572d"),
    "blond": ("#c8934a", "#e4b872"),
    "grey": ("#8f8a8c", "#b9b3b2"),
    "white": ("#d8d2cc", "#f1ece6"),
    "plum": ("#5b1d45", "#7d2f60"),
    "teal": ("#1f5559", "#3f8f92"),
}


def defs(uid: str, wall: str) -> str:
    """Return the gradients and blurs of one picture: wash, key light, soft shadow, soft window."""
    return (
        f'<defs><linearGradient id="w{uid}" x1="0" y1="0" x2="1" y2="1"><stop stop-color="#fff" stop-opacity=".38"/>'
        f'<stop offset=".55" stop-color="{wall}" stop-opacity="0"/><stop offset="1" stop-color="#1b0a12" stop-opacity=".28"/></linearGradient>'
        f'<radialGradient id="k{uid}" cx=".28" cy=".2" r=".9"><stop stop-color="#fff7e6" stop-opacity=".42"/>'
        f'<stop offset=".5" stop-color="#fff7e6" stop-opacity=".05"/><stop offset="1" stop-color="#1b0a12" stop-opacity=".22"/></radialGradient>'
        f'<filter id="s{uid}" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="22"/></filter>'
        f'<filter id="f{uid}"><feGaussianBlur stdDeviation="7"/></filter></defs>'
    )


def window(x: float, y: float, wide: float, high: float, uid: str, opacity: float = 0.34) -> str:
    """Draw four panes of sunlight falling across the wall."""
    gap, slant = 14, 0.22
    panes = []
    for i in range(2):
        for j in range(2):
            x0, y0 = x + i * (wide / 2 + gap), y + j * (high / 2 + gap) + i * wide * slant
            panes.append(
                f"M{x0:.0f} {y0:.0f}l{wide / 2:.0f} {wide * slant:.0f}v{high / 2:.0f}l{-wide / 2:.0f} {-wide * slant:.0f}z"
            )
    return f'<path d="{"".join(panes)}" fill="#fff3d6" opacity="{opacity}" filter="url(#f{uid})"/>'


def d_shape(x: float, y: float, size: float, fill: str) -> str:
    """Draw the D: square at the start, round at the end."""
    radius, corner = size / 2, size * 0.18
    return (
        f'<path d="M{x + corner:.0f} {y:.0f}H{x + size - radius:.0f}a{radius:.0f} {radius:.0f} 0 0 1 0 {size:.0f}H{x + corner:.0f}'
        f'q{-corner:.0f} 0 {-corner:.0f} {-corner:.0f}V{y + corner:.0f}q0 {-corner:.0f} {corner:.0f} {-corner:.0f}z" fill="{fill}"/>'
    )
