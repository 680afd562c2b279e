from pathlib import Path

from tests.sandbox.make import make_payment, make_session
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import StripeSandbox, running


def shops_closed(sandbox: StripeSandbox) -> None:
    """Let every delivery fail by pointing them at a port where nobody listens."""
    state = sandbox.state()["endpoints"][0]
    sandbox.endpoint("http://127.0.0.1:9/", secrets=state["secrets"], endpoint_id=state["id"])


def test_customers_payments_and_keys_survive_a_crash(tmp_path: Path) -> None:
    with running(tmp_path) as sandbox:
        client = sandbox.client.v1
        account = client.accounts.retrieve_current().id
        customer = client.customers.create({"email": "fan@digis.test"}, {"idempotency_key": "c-1"})
        session = make_session(sandbox, customer=customer.id)
        intent = make_payment(sandbox)
        sandbox.advance(3600)
        before = sandbox.state()["now"]
        sandbox.kill()
        sandbox.restart()
        client = sandbox.client.v1
        assert client.accounts.retrieve_current().id == account
        assert client.customers.create({"email": "fan@digis.test"}, {"idempotency_key": "c-1"}).id == customer.id
        assert client.payment_intents.retrieve(intent).status == "succeeded"
        assert sandbox.state()["now"] >= before
        assert sandbox.submit_card(client.checkout.sessions.retrieve(session.id).url or "").status_code == 303


def test_a_pending_webhook_survives_a_crash(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path, webhook_url=shop.url) as sandbox:
        shop.clear()
        shops_closed(sandbox)
        make_payment(sandbox)
        shop.wait_until(lambda: any(d["attempts"] for d in sandbox.deliveries()))
        sandbox.kill()
        assert shop.letters == []
        sandbox.restart()  # the command line names the shop's true address again
        sandbox.wait()
        assert len(shop.letters) == 5
        assert all(letter.is_genuine for letter in shop.letters)


def test_the_state_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with running(tmp_path):
        assert (tmp_path / "stripe.sqlite3").stat().st_mode & 0o077 == 0


def test_webhooks_keep_coming_when_a_shared_clock_goes_back(tmp_path: Path, shop: Receiver) -> None:
    offset = tmp_path / "offset"
    offset.write_text("864000")
    with running(tmp_path, webhook_url=shop.url, arguments=["--clock-offset-file", str(offset)]) as sandbox:
        shop.clear()
        shop.answers.append(500)
        make_payment(sandbox)
        offset.unlink()
        sandbox.wait()
        assert len(shop.letters) == 6


def test_clocks_move_together_by_a_shared_file(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    with running(tmp_path, arguments=["--clock-offset-file", str(offset)]) as sandbox:
        session = make_session(sandbox)
        before = sandbox.state()["now"]
        offset.write_text(str(25 * 3600))
        assert sandbox.state()["now"] - before >= 25 * 3600
        assert sandbox.submit_card(session.url or "").status_code == 410
