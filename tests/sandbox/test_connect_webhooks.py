"""The connected accounts' events go to an endpoint of their own; what can go wrong with webhooks goes wrong there too."""

from pathlib import Path

import pytest
import stripe

from tests.sandbox.make import make_account, make_creator, make_payment, pay_out, transfer
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import CONNECT_SECRET, WEBHOOK_SECRET, StripeSandbox, running


def test_each_endpoint_hears_its_own_events(sandbox: StripeSandbox, shop: Receiver, connect_shop: Receiver) -> None:
    account = make_creator(sandbox, funds=500)
    sandbox.pay_payout(pay_out(sandbox, account, 500).id)
    sandbox.wait()
    assert {name.partition(".")[0] for name in shop.types} == {"transfer"}
    assert {name.partition(".")[0] for name in connect_shop.types} == {"account", "capability", "payout"}
    assert all(letter.is_genuine for letter in shop.letters + connect_shop.letters)
    letter = connect_shop.letters[0]
    event = stripe.Webhook.construct_event(letter.body, letter.signature, CONNECT_SECRET)
    assert event.account == account
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(letter.body, letter.signature, WEBHOOK_SECRET)


def test_the_same_faults_befall_them(sandbox: StripeSandbox, shop: Receiver, connect_shop: Receiver) -> None:
    account = make_creator(sandbox, funds=500)
    sandbox.wait()
    connect_shop.clear()
    shop.clear()
    sandbox.drop("payout.updated")
    sandbox.hold("payout.*")
    first, second = (pay_out(sandbox, account, 200) for _ in range(2))
    sandbox.pay_payout(first.id)
    sandbox.fail_payout(second.id)
    transfer_event = sandbox.events("transfer.created")[0]["id"]
    sandbox.wait()
    assert connect_shop.types == ["account.external_account.updated", "account.updated"]
    sandbox.release("newest")
    sandbox.wait()
    assert connect_shop.types[2:] == ["payout.failed", "payout.paid", "payout.created", "payout.created"]
    failed = sandbox.events("payout.failed")[0]["id"]
    assert sandbox.replay(failed, copies=5) == [200] * 5
    assert sandbox.replay(failed, age=301) == [400]
    assert sandbox.replay(failed, secret=WEBHOOK_SECRET) == [400]
    assert sandbox.replay(transfer_event) == [200]
    assert [letter.is_genuine for letter in shop.letters] == [True]


def test_a_refused_connect_delivery_comes_again(sandbox: StripeSandbox, connect_shop: Receiver) -> None:
    account = make_account(sandbox)
    connect_shop.answers += [500]
    sandbox.onboard(account)
    sandbox.wait()
    assert connect_shop.types.count("account.external_account.created") == 2


def test_one_endpoint_may_take_both_kinds_with_one_secret(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path, webhook_url=shop.url, arguments=["--connect-webhook-url", shop.url]) as sandbox:
        shop.clear()
        make_creator(sandbox, funds=100)
        sandbox.wait()
        assert {"transfer.created", "account.updated"} <= set(shop.types)
        assert all(letter.is_genuine for letter in shop.letters)


def test_without_a_connect_endpoint_nobody_hears(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path, webhook_url=shop.url) as sandbox:
        shop.clear()
        make_creator(sandbox, funds=100)
        sandbox.wait()
        assert shop.types == ["transfer.created"]
        assert len(sandbox.events("account.updated")) == 1


def test_accounts_payouts_and_links_survive_a_crash(tmp_path: Path, connect_shop: Receiver) -> None:
    with running(tmp_path, connect_url=connect_shop.url) as sandbox:
        account = make_creator(sandbox, number="000111111113")
        make_payment(sandbox, 5_000, "4000000000000077")
        transfer(sandbox, account, 2_000, key="t-1")
        payout = pay_out(sandbox, account, 2_000)
        url = sandbox.client.v1.accounts.login_links.create(account).url
        sandbox.kill()
        sandbox.restart()
        connect_shop.clear()
        assert transfer(sandbox, account, 2_000, key="t-1").reversed is False
        assert len(sandbox.client.v1.transfers.list().data) == 1
        sandbox.advance(3 * 86_400)
        sandbox.wait()
        assert "payout.failed" in connect_shop.types
        found = sandbox.client.v1.payouts.retrieve(payout.id, {}, {"stripe_account": account})
        assert found.failure_code == "account_closed"
        assert url.startswith(sandbox.url)
