"""One thing each that tells the craft."""

from __future__ import annotations

from collections.abc import Callable

from discovery.demo.art.kit import Palette

Prop = Callable[[Palette], str]


def phones(p: Palette) -> str:
    return (
        f'<path d="M262 420C250 150 550 150 538 420" fill="none" stroke="{p.ink}" stroke-width="26"/>'
        f'<rect x="232" y="376" width="58" height="120" rx="28" fill="{p.accent}"/><rect x="510" y="376" width="58" height="120" rx="28" fill="{p.accent}"/>'
        f'<rect x="540" y="376" width="28" height="120" rx="14" fill="{p.ink}" opacity=".25"/>'
    )


def hoops(p: Palette) -> str:
    return f'<g fill="none" stroke="{p.accent}" stroke-width="9"><circle cx="272" cy="524" r="34"/><circle cx="528" cy="524" r="34"/></g>'


def drops(p: Palette) -> str:
    return f'<g fill="{p.accent}"><path d="M276 480q26 46 0 66q-26-20 0-66z"/><path d="M524 480q26 46 0 66q-26-20 0-66z"/></g>'


def mic(p: Palette) -> str:
    return (
        f'<path d="M566 1000C570 900 590 840 604 800" stroke="{p.ink}" stroke-width="20" fill="none"/><rect x="560" y="624" width="112" height="190" rx="56" fill="{p.ink}"/>'
        f'<path d="M582 650v138M606 640v158M630 640v158" stroke="#fff" stroke-opacity=".18" stroke-width="7"/><rect x="556" y="720" width="120" height="16" fill="{p.accent}"/>'
    )


def guitar(p: Palette) -> str:  # noqa: ARG001  wood keeps its own color
    frets = "".join(f'<rect x="{x}" y="872" width="6" height="58"/>' for x in (160, 270, 370, 460, 540))
    return (
        '<g transform="rotate(-24 400 900)"><rect x="40" y="872" width="760" height="58" rx="8" fill="#5b3421"/>'
        f'<path d="M40 886h760M40 900h760M40 914h760" stroke="#f7e3bd" stroke-width="3"/><g fill="#f7e3bd">{frets}</g></g>'
    )


def leaf(p: Palette) -> str:
    return (
        f'<g fill="{p.disc}"><path d="M-20 1000C40 840 60 700 200 600C230 740 160 900 80 1000Z"/><path d="M100 1000C160 900 240 840 330 830C320 920 240 980 180 1000Z" opacity=".8"/></g>'
        '<path d="M0 1000C60 860 110 740 196 610" stroke="#fff" stroke-opacity=".25" stroke-width="6" fill="none"/>'
    )


def brush(p: Palette) -> str:
    return (
        f'<g transform="rotate(18 620 760)"><rect x="606" y="640" width="26" height="330" rx="12" fill="{p.disc}"/><rect x="600" y="590" width="38" height="64" fill="#d8d2c8"/>'
        f'<path d="M600 592C596 540 606 510 622 470C638 510 644 540 638 592Z" fill="{p.accent}"/></g>'
    )


def book(p: Palette) -> str:
    return (
        f'<path d="M430 1000L420 850Q520 800 610 840L640 1000Z" fill="{p.accent}"/><path d="M610 840Q680 800 770 830L790 1000L640 1000Z" fill="{p.accent}"/>'
        f'<path d="M610 840Q680 800 770 830L790 1000L640 1000Z" fill="{p.ink}" opacity=".14"/>'
    )


def camera(p: Palette) -> str:
    return (
        f'<path d="M262 724Q300 850 320 872M538 724Q500 850 480 872" stroke="{p.ink}" stroke-width="16" fill="none"/><rect x="276" y="846" width="248" height="160" rx="22" fill="{p.ink}"/>'
        f'<rect x="340" y="820" width="92" height="40" rx="10" fill="{p.ink}"/><circle cx="400" cy="928" r="62" fill="#d8d2c8"/><circle cx="400" cy="928" r="46" fill="{p.disc}"/>'
        '<path d="M372 906a36 36 0 0 1 34-18" stroke="#fff" stroke-opacity=".7" stroke-width="9" stroke-linecap="round" fill="none"/>'
    )


def whisk(p: Palette) -> str:
    return (
        f'<g transform="rotate(16 640 780)"><rect x="628" y="780" width="24" height="230" rx="12" fill="{p.disc}"/><g fill="none" stroke="#e8e2d8" stroke-width="7">'
        '<path d="M636 786C580 720 580 610 640 560C700 610 700 720 644 786"/><path d="M638 786C612 720 612 620 640 562C668 620 668 720 642 786"/></g></g>'
    )


def yarn(p: Palette) -> str:
    return (
        f'<g transform="rotate(-32 600 850)"><rect x="470" y="846" width="330" height="13" rx="6" fill="#7a4b2c"/></g><circle cx="622" cy="892" r="112" fill="{p.accent}"/>'
        f'<g fill="none" stroke="{p.ink}" stroke-opacity=".22" stroke-width="9"><path d="M526 850Q620 820 716 872"/><path d="M514 900Q620 860 730 912"/><path d="M540 962Q600 880 640 786"/><path d="M600 1000Q650 900 690 812"/></g>'
    )


def board(p: Palette) -> str:
    """Draw a chess pawn, close to us."""
    pawn = "M548 1000C552 952 590 930 604 896C616 864 620 832 618 806L586 806Q580 780 606 774C584 754 572 728 572 700C572 654 606 622 648 622C690 622 724 654 724 700C724 728 712 754 690 774Q716 780 710 806L678 806C676 832 680 864 692 896C706 930 744 952 748 1000Z"
    shade = "M660 623C698 630 724 660 724 700C724 728 712 754 690 774Q716 780 710 806L678 806C676 832 680 864 692 896C706 930 744 952 748 1000L676 1000C672 930 652 860 656 806C668 760 676 690 660 623Z"
    return f'<path d="{pawn}" fill="{p.accent}"/><path d="{shade}" fill="{p.ink}" opacity=".28"/>'


def laptop(p: Palette) -> str:
    return (
        f'<path d="M150 1000L196 822Q200 806 218 806H582Q600 806 604 822L650 1000Z" fill="{p.ink}"/><path d="M176 1000L216 834Q218 826 226 826H574Q582 826 584 834L624 1000Z" fill="{p.disc}"/>'
        f'<path d="M400 826H574Q582 826 584 834L624 1000H430Z" fill="{p.ink}" opacity=".16"/><path d="M260 880h120M254 908h190M246 936h80" stroke="{p.accent}" stroke-width="12" stroke-linecap="round"/>'
    )


def medal(p: Palette) -> str:
    return (
        f'<path d="M318 712L392 890L408 890L482 712" fill="none" stroke="{p.disc}" stroke-width="26"/><circle cx="400" cy="918" r="46" fill="{p.accent}"/>'
        f'<path d="M400 872a46 46 0 0 1 0 92z" fill="{p.ink}" opacity=".18"/><circle cx="400" cy="918" r="26" fill="none" stroke="{p.ink}" stroke-opacity=".3" stroke-width="6"/>'
    )


def pencil(p: Palette) -> str:
    return f'<g transform="rotate(34 300 470)"><rect x="516" y="330" width="22" height="150" fill="{p.accent}"/><path d="M516 480h22l-11 34z" fill="#f0dcc0"/><rect x="516" y="316" width="22" height="18" fill="#d86a6a"/></g>'


def star(p: Palette) -> str:
    """Draw a small telescope on its stand."""
    return (
        f'<g transform="rotate(-28 600 840)"><rect x="470" y="800" width="250" height="76" rx="16" fill="{p.disc}"/><rect x="700" y="786" width="70" height="104" rx="14" fill="{p.accent}"/><rect x="440" y="818" width="40" height="42" rx="8" fill="{p.ink}"/></g>'
        f'<path d="M598 880L540 1000M602 880L664 1000" stroke="{p.ink}" stroke-width="16" stroke-linecap="round"/>'
    )


PROPS: dict[str, Prop] = {
    "board": board,
    "book": book,
    "brush": brush,
    "camera": camera,
    "drops": drops,
    "guitar": guitar,
    "hoops": hoops,
    "laptop": laptop,
    "leaf": leaf,
    "medal": medal,
    "mic": mic,
    "pencil": pencil,
    "phones": phones,
    "star": star,
    "whisk": whisk,
    "yarn": yarn,
}
