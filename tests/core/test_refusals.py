"""One refusal, three answers: a page, a fragment, the API's envelope."""

import json
import re
from datetime import datetime

import pytest
from django.test import Client

from digis.core.http import STATUS

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]

PAGES = {
    "VALIDATION_ERROR": 422,
    "FORBIDDEN": 403,
    "INSUFFICIENT_TOKENS": 402,
    "EMAIL_UNVERIFIED": 403,
    "NOT_FOUND": 404,
    "INVALID_STATE": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "RATE_LIMIT_EXCEEDED": 429,
}


@pytest.mark.parametrize(("code", "status"), PAGES.items())
def test_a_refusal_is_a_page_that_names_the_request(client, code, status):
    answer = client.get(f"/probe/refuse/{code}/")
    assert answer.status_code == status
    text = answer.content.decode()
    assert "<html" in text
    assert answer["X-Request-ID"] in text


@pytest.mark.parametrize("code", PAGES)
def test_htmx_gets_a_fragment_with_a_status_it_does_not_swap(client, code):
    answer = client.post(f"/probe/refuse/{code}/", headers={"HX-Request": "true"})
    assert answer.status_code == STATUS[code]
    assert answer.status_code != 422
    assert "<html" not in answer.content.decode()
    assert f'data-code="{code}"' in answer.content.decode()


@pytest.mark.parametrize("code", [*PAGES, "AUTH_REQUIRED", "REAUTH_REQUIRED"])
def test_a_program_gets_the_envelope(client, code):
    """API-1."""
    answer = client.post(f"/api/v1/probe/refuse/{code}/")
    assert answer.status_code == STATUS[code]
    body = answer.json()
    assert body["success"] is False
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert body["error"]["requestId"] == answer["X-Request-ID"]
    assert ("fields" in body["error"]) == (code == "VALIDATION_ERROR")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
    datetime.fromisoformat(body["timestamp"])


def test_a_message_is_filled_with_its_data(client):
    assert "You need 12 tokens." in client.get("/probe/refuse/INSUFFICIENT_TOKENS/").content.decode()


def test_being_signed_out_leads_to_sign_in_and_back(client):
    answer = client.get("/probe/refuse/AUTH_REQUIRED/?a=1")
    assert answer.status_code == 303
    assert answer["Location"] == "/sign-in/?next=%2Fprobe%2Frefuse%2FAUTH_REQUIRED%2F%3Fa%3D1"


def test_a_step_up_leads_back_to_the_form_it_interrupted(client):
    answer = client.post("/probe/refuse/REAUTH_REQUIRED/", headers={"Referer": "http://testserver/wallet/?x=1"})
    assert answer.status_code == 303
    assert answer["Location"] == "/reauthenticate/?next=%2Fwallet%2F%3Fx%3D1"


def test_a_step_up_does_not_lead_to_another_site(client):
    answer = client.post("/probe/refuse/REAUTH_REQUIRED/", headers={"Referer": "https://evil.example/x"})
    assert answer["Location"] == "/reauthenticate/?next=%2F"


def test_a_rate_limit_says_when_to_return(client):
    for address in ("/probe/refuse/RATE_LIMIT_EXCEEDED/", "/api/v1/probe/refuse/RATE_LIMIT_EXCEEDED/"):
        answer = client.get(address)
        assert answer.status_code == 429
        assert answer["Retry-After"] == "7"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing/at/all/", "/api/"])
def test_an_api_path_nobody_has_answers_in_the_envelope(client, path):
    for method in (client.get, client.post, client.delete):
        answer = method(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_a_wrong_method_answers_in_the_envelope(client):
    answer = client.get("/api/v1/probe/spend")
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_a_wrong_kind_of_body_answers_in_the_envelope(client):
    answer = client.post("/api/v1/probe/spend", "a=1", content_type="text/plain")
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    answer = client.post("/api/v1/probe/spend", "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert "fields" in answer.json()["error"]


def test_a_wrong_field_is_named(client):
    answer = client.post("/api/v1/probe/spend", {"amount": 0}, content_type="application/json")
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["amount"]


def test_a_domain_error_in_an_api_view_is_a_payment_required(client):
    answer = client.post("/api/v1/probe/spend", {"amount": 11}, content_type="application/json")
    assert answer.status_code == 402
    assert answer.json()["error"]["message"] == "You need 11 tokens."


def test_a_private_endpoint_asks_for_credentials(client):
    answer = client.get("/api/v1/probe/private")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "AUTH_REQUIRED"


def test_the_old_path_is_the_same_view_and_says_it_is_old(client):
    """API-6."""
    body = {"amount": 3}
    new = client.post("/api/v1/probe/spend", body, content_type="application/json")
    old = client.post("/api/probe/spend", body, content_type="application/json")
    assert new.json() == old.json() == {"spent": 3}
    assert "Deprecation" not in new
    assert old["Deprecation"] == "true"
    assert old["Link"] == '</api/v1/probe/spend>; rel="successor-version"'


def test_a_crash_is_a_page_without_a_secret():
    client = Client(raise_request_exception=False)
    answer = client.get("/probe/crash/")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "planted" not in answer.content.decode()


def test_a_crash_under_the_api_is_an_envelope():
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/probe/crash/")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert "planted" not in json.dumps(answer.json())


def test_a_form_without_its_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    page = client.post("/sign-out/")
    assert page.status_code == 403
    assert page["X-Request-ID"] in page.content.decode()
