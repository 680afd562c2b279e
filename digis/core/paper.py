"""Documents on paper: A4 PDF in our own letters, the same bytes whenever it is made again from the same facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace
from typing_extensions import override

INK: Final = (46, 26, 36)
QUIET: Final = (106, 88, 97)
BRAND: Final = (137, 22, 78)
RULE: Final = (225, 219, 216)
MARGIN: Final = 18.0
FONTS: Final = Path("static/dist/paper")

Row = Sequence[str]


class _Sheet(FPDF):
    """The page itself: our name above, what the document is and how many pages it has below."""

    foot = ""

    @override
    def header(self) -> None:
        self.write_words(settings.SITE_NAME, size=12, style="B", family="display", color=BRAND, height=8)
        self.ln(4)

    @override
    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("body", "", 8)
        self.set_text_color(*QUIET)
        page = _("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(self.epw * 0.75, 5, _drawable(self.foot), new_x=XPos.RIGHT, new_y=YPos.TOP)
        self.cell(self.epw * 0.25, 5, page, align="R")

    def write_words(
        self,
        words: str,
        *,
        size: float,
        height: float,
        style: Literal["", "B"] = "",
        family: str = "body",
        color: tuple[int, int, int] = INK,
        width: float = 0,
        is_whole: bool = True,
    ) -> None:
        """Write words as wide as asked; unless they are a whole line, the next ones follow at their right."""
        self.set_font(family, style, size)
        self.set_text_color(*color)
        self.multi_cell(
            width,
            height,
            _drawable(words),
            align="L",
            new_x=XPos.LMARGIN if is_whole else XPos.RIGHT,
            new_y=YPos.NEXT if is_whole else YPos.TOP,
        )


class Paper:
    """A document that grows downwards: `facts`, `note`, `heading` and `table` each go on where the last one ended."""

    def __init__(self, *, title: str, made_at: datetime, foot: str = "") -> None:
        self._sheet = sheet = _Sheet(orientation="portrait", unit="mm", format="A4")
        sheet.foot = foot
        sheet.set_margins(MARGIN, MARGIN)
        sheet.set_auto_page_break(auto=True, margin=24)
        sheet.set_title(title)
        sheet.set_author(settings.SITE_NAME)
        sheet.set_creation_date(made_at)
        folder = settings.BASE_DIR / FONTS
        for style, weight in (("", 400), ("B", 700)):
            sheet.add_font("body", style, folder / f"figtree-latin-{weight}.ttf")
            sheet.add_font("more", style, folder / f"figtree-latin-ext-{weight}.ttf")
            sheet.add_font("other", style, folder / f"other-{weight}.ttf")
        sheet.add_font("display", "B", folder / "bricolage-grotesque-latin-700.ttf")
        sheet.set_fallback_fonts(["more", "other"], exact_match=False)
        sheet.add_page()
        sheet.write_words(title, size=20, style="B", family="display", height=10)
        sheet.ln(2)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Write labels and values, one pair a line."""
        for label, value in pairs:
            self._sheet.write_words(label, size=10, color=QUIET, width=46, height=6, is_whole=False)
            self._sheet.write_words(value, size=10, height=6)
        self._sheet.ln(3)

    def note(self, words: str) -> None:
        """Write a paragraph of small print."""
        self._sheet.write_words(words, size=9, color=QUIET, height=5)
        self._sheet.ln(2)

    def heading(self, words: str) -> None:
        """Write what the next part is about."""
        self._sheet.ln(2)
        self._sheet.write_words(words, size=13, style="B", height=8)

    def table(
        self,
        head: Row,
        rows: Sequence[Row],
        *,
        widths: Sequence[int],
        total: Row | None = None,
        words: int = 1,
        size: float = 9,
    ) -> None:
        """Write a table whose head is on every page; the first `words` columns start at the left, numbers end at the right."""
        sheet = self._sheet
        sheet.set_font("body", "", size)
        sheet.set_text_color(*INK)
        sheet.set_draw_color(*RULE)
        with sheet.table(
            col_widths=tuple(widths),
            text_align=tuple("LEFT" if column < words else "RIGHT" for column in range(len(widths))),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
            headings_style=FontFace(emphasis="BOLD", color=QUIET),
            line_height=size * 0.62,
            padding=(0.8, 1),
        ) as drawn:
            for cells in (head, *rows):
                line = drawn.row()
                for cell in cells:
                    line.cell(_drawable(cell))
            if total is not None:
                line = drawn.row(style=FontFace(emphasis="BOLD", color=INK))
                for cell in total:
                    line.cell(_drawable(cell))
        sheet.ln(3)

    def response(self, *, name: str) -> HttpResponse:
        """Return it as a download of this name."""
        answer = HttpResponse(bytes(self._sheet.output()), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
        return answer


def _drawable(words: str) -> str:
    """Return what our letters can draw of it; what none of them has is a box, not a hole."""
    return "".join(c if c.isprintable() and ord(c) in _drawn() else "\u25a1" for c in words)


@cache
def _drawn() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    folder = settings.BASE_DIR / FONTS
    files = ("figtree-latin-400", "figtree-latin-ext-400", "other-400")
    return frozenset(code for file in files for code in TTFont(folder / f"{file}.ttf").getBestCmap() or ())
