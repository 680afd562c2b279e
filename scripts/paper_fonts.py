"""Put the letters that paper needs into a folder: `python scripts/paper_fonts.py FOLDER`.

PDF carries TrueType of one weight each; our pages' fonts are compressed and variable. Whatever script a name is written
in, DejaVu has it where ours end.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

MODULES = Path(__file__).resolve().parent.parent / "node_modules"
FONTS = MODULES / "@fontsource-variable"
WEIGHTS = (
    ("figtree", "latin", 400),
    ("figtree", "latin", 700),
    ("figtree", "latin-ext", 400),
    ("figtree", "latin-ext", 700),
    ("bricolage-grotesque", "latin", 700),
)
OTHERS = {"other-400": "DejaVuSans.ttf", "other-700": "DejaVuSans-Bold.ttf"}


def main(target: Path) -> None:
    """Write each weight as a file of its own."""
    for family, part, weight in WEIGHTS:
        source = FONTS / family / "files" / f"{family}-{part}-wght-normal.woff2"
        font = instancer.instantiateVariableFont(TTFont(source), {"wght": weight}, updateFontNames=False)
        font.flavor = None
        font.save(target / f"{family}-{part}-{weight}.ttf")
    for name, file in OTHERS.items():
        shutil.copyfile(MODULES / "dejavu-fonts-ttf" / "ttf" / file, target / f"{name}.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
