"""Pictures: bounded, made anew, and served as pictures and nothing else."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from digis.core.errors import ValidationFailed
from digis.core.files import clean_image


def picture(size=(400, 300), kind="JPEG", color="red", mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    out.seek(0)
    return out


def opened(clean):
    return Image.open(io.BytesIO(clean.read()))


def bomb(width, height):
    """A small PNG whose header promises a huge picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 1) * 16))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_webp_within_its_bounds(kind):
    clean = clean_image(picture((4000, 1000), kind), max_side=800)
    assert clean.name.endswith(".webp")
    result = opened(clean)
    assert (result.format, result.size) == ("WEBP", (800, 200))


def test_what_a_camera_wrote_is_gone_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Camera of Ana"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    clean = clean_image(picture((400, 200), exif=exif.tobytes(), comment=b"secret"), max_side=800)
    data = clean.read()
    assert b"Camera" not in data
    assert b"secret" not in data
    result = Image.open(io.BytesIO(data))
    assert result.size == (200, 400)
    assert not result.getexif()


def test_a_file_that_is_two_things_is_one_afterwards():
    both = io.BytesIO(picture().read() + b"<script>alert(1)</script>")
    assert b"script" not in clean_image(both, max_side=800).read()


def test_transparency_stays():
    assert opened(clean_image(picture(kind="PNG", mode="RGBA", color=(1, 2, 3, 0)), max_side=100)).mode == "RGBA"


def test_a_crop_is_cut_and_an_aspect_kept():
    source = Image.new("RGB", (400, 200), "red")
    source.paste("blue", (200, 0, 400, 200))
    out = io.BytesIO()
    source.save(out, "PNG")
    out.seek(0)
    result = opened(clean_image(out, max_side=500, crop=(0.5, 0, 1, 1), aspect=(1, 1)))
    assert result.size == (200, 200)
    red, _, blue = result.convert("RGB").getpixel((5, 5))
    assert blue > 200 > red
    assert opened(clean_image(picture((400, 300)), max_side=500, aspect=(3, 1))).size == (400, 133)


@pytest.mark.parametrize("size", [(13_000, 13_000), (6_400, 6_400), (100_000, 100_000)])
def test_a_bomb_is_refused_before_it_is_decoded(size):
    with pytest.raises(ValidationFailed) as refused:
        clean_image(bomb(*size), max_side=800)
    assert "megapixels" in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 50,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\nbroken",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_is_refused_in_words(data):
    with pytest.raises(ValidationFailed) as refused:
        clean_image(io.BytesIO(data), max_side=800)
    assert "JPEG, PNG or WebP" in str(refused.value)


def test_a_picture_cut_short_is_refused():
    whole = picture((500, 500), "PNG").read()
    with pytest.raises(ValidationFailed):
        clean_image(io.BytesIO(whole[: len(whole) // 2]), max_side=800)


def test_a_file_too_big_is_refused():
    with pytest.raises(ValidationFailed) as refused:
        clean_image(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), max_side=800)
    assert "10 MB" in str(refused.value)


# ── Serving ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def avatar(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return default_storage.save("avatars/a.webp", clean_image(picture(), max_side=64))


def body(answer):
    return b"".join(answer.streaming_content)


@pytest.mark.django_db
def test_a_public_picture_is_served_to_be_kept(client, avatar):
    answer = client.get(f"/media/{avatar}")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(body(answer))).format == "WEBP"
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer["Cache-Control"]
    assert "sandbox" in answer["Content-Security-Policy"]
    again = client.get(f"/media/{avatar}", headers={"If-Modified-Since": answer["Last-Modified"]})
    assert again.status_code == 304


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["private/a.webp", "avatars/a.svg", "avatars/a.html", "avatars/none.webp", "a.webp"])
def test_nothing_else_in_the_folder_is_served(client, avatar, path):
    if not path.endswith("none.webp"):
        default_storage.save(path, ContentFile(b"x"))
    assert client.get(f"/media/{path}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["avatars/../secret.webp", "avatars/%2e%2e/secret.webp", "../secret.webp"])
def test_a_path_cannot_climb_out(client, avatar, settings, path):
    (settings.MEDIA_ROOT / "secret.webp").write_bytes(b"x")
    assert client.get(f"/media/{path}").status_code in {400, 404}
