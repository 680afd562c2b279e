"""What a page gets to reach the other one: nothing by default, TURN or Agora where settings name them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import uuid4

from calls import media


def test_one_machine_needs_no_servers(clock):
    assert media.get_provider().join(room="r", person_id=uuid4()) == {
        "name": "embedded",
        "room": "r",
        "ice_servers": [],
    }


def test_turn_credentials_expire_and_are_signed(clock, settings):
    """coturn's shared secret: the name is `expiry:id`, the password its HMAC-SHA1."""
    settings.TURN_URLS, settings.TURN_SECRET = ["turn:relay.example:3478"], "shared"
    person = uuid4()
    [server] = media.get_provider().join(room="r", person_id=person)["ice_servers"]
    expiry, _, who = server["username"].partition(":")
    assert who == str(person)
    assert 3_590 < int(expiry) - clock.noon.timestamp() <= 3_600
    digest = hmac.new(b"shared", server["username"].encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(digest).decode()


def test_agora_hands_out_a_token_for_one_person_and_room(clock, settings):
    settings.AGORA_APP_ID, settings.AGORA_APP_CERTIFICATE = "0" * 32, "1" * 32
    person = uuid4()
    joined = media.get_provider().join(room="room-1", person_id=person)
    assert (joined["name"], joined["channel_name"], joined["uid"]) == ("agora", "room-1", media.agora_uid(person))
    assert joined["token"].startswith("006" + "0" * 32)
    assert joined["uid"] > 0
