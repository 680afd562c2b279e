"""Tables as CSV that a spreadsheet opens as what it is: text stays text, numbers stay numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from django.http import HttpResponse

# A cell that begins so is run as a formula by Excel, LibreOffice and Sheets; an apostrophe makes it text again.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Cell = str | int | None


def safe_cell(value: Cell) -> str:
    """Write one cell: whole numbers as they are, and text so that no spreadsheet runs it."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) or value.startswith(FORMULA) else value


def csv_response(*, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """Return a table as a download of this name, in UTF-8 with the mark that Excel looks for."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in head])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    answer = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
