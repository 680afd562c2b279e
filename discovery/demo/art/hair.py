"""Hair and head cover: each style returns what lies behind the head and what lies before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colors:
    """The two tones of the hair, and the picture's accent for what is worn on it."""

    dark: str
    lit: str
    accent: str


Parts = tuple[str, str]
Style = Callable[[Colors], Parts]

CAP = "M276 410C258 276 322 208 404 208C490 208 544 280 525 410C520 366 506 336 478 316C430 338 352 334 318 312C296 332 282 366 276 410Z"


def _path(d: str, fill: str, extra: str = "") -> str:
    return f'<path d="{d}" fill="{fill}"{extra}/>'


def _sheen(c: Colors) -> str:
    return _path("M296 330C306 262 352 226 404 224C350 246 322 282 312 326Z", c.lit)


def _circles(points: list[tuple[int, int, int]], fill: str) -> str:
    return f'<g fill="{fill}">' + "".join(f'<circle cx="{x}" cy="{y}" r="{r}"/>' for x, y, r in points) + "</g>"


def short(c: Colors) -> Parts:
    return "", _path(CAP, c.dark) + _sheen(c)


def afro(c: Colors) -> Parts:
    blobs = [
        (400, 270, 150),
        (280, 310, 112),
        (520, 310, 112),
        (250, 410, 92),
        (550, 410, 92),
        (330, 210, 104),
        (470, 210, 104),
    ]
    glow = f'<g fill="{c.lit}" opacity=".75"><circle cx="300" cy="216" r="74"/><circle cx="246" cy="310" r="56"/><circle cx="352" cy="176" r="46"/></g>'
    front = "M278 420C276 330 330 288 400 288C470 288 524 330 522 420C548 290 486 210 400 210C314 210 252 290 278 420Z"
    return _circles(blobs, c.dark) + glow, _path(front, c.dark)


def long(c: Colors) -> Parts:
    back = "M400 190C246 190 214 330 222 480C228 620 176 730 206 846Q268 872 336 836L336 560L464 560L464 836Q532 872 594 846C624 730 572 620 578 480C586 330 554 190 400 190Z"
    strand = "M250 420C236 560 204 720 226 838Q250 848 270 848C240 730 268 560 262 420Z"
    front = "M430 204C300 186 252 320 268 470C296 410 330 350 424 296C470 326 510 390 532 470C548 320 520 214 430 204Z"
    gleam = "M414 214C320 214 276 300 276 400C300 340 340 290 410 262Z"
    return _path(back, c.dark) + _path(strand, c.lit), _path(front, c.dark) + _path(gleam, c.lit)


def waves(c: Colors) -> Parts:
    back = (
        "M400 184C250 184 206 318 226 430C196 486 232 540 206 604C186 664 236 716 290 706C330 700 340 640 336 580L464 580"
        "C460 640 470 700 510 706C564 716 614 664 594 604C568 540 604 486 574 430C594 318 550 184 400 184Z"
    )
    curl = "M252 400C222 470 256 540 232 604C222 650 246 684 276 690C244 640 284 580 262 520C250 480 262 440 268 410Z"
    front = "M268 452C244 292 316 202 410 202C494 202 556 292 532 452C524 392 500 348 452 322C430 352 330 360 300 330C282 364 272 404 268 452Z"
    gleam = "M292 330C302 258 350 224 402 220C352 248 326 286 316 330Z"
    return _path(back, c.dark) + _path(curl, c.lit), _path(front, c.dark) + _path(gleam, c.lit)


def bob(c: Colors) -> Parts:
    back = "M400 196C240 196 216 360 236 616Q300 646 336 596L464 596Q500 646 564 616C584 360 560 196 400 196Z"
    front = "M262 470C246 290 310 206 400 206C490 206 554 290 538 470C530 430 524 400 516 378Q400 352 284 378C276 400 270 430 262 470Z"
    gleam = "M290 360C296 280 340 236 392 226C352 262 336 310 334 358Z"
    return _path(back, c.dark), _path(front, c.dark) + _path(gleam, c.lit)


def bun(c: Colors) -> Parts:
    knot = f'<circle cx="404" cy="160" r="78" fill="{c.dark}"/>' + _path(
        "M352 150a62 62 0 0 1 52-52a86 86 0 0 0-26 66z", c.lit
    )
    front = "M276 412C258 270 322 208 404 208C490 208 544 276 525 412C516 356 484 306 400 296C320 306 286 356 276 412Z"
    return knot, _path(front, c.dark) + _sheen(c)


def puffs(c: Colors) -> Parts:
    """Draw two puffs, high at the sides."""
    back = _circles([(268, 214, 88), (532, 214, 88), (232, 250, 54), (566, 250, 54)], c.dark)
    glow = f'<g fill="{c.lit}" opacity=".8"><circle cx="244" cy="182" r="36"/><circle cx="508" cy="182" r="30"/></g>'
    front = "M276 412C258 276 322 210 404 210C490 210 544 276 525 412C512 350 470 306 402 262C334 306 290 350 276 412Z"
    return back + glow, _path(front, c.dark) + _sheen(c)


def ponytail(c: Colors) -> Parts:
    tail = "M500 230C640 220 664 380 620 520C606 580 634 640 600 716C560 660 566 590 552 520C538 430 556 330 500 292Z"
    light = "M560 262C620 300 622 420 590 520C584 570 600 620 594 668C574 610 582 560 572 500C584 420 588 320 560 262Z"
    front = "M276 412C258 270 322 206 408 206C494 206 544 276 525 412C518 352 486 312 420 300C352 306 300 340 276 412Z"
    return _path(tail, c.dark) + _path(light, c.lit), _path(front, c.dark) + _sheen(c)


def curly(c: Colors) -> Parts:
    points = [
        (286, 330, 52),
        (300, 260, 60),
        (352, 212, 64),
        (420, 198, 66),
        (480, 226, 62),
        (518, 290, 56),
        (526, 352, 44),
        (380, 262, 60),
        (450, 274, 54),
        (330, 300, 46),
    ]
    lights = [(x - 12, y - 14, round(r * 0.42)) for x, y, r in points[:7]]
    return "", _circles(points, c.dark) + _circles(lights, c.lit)


def curls(c: Colors) -> Parts:
    """Draw curls to the shoulders."""
    sides = [
        (x, y, r)
        for x0, turn in ((244, -1), (556, 1))
        for x, y, r in [
            (x0, 330, 62),
            (x0 + turn * 14, 412, 64),
            (x0 + turn * 6, 496, 62),
            (x0 + turn * 16, 576, 56),
            (x0 - turn * 6, 640, 44),
        ]
    ]
    glints = [(x - 14, y - 16, round(r * 0.36)) for x, y, r in sides[:5]]
    top = [
        (300, 262, 62),
        (352, 212, 66),
        (420, 200, 66),
        (482, 228, 62),
        (516, 290, 54),
        (390, 258, 58),
        (452, 270, 52),
        (326, 298, 46),
        (286, 330, 46),
    ]
    lights = [(x - 12, y - 14, round(r * 0.4)) for x, y, r in top[:5]]
    return _circles(sides, c.dark) + _circles(glints, c.lit), _circles(top, c.dark) + _circles(lights, c.lit)


def hijab(c: Colors) -> Parts:
    back = "M400 186C250 186 228 330 236 470C240 600 200 690 150 800L650 800C600 690 560 600 564 470C572 330 550 186 400 186Z"
    ring = (
        "M400 190C262 190 236 330 244 470C248 570 300 690 400 722C500 690 552 570 556 470C564 330 538 190 400 190Z"
        "M400 266C482 266 508 336 504 420C500 500 466 578 400 598C334 578 300 500 296 420C292 336 318 266 400 266Z"
    )
    fold = "M286 330C296 250 344 212 400 208C340 240 306 300 296 400Q284 372 286 330Z"
    scarf = "M250 560C300 720 470 740 600 690C620 760 520 830 380 800C290 780 230 690 250 560Z"
    depth = "M270 610C330 730 470 750 590 706C500 780 320 780 270 610Z"
    front = (
        _path(ring, c.dark, ' fill-rule="evenodd"')
        + _path(fold, c.lit)
        + _path(scarf, c.lit)
        + _path(depth, c.dark, ' opacity=".45"')
    )
    return _path(back, c.dark), front


def turban(c: Colors) -> Parts:
    wrap = "M254 356C228 196 316 112 414 116C512 112 582 210 546 360C500 306 452 282 404 280C350 282 300 306 254 356Z"
    folds = (
        _path("M254 356C252 262 330 200 470 168C360 220 296 280 276 336Z", c.lit)
        + _path("M300 170C380 150 480 190 540 300C470 230 390 196 286 212Z", c.lit, ' opacity=".7"')
        + _path(
            "M404 280C420 240 470 220 546 250C560 290 556 330 546 360C500 306 452 282 404 280Z",
            "#2b1720",
            ' opacity=".16"',
        )
    )
    return "", _path(wrap, c.accent) + folds.replace(c.lit, "#fff").replace(
        'fill="#fff"', 'fill="#fff" fill-opacity=".28"'
    )


def beanie(c: Colors) -> Parts:
    front = (
        _path("M262 336C256 196 320 130 400 130C480 130 544 196 538 336Q400 296 262 336Z", c.accent)
        + _path("M284 300C286 210 330 156 390 146C340 190 326 240 326 296Z", "#fff", ' opacity=".35"')
        + _path("M254 318Q400 268 546 318L546 372Q400 324 254 372Z", c.accent)
        + _path("M254 318Q400 268 546 318L546 372Q400 324 254 372Z", "#2b1720", ' opacity=".16"')
    )
    return "", front


def cap(c: Colors) -> Parts:
    """Draw a flat cap with a brim to the side of the light."""
    front = (
        _path("M262 330C250 214 330 166 412 168C500 170 560 226 540 336Q400 290 262 330Z", c.accent)
        + _path("M284 296C290 226 334 190 392 184C346 214 332 250 330 290Z", "#fff", ' opacity=".32"')
        + _path(
            "M216 352C240 316 330 296 400 296Q480 298 540 336L538 366Q470 330 396 332C320 334 262 352 222 376C208 374 208 362 216 352Z",
            c.accent,
        )
        + _path(
            "M216 352C240 316 330 296 400 296Q480 298 540 336L538 366Q470 330 396 332C320 334 262 352 222 376C208 374 208 362 216 352Z",
            "#2b1720",
            ' opacity=".24"',
        )
    )
    return "", front


def bald(c: Colors) -> Parts:  # noqa: ARG001  every style is handed the colors
    return "", _path("M306 320C316 270 350 246 390 244C350 266 330 296 326 330Z", "#fff", ' opacity=".3"')


def buzz(c: Colors) -> Parts:
    front = "M280 396C262 286 324 226 402 226C482 226 538 286 522 396C514 352 498 322 476 306C430 318 366 318 322 306C302 324 288 354 280 396Z"
    return "", _path(front, c.dark, ' opacity=".92"') + _path(
        "M300 330C310 276 350 244 396 240C350 262 326 292 316 326Z", c.lit, ' opacity=".8"'
    )


def braids(c: Colors) -> Parts:
    beads = [(x0 + (4 if i % 2 else -4), 440 + i * 46) for x0 in (250, 550) for i in range(9)]
    rope = "".join(f'<ellipse cx="{x}" cy="{y}" rx="34" ry="30"/>' for x, y in beads)
    light = "".join(f'<ellipse cx="{x - 9}" cy="{y - 6}" rx="14" ry="12"/>' for x, y in beads)
    front = "M266 440C244 280 318 204 402 204C492 204 556 280 534 440C524 366 470 320 402 262C330 320 276 366 266 440Z"
    return f'<g fill="{c.dark}">{rope}</g><g fill="{c.lit}">{light}</g>', _path(front, c.dark) + _sheen(c)


def locs(c: Colors) -> Parts:
    """Draw locs to the shoulders."""
    ropes = "".join(
        f'<path d="M{x} {300 + abs(400 - x) // 4}Q{x - 8 if x < 400 else x + 8} 470 {x - 14 if x < 400 else x + 14} {end}" stroke="{tone}" stroke-width="30" stroke-linecap="round" fill="none"/>'
        for x, end, tone in [
            (236, 700, c.dark),
            (264, 730, c.lit),
            (290, 690, c.dark),
            (512, 700, c.dark),
            (538, 740, c.lit),
            (566, 690, c.dark),
        ]
    )
    front = "M266 430C246 280 316 200 404 200C492 200 556 280 534 430C522 372 500 330 470 304C420 330 360 326 322 300C292 334 274 376 266 430Z"
    lines = f'<path d="M330 226Q300 270 292 330M372 210Q346 250 336 300M430 208Q452 250 460 300M470 222Q500 268 506 330" stroke="{c.lit}" stroke-width="9" stroke-linecap="round" fill="none"/>'
    return ropes, _path(front, c.dark) + lines


def quiff(c: Colors) -> Parts:
    front = "M276 400C262 330 268 286 296 262C300 190 390 150 480 176C540 194 560 250 526 300C528 340 528 370 525 404C516 366 506 340 486 322C420 330 350 316 316 300C296 326 282 360 276 400Z"
    return "", _path(front, c.dark) + _path("M300 276C312 206 390 174 460 190C390 200 340 240 322 296Z", c.lit)


def sweep(c: Colors) -> Parts:
    """Draw a short cut, swept to one side."""
    front = "M274 420C252 290 300 196 410 196C516 196 556 286 528 414C522 372 512 344 494 324C470 300 440 290 414 254C392 306 338 330 300 334C284 356 278 386 274 420Z"
    return "", _path(front, c.dark) + _path(
        "M410 204C340 214 300 260 292 326C332 318 380 296 404 252C396 236 400 220 410 204Z", c.lit
    )


STYLES: dict[str, Style] = {
    "afro": afro,
    "bald": bald,
    "beanie": beanie,
    "bob": bob,
    "braids": braids,
    "bun": bun,
    "buzz": buzz,
    "cap": cap,
    "curls": curls,
    "curly": curly,
    "hijab": hijab,
    "locs": locs,
    "long": long,
    "ponytail": ponytail,
    "puffs": puffs,
    "quiff": quiff,
    "short": short,
    "sweep": sweep,
    "turban": turban,
    "waves": waves,
}
BEHIND_SHADOW = frozenset({"afro", "long", "bob", "hijab", "waves", "curls", "puffs"})  # casts on the wall
COVERS_EARS = frozenset({"hijab", "bob", "long", "waves", "curls", "turban"})
