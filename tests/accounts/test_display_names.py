"""What may stand where a person's name stands."""

import pytest

from accounts import handles
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ana   María ", "Ana María"),
        ("\u202eevil", "evil"),
        ("a\u200bb\u0000c\n", "abc"),
        ("\u200b\u200b", ""),
        ("\u2066\u2069 ", ""),
        ("👩\u200d🎨 Studio", "👩\u200d🎨 Studio"),
        ("ورکشاپ", "ورکشاپ"),
        ("می\u200cروم", "می\u200cروم"),
        ("\u200dAna", "Ana"),
    ],
)
def test_what_cannot_be_seen_is_no_part_of_a_name(written, kept):
    """I18N-4: emoji and every script stay whole; hidden and turning signs go."""
    assert handles.tidy_name(written) == kept


@pytest.mark.parametrize("name", ["Digis Support", "D1gis", "The D.I.G.I.S Team", "Dіgіs"])
def test_a_name_that_passes_for_ours_is_refused_in_words(fan_client, name):
    answer = fan_client.post("/settings/profile/", {"display_name": name, "time_zone": "UTC"})
    assert answer.status_code == 422
    assert "pass for ours" in answer.content.decode()


def test_a_name_of_nothing_is_refused_and_a_hidden_sign_is_dropped(fan, fan_client):
    profile = {"display_name": "\u200b\u200b", "time_zone": "UTC", "bio": "", "location": ""}
    assert fan_client.post("/settings/profile/", profile).status_code == 422
    assert fan_client.post("/settings/profile/", profile | {"display_name": "An\u202ea"}).status_code == 303
    fan.refresh_from_db()
    assert fan.display_name == "Ana"


def test_a_name_as_long_as_allowed_without_a_space_is_kept(fan, fan_client):
    answer = fan_client.post("/settings/profile/", {"display_name": "Ж" * 80, "time_zone": "UTC"})
    assert answer.status_code == 303
    assert make.make_person("other").display_name
