"""The profile, and the pictures people upload with it."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import Category
from tests import make

pytestmark = pytest.mark.django_db

FORM = {
    "display_name": "Ana Ferreira",
    "bio": "Clay and coffee.",
    "location": "Porto",
    "time_zone": "Europe/Lisbon",
    "languages": ["pt", "en"],
}


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(size=(400, 300), kind="JPEG", *, color="red", **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind, **options)
    return out.getvalue()


def upload(browser, data: bytes, name="me.jpg", **fields):
    return browser.post("/settings/profile/", {**FORM, "avatar": SimpleUploadedFile(name, data), **fields})


def content(person, field="avatar") -> bytes:
    person.refresh_from_db()
    with getattr(person, field).open() as file:
        return file.read()


def stored(person, field="avatar") -> Image.Image:
    return Image.open(io.BytesIO(content(person, field)))


def test_what_people_say_of_themselves_is_saved_and_shown(fan, fan_client):
    assert fan_client.post("/settings/profile/", FORM).status_code == 303
    fan.refresh_from_db()
    assert (fan.display_name, fan.bio, fan.location, fan.time_zone) == (
        "Ana Ferreira",
        "Clay and coffee.",
        "Porto",
        "Europe/Lisbon",
    )
    assert fan.languages == ["pt", "en"]
    page = fan_client.get("/settings/profile/").content.decode()
    assert "Clay and coffee." in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"bio": "x" * 501}, "bio"),
        ({"languages": ["xx"]}, "languages"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(fan_client, change, field):
    answer = fan_client.post("/settings/profile/", {**FORM, **change})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_picture_becomes_a_square_from_its_middle(fan, fan_client):
    left, right = Image.new("RGB", (600, 400), "blue"), Image.new("RGB", (400, 400), "red")
    left.paste(right, (100, 0))
    out = io.BytesIO()
    left.save(out, "PNG")
    assert upload(fan_client, out.getvalue(), "me.png").status_code == 303
    square = stored(fan)
    assert (square.format, square.size) == ("WEBP", (400, 400))
    red, _green, blue = square.convert("RGB").getpixel((5, 200))
    assert red > 200
    assert blue < 60


def test_a_chosen_square_is_cut_out(fan, fan_client):
    whole = Image.new("RGB", (400, 200), "blue")
    whole.paste(Image.new("RGB", (200, 200), "lime"), (200, 0))
    out = io.BytesIO()
    whole.save(out, "PNG")
    upload(fan_client, out.getvalue(), avatar_crop="0.5,0,1,1")
    _red, green, blue = stored(fan).convert("RGB").getpixel((100, 100))
    assert green > 200
    assert blue < 60


@pytest.mark.parametrize("crop", ["nonsense", "1,1,0,0", "0,0,5,5", "nan,0,1,1", "0.1,0.1"])
def test_a_nonsense_choice_means_the_middle(fan, fan_client, crop):
    assert upload(fan_client, picture(), avatar_crop=crop).status_code == 303
    assert stored(fan).size == (300, 300)


def test_a_large_picture_is_made_smaller_and_a_banner_is_cut_to_three_by_one(fan, fan_client):
    banner = SimpleUploadedFile("b.jpg", picture((2400, 1600)))
    assert upload(fan_client, picture((1600, 1600)), banner=banner).status_code == 303
    assert stored(fan).size == (512, 512)
    assert stored(fan, "banner").size == (1500, 500)


def test_where_a_photo_was_taken_does_not_survive(fan, fan_client):
    exif = Image.Exif()
    exif[0x010F] = "SecretCameraMaker"
    exif.get_ifd(0x8825)[1] = "N"
    upload(fan_client, picture(exif=exif.tobytes()))
    data = content(fan)
    assert b"SecretCameraMaker" not in data
    assert not Image.open(io.BytesIO(data)).getexif()


def test_a_file_that_is_also_a_script_becomes_only_a_picture(fan, fan_client):
    data = picture() + b"<script>alert(1)</script>"
    upload(fan_client, data, "me.html")
    assert b"<script>" not in content(fan)
    assert fan.avatar.name.endswith(".webp")


def bomb() -> bytes:
    """A PNG of a few hundred bytes whose header announces 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bomb(), "megapixels"),
        (b"GIF89a" + b"\0" * 50, "JPEG, PNG or WebP"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "JPEG, PNG or WebP"),
        (b"%PDF-1.7", "JPEG, PNG or WebP"),
        (picture()[:200], "damaged"),
        (b"\xff" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
    ids=["bomb", "gif", "svg", "pdf", "torn", "large"],
)
def test_what_is_no_bearable_picture_is_refused_at_its_field_and_nothing_is_kept(fan, fan_client, data, words):
    answer = upload(fan_client, data)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors["avatar"])
    fan.refresh_from_db()
    assert not fan.avatar


def test_a_new_picture_replaces_the_old_file_and_removing_deletes_it(
    fan, fan_client, django_capture_on_commit_callbacks
):
    upload(fan_client, picture())
    fan.refresh_from_db()
    first, storage = fan.avatar.name, fan.avatar.storage
    with django_capture_on_commit_callbacks(execute=True):
        upload(fan_client, picture(color="blue"))
    fan.refresh_from_db()
    assert fan.avatar.name != first
    assert not storage.exists(first)
    second = fan.avatar.name
    with django_capture_on_commit_callbacks(execute=True):
        fan_client.post("/settings/profile/", {**FORM, "remove_avatar": "on"})
    fan.refresh_from_db()
    assert not fan.avatar
    assert not storage.exists(second)


def test_creators_choose_up_to_three_categories_and_fans_none(fan, fan_client, creator, creator_client):
    for slug in ["clay", "music", "words", "code"]:
        Category.objects.create(slug=slug, name=slug.capitalize())
    answer = creator_client.post(
        "/settings/profile/", {**FORM, "headline": "Clay, slowly", "categories": ["clay", "music"]}
    )
    assert answer.status_code == 303
    creator.creator.refresh_from_db()
    assert creator.creator.headline == "Clay, slowly"
    assert {category.slug for category in creator.creator.categories.all()} == {"clay", "music"}
    four = {**FORM, "categories": ["clay", "music", "words", "code"]}
    assert creator_client.post("/settings/profile/", four).status_code == 422
    assert fan_client.post("/settings/profile/", {**FORM, "categories": ["clay"]}).status_code == 303


def test_fields_that_are_not_in_the_form_do_not_change(fan, fan_client):
    fan_client.post(
        "/settings/profile/",
        {
            **FORM,
            "is_staff": "on",
            "is_superuser": "on",
            "email": "x@example.com",
            "email_verified_at": "",
            "username": "root",
        },
    )
    fan.refresh_from_db()
    assert (fan.is_staff, fan.is_superuser, fan.email, fan.username) == (False, False, "fan@example.com", "fan")


def test_privacy_is_saved_and_a_person_who_hides_is_not_found(creator, creator_client, fan):
    from accounts import selectors

    assert selectors.visible_creators(fan).filter(pk=creator.pk).exists()
    assert creator_client.post("/settings/privacy/", {"shows_typing": "on"}).status_code == 303
    creator.refresh_from_db()
    assert (creator.is_listed, creator.shows_online, creator.shows_typing) == (False, False, True)
    assert not selectors.visible_creators(fan).filter(pk=creator.pk).exists()
    assert selectors.can_view_profile(fan, creator), "the page stays open to those who have its address"


def test_the_theme_is_kept_in_a_cookie_and_drawn_by_the_server(client, fan_client):
    answer = client.post("/theme/", {"theme": "dark", "next": "/sign-in/"})
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/")
    assert 'data-theme="digis-dark"' in client.get("/sign-in/").content.decode()
    client.post("/theme/", {"theme": "system"})
    assert 'data-theme="' not in client.get("/sign-in/").content.decode().split("<head>")[0]
    assert "theme" not in fan_client.post("/theme/", {"theme": "neon"}).cookies
    assert make.mail_to("fan@example.com") == []
