"""Demo pictures as the files uploads would be: drawn, rasterized and saved as WebP."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import resvg_py
from PIL import Image

from discovery.demo.art import Look, draw_portrait, draw_scene
from discovery.demo.art.scene import Scene

PORTRAIT_WIDE = 560  # a card is at most 280 px wide, on a screen of double density
BANNER_WIDE = 1280
FACE_BOX = (0.1875, 0.15, 0.8125, 0.65)  # of the portrait: the head, square
QUALITY = 82


@dataclass(frozen=True, slots=True)
class Pictures:
    """One person's files, as WebP."""

    portrait: bytes
    face: bytes


def _raster(svg: str, wide: int) -> Image.Image:
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=wide)))).convert("RGB")


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def make_person(job: tuple[str, Look]) -> Pictures:
    """Return a person's portrait and the face cut out of it."""
    name, look = job
    portrait = _raster(draw_portrait(name, look), PORTRAIT_WIDE)
    left, top, right, bottom = FACE_BOX
    wide, high = portrait.size
    face = portrait.crop((round(left * wide), round(top * high), round(right * wide), round(bottom * high)))
    return Pictures(_webp(portrait), _webp(face.resize((320, 320), Image.Resampling.LANCZOS)))


def make_banner(job: tuple[str, Scene]) -> bytes:
    """Return a banner."""
    name, scene = job
    return _webp(_raster(draw_scene(name, scene), BANNER_WIDE))


class Studio:
    """Draws in processes of its own while the database is filled; drawing holds the interpreter's lock."""

    def __init__(self, people: Iterable[tuple[str, Look]], banners: Iterable[tuple[str, Scene]]) -> None:
        self._people, self._banners = list(people), list(banners)
        self._pool = ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn"))
        self._faces = self._pool.map(make_person, self._people, chunksize=2)
        self._scenes = self._pool.map(make_banner, self._banners)

    def people(self) -> Iterator[tuple[str, Pictures]]:
        """Yield each person's handle and pictures, in the order asked for."""
        for (name, _look), pictures in zip(self._people, self._faces, strict=True):
            yield name, pictures

    def banners(self) -> dict[str, bytes]:
        """Return every banner by name."""
        return {name: data for (name, _scene), data in zip(self._banners, self._scenes, strict=True)}

    def close(self) -> None:
        """Let the processes go."""
        self._pool.shutdown(cancel_futures=True)
