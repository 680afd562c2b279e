"""A portrait: one person, split by the light, with one thing that tells what they do."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.demo.art.hair import BEHIND_SHADOW, COVERS_EARS, STYLES, Colors
from discovery.demo.art.kit import HAIR, PALETTES, SKINS, Palette, d_shape, defs, window
from discovery.demo.art.props import PROPS

HEAD = "M400 236C306 236 276 322 281 418C285 500 320 574 372 604Q400 618 428 604C480 574 515 500 519 418C524 322 494 236 400 236Z"
FACE_SHADE = (
    "M424 236C440 296 424 344 429 388C430 428 444 462 449 484C451 500 438 506 424 508"
    "L428 530C438 535 441 542 436 548C441 557 436 565 427 569C424 586 428 598 424 606"
    "C480 578 515 500 519 418C524 322 494 236 424 236Z"
)
NECK = "M338 540L336 700Q400 760 464 700L462 540Z"
NECK_SHADE = "M338 560Q400 668 462 560L464 700Q430 728 400 730C420 690 380 640 338 606Z"
SHOULDERS = "M70 1000C82 838 168 772 300 722L336 696Q400 760 464 696L500 722C632 772 718 838 730 1000Z"
SHOULDER_SHADE = "M436 736Q454 722 464 696L500 722C632 772 718 838 730 1000L560 1000C556 900 520 800 436 736Z"
BEARD = (
    "M280 420C280 560 316 640 400 656C484 640 520 560 520 420C512 476 492 512 462 516C440 504 424 516 400 516C376 516 360 504 338 516"
    "C308 512 288 476 280 420ZM366 546Q400 532 434 546Q426 568 400 568Q374 568 366 546Z"
)
STUBBLE = "M286 470C292 560 330 616 400 628C470 616 508 560 514 470C500 520 470 540 440 522Q400 508 360 522C330 540 300 520 286 470Z"
MOUSTACHE = "M400 520C372 504 340 518 332 540C356 540 380 542 400 532C420 542 444 540 468 540C460 518 428 504 400 520Z"


@dataclass(frozen=True, slots=True)
class Look:
    """What a demo person looks like."""

    palette: str
    skin: str
    hair: str
    tone: str
    eyes: str = "open"
    mouth: str = "smile"
    wear: str = "tee"
    prop: str = ""
    beard: str = ""


def draw_portrait(name: str, look: Look) -> str:
    """Return an 800 × 1000 SVG of the person; the same for the same name and look."""
    palette, skin = PALETTES[look.palette], SKINS[look.skin]
    dark, light = HAIR[look.tone]
    back, front = STYLES[look.hair](Colors(dark, light, palette.accent))
    uid = "".join(letter for letter in name if letter.isalnum())
    figure = f'<path d="{SHOULDERS}"/><path d="{HEAD}"/><path d="{NECK}"/>' + (
        back if look.hair in BEHIND_SHADOW else ""
    )
    clothes = _garment(look.wear, palette)
    over_neck = look.wear == "roll"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 1000">{defs(uid, palette.wall)}<rect width="800" height="1000" fill="{palette.wall}"/>'
        f'{d_shape(110, 80, 640, palette.disc)}<rect width="800" height="1000" fill="url(#w{uid})"/>{window(40, 60, 420, 620, uid)}'
        f'<g transform="translate(46 34)" opacity=".3" filter="url(#s{uid})" fill="{palette.ink}">{figure.replace("<g fill", "<g data-f")}</g>'
        f'{back}{"" if over_neck else clothes}<path d="{NECK}" fill="{skin.lit}"/><path d="{NECK_SHADE}" fill="{skin.shade}"/>{clothes if over_neck else ""}'
        f'{_ears(look.hair, skin.lit, skin.shade)}<path d="{HEAD}" fill="{skin.lit}"/><path d="{FACE_SHADE}" fill="{skin.shade}"/>'
        f'<ellipse cx="330" cy="486" rx="34" ry="22" fill="{skin.extra}" opacity=".16"/>'
        f"{_facial(look.beard, dark)}{_mouth(look.mouth, skin.extra)}{_eyes(look.eyes, palette.ink, dark)}{front}"
        f'{PROPS[look.prop](palette) if look.prop else ""}<rect width="800" height="1000" fill="url(#k{uid})"/></svg>'
    )


def _ears(hair: str, lit: str, shade: str) -> str:
    if hair in COVERS_EARS:
        return ""
    return f'<ellipse cx="278" cy="440" rx="20" ry="38" fill="{lit}"/><ellipse cx="522" cy="440" rx="20" ry="38" fill="{shade}"/>'


def _facial(kind: str, dark: str) -> str:
    shapes = {"full": (BEARD, "1"), "stubble": (STUBBLE, ".4"), "moustache": (MOUSTACHE, "1")}
    if kind not in shapes:
        return ""
    shape, opacity = shapes[kind]
    return f'<path d="{shape}" fill-rule="evenodd" fill="{dark}" opacity="{opacity}"/>'


def _eyes(style: str, ink: str, hair: str) -> str:
    brow = f'<path d="M314 386Q346 364 380 380M424 380Q456 364 488 386" fill="none" stroke="{hair}" stroke-width="11" stroke-linecap="round"/>'
    if style == "closed":
        return (
            brow
            + f'<path d="M320 420Q348 442 376 418M428 418Q454 442 482 420" fill="none" stroke="{ink}" stroke-width="7" stroke-linecap="round"/>'
        )
    if style == "shades":
        return (
            f'<path d="M296 394h96q6 0 5 8c-3 34-22 56-50 56s-50-22-54-56q-1-8 3-8zM408 394h96q4 0 3 8c-4 34-26 56-54 56s-47-22-50-56q-1-8 5-8z" fill="{ink}"/>'
            f'<path d="M310 406l40 0-22 40q-14-14-18-40zM424 406l40 0-22 40q-14-14-18-40z" fill="#fff" opacity=".22"/><path d="M280 402h240" stroke="{ink}" stroke-width="8"/>'
        )
    out = brow
    for x in (348, 454):
        out += (
            f'<path d="M{x - 30} 424Q{x} 394 {x + 30} 422Q{x} 444 {x - 30} 424Z" fill="#fff8ee"/><circle cx="{x + 2}" cy="420" r="14" fill="{ink}"/>'
            f'<circle cx="{x - 3}" cy="415" r="4" fill="#fff"/><path d="M{x - 32} 425Q{x} 392 {x + 32} 422" fill="none" stroke="{ink}" stroke-width="7" stroke-linecap="round"/>'
        )
    frames = {
        "glasses": '<circle cx="346" cy="420" r="50"/><circle cx="456" cy="420" r="50"/>',
        "square": '<rect x="292" y="378" width="106" height="84" rx="18"/><rect x="404" y="378" width="106" height="84" rx="18"/>',
    }
    if style in frames:
        bridge = "M396 412q5-8 10 0M296 412l-16-6M506 412l14-6"
        out += f'<g fill="#fff" fill-opacity=".12" stroke="{ink}" stroke-width="8">{frames[style]}</g><path d="{bridge}" stroke="{ink}" stroke-width="8" fill="none"/>'
    return out


def _mouth(style: str, lip: str) -> str:
    if style == "smile":
        return (
            f'<path d="M352 536Q400 552 448 536Q436 588 400 588Q364 588 352 536Z" fill="{lip}"/>'
            '<path d="M362 543Q400 555 438 543Q434 560 400 561Q366 560 362 543Z" fill="#fffaf3"/>'
        )
    if style == "grin":
        return f'<path d="M356 544Q400 576 444 540" fill="none" stroke="{lip}" stroke-width="10" stroke-linecap="round"/><path d="M380 574Q400 582 420 573" fill="none" stroke="{lip}" stroke-opacity=".5" stroke-width="7" stroke-linecap="round"/>'
    return (
        f'<path d="M364 548Q384 534 400 541Q416 534 436 548Q400 558 364 548Z" fill="{lip}"/>'
        f'<path d="M364 548Q400 560 436 548Q424 574 400 575Q376 574 364 548Z" fill="{lip}" opacity=".8"/>'
    )


def _garment(style: str, palette: Palette) -> str:
    cloth, accent, ink = palette.cloth, palette.accent, palette.ink
    base = f'<path d="{SHOULDERS}" fill="{cloth}"/><path d="{SHOULDER_SHADE}" fill="{ink}" opacity=".2"/>'
    hood = "M300 668C230 720 240 800 330 840Q400 868 470 840C560 800 570 720 500 668Q520 740 400 776Q280 740 300 668Z"
    details = {
        "roll": f'<path d="M326 650Q400 700 474 650L482 742Q400 796 318 742Z" fill="{cloth}"/><path d="M420 690Q452 680 474 650L482 742Q452 766 424 772Z" fill="{ink}" opacity=".2"/><path d="M326 672Q400 722 474 672" stroke="{ink}" stroke-opacity=".14" stroke-width="5" fill="none"/>',
        "shirt": f'<path d="M336 690L286 742L352 842L400 764L448 842L514 742L464 690Q400 760 336 690Z" fill="{accent}"/><path d="M464 690L514 742L448 842L400 764Q452 740 464 690Z" fill="{ink}" opacity=".16"/>',
        "hood": f'<path d="{hood}" fill="{cloth}"/><path d="{hood}" fill="{ink}" opacity=".14"/><path d="M352 850v80M448 850v80" stroke="{accent}" stroke-width="9" stroke-linecap="round"/>',
        "apron": f'<path d="M250 1000L276 850Q400 880 524 850L550 1000Z" fill="{accent}"/><path d="M284 856C280 800 300 750 318 716M516 856C520 800 500 750 482 716" stroke="{accent}" stroke-width="26" fill="none"/><path d="M430 872Q480 866 524 850L550 1000L440 1000Z" fill="{ink}" opacity=".14"/>',
        "blazer": f'<path d="M336 696L400 900L464 696Q400 760 336 696Z" fill="{accent}"/><path d="M320 706L262 806L330 836L300 880L392 1000L400 880ZM480 706L538 806L470 836L500 880L408 1000L400 880Z" fill="{cloth}"/><path d="M480 706L538 806L470 836L500 880L408 1000L400 880ZM320 706L262 806L330 836L300 880L350 946L340 830Z" fill="{ink}" opacity=".18"/>',
        "stripes": f'<g stroke="{accent}" stroke-width="20" fill="none" opacity=".85"><path d="M150 842Q400 930 650 842"/><path d="M112 902Q400 990 688 902"/><path d="M90 962Q400 1050 710 962"/></g><path d="{SHOULDER_SHADE}" fill="{ink}" opacity=".18"/>',
        "vneck": f'<path d="M330 700L400 850L470 700Q400 768 330 700Z" fill="{accent}"/><path d="M330 700L400 850L470 700" stroke="{ink}" stroke-opacity=".22" stroke-width="12" fill="none"/>',
    }
    plain = f'<path d="M318 708Q400 800 482 708" stroke="{ink}" stroke-opacity=".2" stroke-width="12" fill="none"/>'
    return base + details.get(style, plain)
