"""The stand-in refuses whatever could touch real money or leave this machine."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import stripe

from tests.stripe_sandbox import TEST_KEY, StripeSandbox, client_for

ROOT = Path(__file__).parent.parent.parent


def refuse(*arguments: str, state: Path, environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, "-m", "digis.sandbox.stripe", "--port", "0", "--state", str(state), *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=environment or {}, check=False
    )
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.com"])  # noqa: S104  the address is to be refused
def test_it_does_not_start_where_others_could_reach_it(host: str, tmp_path: Path) -> None:
    assert "loopback only" in refuse("--host", host, state=tmp_path)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.7/hook", "https://127.0.0.1/hook", "http://127.0.0.1@example.com/", "http://example.com/"]
)
def test_it_does_not_start_with_a_webhook_address_elsewhere(url: str, tmp_path: Path) -> None:
    assert "loopback only" in refuse("--webhook-url", url, "--webhook-secret", "whsec_x", state=tmp_path)


def test_it_does_not_start_without_a_signing_secret(tmp_path: Path) -> None:
    assert "whsec_" in refuse("--webhook-url", "http://127.0.0.1:9/", state=tmp_path)


def test_it_does_not_start_beside_a_live_key(tmp_path: Path) -> None:
    assert "live key" in refuse(state=tmp_path, environment={"STRIPE_SECRET_KEY": "sk_live_51abcdefghijklmnop"})


@pytest.mark.parametrize("key", ["sk_live_51abcdefghijklmnopqrstuv", "rk_live_51abcdefghijklmnopqrstuv"])
def test_it_refuses_live_keys(sandbox: StripeSandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="refuses live keys"):
        client_for(sandbox.url, key).v1.customers.create({})


@pytest.mark.parametrize("key", ["pk_test_51localdevelopmentkey00000", "sk_test_", "secret"])
def test_it_refuses_keys_that_are_no_secret_test_keys(sandbox: StripeSandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client_for(sandbox.url, key).v1.customers.list()


def test_it_refuses_a_request_without_a_key(sandbox: StripeSandbox) -> None:
    assert httpx.get(f"{sandbox.url}/v1/customers").status_code == 401


def test_it_refuses_names_that_a_foreign_page_could_point_at_this_machine(sandbox: StripeSandbox) -> None:
    assert httpx.get(sandbox.url, headers={"Host": "rebound.example.com"}).status_code == 421


def test_it_listens_on_loopback_alone(sandbox: StripeSandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # refused if it listened at every address
        assert other.getsockname() == ("127.0.0.2", port)


def test_web_pages_have_no_say_over_the_control_interface(sandbox: StripeSandbox) -> None:
    answer = httpx.post(f"{sandbox.url}/_ctl/reset", headers={"Origin": "http://127.0.0.1:8000"}, content="{}")
    assert answer.status_code == 403


def test_webhooks_go_nowhere_else(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="loopback"):
        sandbox.client.v1.webhook_endpoints.create({"url": "https://example.com/hook", "enabled_events": ["*"]})


def test_another_api_version_is_refused(sandbox: StripeSandbox) -> None:
    headers = {"Authorization": f"Bearer {TEST_KEY}", "Stripe-Version": "2020-08-27"}
    answer = httpx.get(f"{sandbox.url}/v1/account", headers=headers)
    assert answer.status_code == 400
    assert "2026-08-26.dahlia" in answer.json()["error"]["message"]


def test_a_huge_body_is_refused(sandbox: StripeSandbox) -> None:
    headers = {"Authorization": f"Bearer {TEST_KEY}"}
    answer = httpx.post(f"{sandbox.url}/v1/customers", content="description=" + "x" * 1_000_001, headers=headers)
    assert answer.status_code == 413
