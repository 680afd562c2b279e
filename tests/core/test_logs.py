"""The logs tell what happened and keep no secret."""

import io
import json
import logging

import pytest
import structlog

from digis.core import logs

CARD = "4242 4242 4242 4242"
SECRETS = [
    CARD,
    "4242424242424242",
    "hunter2hunter2",
    "sk_test_51abcdefghij",
    "whsec_abcdefghijkl",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]


@pytest.fixture
def written():
    """What one handler with our formatter writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs._formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_line_is_one_json_object_with_the_requests_id(written):
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("digis.test").warning("something_happened", amount=5)
        logging.getLogger("library").warning("says %s", "hello")
    ours, theirs = written()
    assert ours["event"] == "something_happened"
    assert (ours["request_id"], ours["amount"], ours["level"]) == ("r-1", 5, "warning")
    assert theirs["event"] == "says hello"
    assert theirs["request_id"] == "r-1"


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_written_whichever_way_it_comes(written, secret):
    log = structlog.get_logger("digis.test")
    log.warning("posted", data={"password": secret, "nested": [{"card_number": secret, "api_key": secret}]})
    log.warning("posted", authorization=f"Bearer {secret}", cookie=f"session={secret}")
    logging.getLogger("library").warning("body: password=%s&token=%s", secret.replace(" ", ""), secret.replace(" ", ""))
    try:
        int(f"token={secret.replace(' ', '')}")
    except ValueError:
        log.exception("failed")
    text = json.dumps(written())
    assert secret not in text
    assert secret.replace(" ", "") not in text


def test_amounts_of_tokens_and_ordinary_numbers_stay(written):
    structlog.get_logger("digis.test").warning(
        "posted", tokens=120, token_balance=5, order="1234567890123456", code="INSUFFICIENT_TOKENS", status=402,
        took="0.4242424242424242 s",
    )  # fmt: skip
    (line,) = written()
    assert (line["tokens"], line["token_balance"], line["order"]) == (120, 5, "1234567890123456")
    assert line["code"] == "INSUFFICIENT_TOKENS"
    assert line["took"] == "0.4242424242424242 s"


@pytest.mark.django_db
def test_signing_in_leaves_no_password_in_the_logs(client, written):
    client.post("/sign-in/", {"login": "ana@example.com", "email": "ana@example.com", "password": "hunter2hunter2"})
    client.get("/healthz?token=hunter2hunter2")
    text = json.dumps(written())
    assert "request_finished" in text
    assert "hunter2" not in text


def test_what_goes_to_sentry_is_scrubbed_as_well(monkeypatch):
    import sentry_sdk

    asked = {}
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: asked.update(options))
    logs.start_sentry("https://x@example.com/1", environment="test", release="")
    event = asked["before_send"]({"request": {"headers": {"Cookie": "session=abc"}}, "message": f"card {CARD}"}, {})
    assert "abc" not in json.dumps(event)
    assert CARD not in json.dumps(event)
    assert asked["send_default_pii"] is False
