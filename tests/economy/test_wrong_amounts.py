"""Whatever is typed where a number belongs: the page comes back with it and says what to change."""

from __future__ import annotations

import pytest

from tests import make

pytestmark = pytest.mark.django_db
WRONG = ["1.5", "abc", "40 tokens", "9" * 30, "-3", "0", "٣x", "1e9"]
PLACES = {
    "/@creator/tip/": "own",
    "/wallet/give/": "tokens",
    "/wallet/limits/": "day",
    "/wallet/buy/": "tokens",
}


@pytest.mark.parametrize("typed", WRONG)
@pytest.mark.parametrize("path", PLACES)
def test_what_is_no_amount_comes_back_with_a_sentence(fan, fan_client, creator, path, typed):
    """screens.md: values kept, the error beside the field."""
    make.buy_tokens(fan, 500)
    rest = {"to": "creator", "idempotency_key": "k", "confirm_above": "500"}
    answer = fan_client.post(path, {**rest, PLACES[path]: typed})
    if path == "/wallet/limits/" and typed == "0":
        assert answer.status_code == 303  # nothing a day is a limit
        return
    assert answer.status_code == 422, answer.status_code
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert typed in page


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_no_rate_comes_back_with_a_sentence(creator_client, typed):
    answer = creator_client.post("/studio/calls/rates/", {"video_rate": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.content.decode()


@pytest.mark.parametrize("pick", ["9" * 30, "-5", "gift:x:y", "gift:" + "9" * 40, "abc"])
def test_a_tile_that_is_none_of_ours_is_refused(fan, fan_client, creator, pick):
    make.buy_tokens(fan, 500)
    assert fan_client.post("/@creator/tip/", {"idempotency_key": "k", "own": "", "pick": pick}).status_code == 422


def test_a_gift_that_cannot_be_given_is_told_at_the_first_step(fan, fan_client, creator):
    """LAW-13: not after the button that gives it."""
    from datetime import timedelta

    from digis.core import clock

    make.buy_tokens(fan, 300)
    type(fan).objects.filter(pk=fan.pk).update(created_at=clock.now() - timedelta(days=30))

    def ask(tokens):
        return fan_client.post("/wallet/give/", {"to": "creator", "tokens": tokens, "idempotency_key": "k"})

    assert "up to 500 tokens at once" in ask("99999").content.decode()
    assert "300 bought tokens" in ask("400").content.decode()
    assert ask("400").status_code == 422
    assert ask("300").status_code == 200


def test_what_was_chosen_survives_signing_in_again(fan, fan_client, client):
    """The pack that was pressed is the one that is ticked when the buyer is back."""
    from economy.selectors import list_packs

    pack = list_packs().get(tokens=1_000)
    answer = client.post("/wallet/buy/", {"pack": str(pack.pk), "tokens": "", "next": "/explore/"})
    assert answer.status_code == 302
    back = answer["Location"].partition("next=")[2]
    from urllib.parse import unquote

    page = fan_client.get(unquote(back)).content.decode()
    assert page.count("checked") == 1
    ticked = page[: page.index("checked")].rpartition("<input")[2]
    assert str(pack.pk) in ticked
    typed = client.post("/wallet/buy/", {"pack": "", "tokens": "750"})["Location"].partition("next=")[2]
    assert 'value="750"' in fan_client.get(unquote(typed)).content.decode()
