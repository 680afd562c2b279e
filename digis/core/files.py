"""Pictures people upload: bounded before they are decoded, made anew, and stripped of what they carried.

What reaches storage was written by us, pixel by pixel: a file that is two things at once, a script in a comment or
the place where a photo was taken do not survive.
"""

from __future__ import annotations

import io
import warnings
from typing import IO, Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from digis.core.errors import ValidationFailed

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")  # no SVG: it is a program
QUALITY = 82

Box = tuple[float, float, float, float]


def clean_image(
    file: IO[bytes], *, max_side: int, aspect: tuple[int, int] | None = None, crop: Box | None = None
) -> ContentFile[bytes]:
    """Return the picture as a new WebP file with a random name, or raise ValidationFailed with one sentence.

    `crop` is (left, top, right, bottom) as fractions of the upright picture; `aspect` then cuts what is too wide or
    too high, around the middle; `max_side` bounds the longer side in pixels.
    """
    data = _read(file)
    picture = _open(data)
    picture = _crop(ImageOps.exif_transpose(picture), crop)
    if aspect is not None:
        picture = _cut_to(picture, aspect)
    if picture.mode not in {"RGB", "RGBA"}:
        picture = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)  # a new picture has no EXIF, no comments, no colour profile
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=QUALITY, method=4)
    return ContentFile(out.getvalue(), name=f"{uuid4().hex}.webp")


def _refuse(sentence: str) -> ValidationFailed:
    return ValidationFailed({"file": [sentence]}, message=sentence)


def _read(file: IO[bytes]) -> bytes:
    size = getattr(file, "size", None)
    if size is not None and size > MAX_BYTES:
        raise _refuse(_("Choose a picture of at most 10 MB."))
    if hasattr(file, "seek"):
        file.seek(0)
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _refuse(_("Choose a picture of at most 10 MB."))
    return data


def _open(data: bytes) -> Image.Image:
    """Decode only after the header's own size was found bearable; the decoder, not the name, says what it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise _refuse(_("Choose a picture of at most 40 megapixels."))
            picture.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _refuse(_("Choose a picture of at most 40 megapixels.")) from None
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
            raise _refuse(_("Choose a JPEG, PNG or WebP picture. This file is not one, or it is damaged.")) from None
    return picture


def _crop(picture: Any, crop: Box | None) -> Image.Image:
    upright: Image.Image = picture
    if crop is None:
        return upright
    left, top, right, bottom = (min(1.0, max(0.0, side)) for side in crop)
    box = (
        round(left * upright.width),
        round(top * upright.height),
        round(right * upright.width),
        round(bottom * upright.height),
    )
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        raise _refuse(_("Choose a part of the picture that is not empty."))
    return upright.crop(box)


def _cut_to(picture: Image.Image, aspect: tuple[int, int]) -> Image.Image:
    wide, high = aspect
    width = min(picture.width, max(1, picture.height * wide // high))
    height = min(picture.height, max(1, picture.width * high // wide))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
