"""What a request may claim about itself, and what every answer carries."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]


def test_a_stranger_cannot_choose_their_address(client):
    answer = client.get(
        "/probe/whoami/",
        REMOTE_ADDR="203.0.113.9",
        headers={"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"},
    )
    assert answer.json() == {"address": "203.0.113.9", "host": "testserver", "secure": False, "secret": ""}


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),  # the left part is whatever the caller wrote
        ("198.51.100.7, 10.0.0.3", "198.51.100.7"),  # two of our proxies in a row
        ("not an address", "10.0.0.2"),
        ("", "10.0.0.2"),
        ("2001:db8::5", "2001:db8::5"),
    ],
)
def test_our_proxy_is_believed_hop_by_hop(client, settings, forwarded, address):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    answer = client.get("/probe/whoami/", REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-For": forwarded})
    assert answer.json()["address"] == address


def test_a_proxy_on_a_local_socket_is_believed_when_stated(client, settings):
    headers = {"X-Forwarded-For": "198.51.100.7"}
    assert client.get("/probe/whoami/", REMOTE_ADDR="", headers=headers).json()["address"] == ""
    settings.TRUSTED_PROXIES = ["unix"]
    assert client.get("/probe/whoami/", REMOTE_ADDR="", headers=headers).json()["address"] == "198.51.100.7"


def test_the_header_that_replaces_stripes_signature_never_arrives(client):
    """LEDGER-5."""
    for peer in ("127.0.0.1", "203.0.113.9"):
        answer = client.get("/probe/whoami/", REMOTE_ADDR=peer, headers={"X-Djstripe-Webhook-Secret": "whsec_forged"})
        assert answer.json()["secret"] == ""


def test_every_answer_has_an_id_of_its_own(client):
    ids = {client.get(path)["X-Request-ID"] for path in ("/healthz", "/nothing/", "/api/v1/nothing", "/healthz")}
    assert len(ids) == 4


def test_the_log_knows_a_request_by_the_id_its_page_shows(client):
    answer = client.get("/probe/log-id/")
    assert answer.json()["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize("path", ["/@%00/", "/@a%00b/calls/", "/search/?q=%00", "/explore/?category=a%00"])
def test_what_no_table_can_hold_is_refused_in_words(client, path):
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/calls"])
def test_a_host_that_is_not_ours_is_refused_without_a_crash(path):
    answer = Client(raise_request_exception=False).get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_an_address_that_takes_forms_only_says_so(client, fan_client):
    answer = fan_client.get("/calls/invite/")
    assert answer.status_code == 405
    assert "only takes a form" in answer.content.decode()
    assert answer["Allow"] == "POST"


def test_a_visitor_whose_form_was_refused_comes_back_to_its_page(client):
    answer = client.post("/calls/invite/", headers={"Referer": "http://testserver/@creator/calls/?type=video"})
    assert answer["Location"] == "/sign-in/?next=/%40creator/calls/%3Ftype%3Dvideo"
    assert client.post("/calls/invite/")["Location"] == "/sign-in/?next=/"


def test_only_our_proxy_may_name_the_request(client, settings):
    headers = {"X-Request-ID": "0123456789abcdef"}
    assert client.get("/healthz", headers=headers)["X-Request-ID"] != "0123456789abcdef"
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert client.get("/healthz", headers=headers)["X-Request-ID"] == "0123456789abcdef"
    assert client.get("/healthz", headers={"X-Request-ID": "a b\nc"})["X-Request-ID"] != "a b\nc"


def test_every_page_has_its_headers(client, fan_client):
    for who in (client, fan_client):
        for path in ("/", "/nothing/", "/api/v1/nothing", "/healthz"):
            answer = who.get(path)
            policy = answer["Content-Security-Policy"]
            assert "unsafe-" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["X-Frame-Options"] == "DENY"
            assert answer["Referrer-Policy"] == "same-origin"
            assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "camera=(self)" in answer["Permissions-Policy"]


def test_a_signed_in_page_is_for_one_person_only(fan_client):
    answer = fan_client.get("/nothing/")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer["Vary"]


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("/wallet/", 303),
        ("http://testserver/wallet/", 303),
        ("https://checkout.stripe.com/c/pay/x", 303),
        ("https://evil.example/", 400),
        ("//evil.example/", 400),
        ("https://checkout.stripe.com.evil.example/", 400),
        ("javascript:alert(1)", 400),
    ],
)
def test_a_person_is_sent_only_where_we_mean_to(client, to, status):
    assert client.get("/probe/leave/", {"to": to}).status_code == status


def test_htmx_leaves_by_its_own_header(client):
    answer = client.get("/probe/leave/", {"to": "https://checkout.stripe.com/x"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "https://checkout.stripe.com/x"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/wallet/?a=1", "/wallet/?a=1"),
        ("https://evil.example/", "/home/"),
        ("//evil.example", "/home/"),
        (r"/\evil.example", "/home/"),
        ("https:evil.example", "/home/"),
        ("javascript:alert(1)", "/home/"),
        ("", "/home/"),
    ],
)
def test_next_stays_on_the_site(client, asked, given):
    assert client.get("/probe/onward/", {"next": asked}).content.decode() == given


# ── Signed webhooks ─────────────────────────────────────────────────────────────────────────


def test_an_event_from_the_future_is_refused(client, clock):
    """LEDGER-5: a stamp more than 300 s ahead is as bad as one that is too old."""
    now = int(clock.now().timestamp())
    for ahead, status in ((-10, 200), (290, 200), (310, 400), (86_400, 400)):
        answer = client.post(
            "/probe/hook/",
            '{"id": "evt_1"}',
            content_type="application/json",
            headers={"Stripe-Signature": f"t={now + ahead},v1=00"},
        )
        assert answer.status_code == status, ahead


@pytest.mark.parametrize("signature", ["", "v1=00", "t=,v1=00", "t=abc,v1=00", "t=1,t=99999999999,v1=00", "t=-5,v1=00"])
def test_a_signature_without_one_clear_stamp_is_refused(client, signature):
    answer = client.post("/probe/hook/", "{}", content_type="application/json", headers={"Stripe-Signature": signature})
    assert answer.status_code == 400


def test_a_webhook_has_a_bounded_body(client, clock):
    stamp = f"t={int(clock.now().timestamp())},v1=00"
    answer = client.post(
        "/probe/hook/", "x" * 600_000, content_type="application/json", headers={"Stripe-Signature": stamp}
    )
    assert answer.status_code == 413
