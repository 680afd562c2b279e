"""Connected accounts: made by the platform, completed by a person, judged by Stripe."""

import pytest
import stripe

from tests.sandbox.make import account_params, available, make_account, make_creator, transfer
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import StripeSandbox

DOCUMENT = "individual.verification.document"


def get(sandbox: StripeSandbox, account: str) -> stripe.Account:
    return sandbox.client.v1.accounts.retrieve(account)


def due(account: stripe.Account) -> list[str]:
    assert account.requirements is not None
    return list(account.requirements.currently_due or [])


def why(account: stripe.Account) -> str | None:
    assert account.requirements is not None
    return account.requirements.disabled_reason


def flags(account: stripe.Account) -> tuple[bool | None, bool | None, bool | None]:
    return account.details_submitted, account.charges_enabled, account.payouts_enabled


def transfers_of(account: stripe.Account) -> str | None:
    assert account.capabilities is not None
    return account.capabilities.transfers


def test_a_new_account_may_do_nothing_and_says_what_is_missing(sandbox: StripeSandbox) -> None:
    """PAY-7: a blocked payout has a clear task."""
    account = get(sandbox, make_account(sandbox))
    assert flags(account) == (False, False, False)
    assert transfers_of(account) == "inactive"
    assert {"external_account", "individual.dob.day", "individual.first_name"} <= set(due(account))
    assert why(account) == "requirements.past_due"
    assert (account.type, account.country, account.default_currency) == ("none", "US", "usd")
    assert account.settings is not None
    assert account.settings.payouts is not None
    assert account.settings.payouts.schedule.interval == "manual"
    assert account.metadata is not None
    assert account.metadata["person"] == "cora"


def test_the_older_kind_of_express_account_is_the_same(sandbox: StripeSandbox) -> None:
    params = account_params(type="express")
    del params["controller"]
    account = sandbox.client.v1.accounts.create(params)
    assert account.type == "express"
    assert account.controller is not None
    assert account.controller.stripe_dashboard is not None
    assert account.controller.stripe_dashboard.type == "express"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"controller": {"stripe_dashboard": {"type": "none"}}}, "Express Dashboard only"),
        ({"capabilities": {}}, "at least one capability"),
        ({"country": "BR"}, "not currently supported"),
        ({"external_account": "btok_us"}, "hosted page"),
        ({"nickname": "x"}, "unknown parameter"),
    ],
)
def test_other_accounts_are_not_offered(sandbox: StripeSandbox, change: dict, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        make_account(sandbox, **change)


def test_full_approval_opens_transfers_and_payouts(sandbox: StripeSandbox, connect_shop: Receiver) -> None:
    account_id = make_account(sandbox)
    sandbox.onboard(account_id)
    account = get(sandbox, account_id)
    assert flags(account) == (True, True, True)
    assert (transfers_of(account), due(account), why(account)) == ("active", [], None)
    assert account.external_accounts is not None
    (bank,) = account.external_accounts.data
    assert (bank.last4, bank.default_for_currency, bank.status) == ("6789", True, "new")
    sandbox.wait()
    assert connect_shop.types == ["account.external_account.created", "account.updated", "capability.updated"]
    told = connect_shop.letters[1].event
    assert told["account"] == account_id
    assert told["data"]["object"]["payouts_enabled"] is True
    assert told["data"]["previous_attributes"]["payouts_enabled"] is False
    capability = connect_shop.letters[2].event["data"]
    assert (capability["object"]["id"], capability["object"]["status"]) == ("transfers", "active")
    assert capability["previous_attributes"] == {"status": "inactive"}


def test_a_check_may_take_a_while(sandbox: StripeSandbox) -> None:
    account_id = make_account(sandbox)
    sandbox.onboard(account_id, "pending")
    account = get(sandbox, account_id)
    assert flags(account) == (True, False, False)
    assert (transfers_of(account), due(account)) == ("pending", [])
    assert why(account) == "requirements.pending_verification"
    sandbox.advance(16 * 60)
    assert flags(get(sandbox, account_id)) == (True, True, True)


@pytest.mark.parametrize("passes", [True, False])
def test_a_pending_check_is_decided_either_way(sandbox: StripeSandbox, passes: bool) -> None:  # noqa: FBT001  of the table
    account_id = make_account(sandbox)
    sandbox.onboard(account_id, "pending")
    sandbox.decide_check(account_id, passes=passes)
    account = get(sandbox, account_id)
    assert account.payouts_enabled is passes
    assert due(account) == ([] if passes else [DOCUMENT])


def test_a_document_may_be_asked_for(sandbox: StripeSandbox) -> None:
    account_id = make_account(sandbox)
    sandbox.onboard(account_id, "document")
    account = get(sandbox, account_id)
    assert flags(account) == (True, False, False)
    assert (due(account), why(account), transfers_of(account)) == ([DOCUMENT], "requirements.past_due", "inactive")
    assert account.requirements is not None
    assert [error.requirement for error in account.requirements.errors or []] == [DOCUMENT]
    sandbox.onboard(account_id)
    assert flags(get(sandbox, account_id)) == (True, True, True)


def test_stripe_may_ask_for_more_later_and_everything_rests(sandbox: StripeSandbox) -> None:
    account_id = make_creator(sandbox)
    sandbox.demand(account_id, "individual.id_number")
    account = get(sandbox, account_id)
    assert flags(account) == (True, False, False)
    assert transfers_of(account) == "inactive"
    assert [e["data"]["object"]["status"] for e in sandbox.events("capability.updated")] == ["active", "inactive"]
    sandbox.add_funds(500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        transfer(sandbox, account_id, 500)
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    sandbox.onboard(account_id)
    assert flags(get(sandbox, account_id)) == (True, True, True)


def test_a_rejected_account_stays_shut(sandbox: StripeSandbox) -> None:
    account_id = make_creator(sandbox)
    sandbox.client.v1.accounts.reject(account_id, {"reason": "fraud"})
    account = get(sandbox, account_id)
    assert (flags(account), why(account)) == ((True, False, False), "rejected.fraud")
    with pytest.raises(stripe.InvalidRequestError, match="must be one of"):
        sandbox.client.v1.accounts.reject(account_id, {"reason": "mood"})


def test_a_changed_bank_account_is_told(sandbox: StripeSandbox, connect_shop: Receiver) -> None:
    """PAY-3: the cool-off after a change of destination needs to hear of it."""
    account_id = make_creator(sandbox)
    before = get(sandbox, account_id).external_accounts
    assert before is not None
    sandbox.wait()
    connect_shop.clear()
    sandbox.change_bank(account_id, "000111111113")
    listed = sandbox.client.v1.accounts.external_accounts.list(account_id, {"object": "bank_account"}).data
    assert [bank.last4 for bank in listed] == ["1113"]
    assert listed[0].id != before.data[0].id
    fingerprint = listed[0].fingerprint if isinstance(listed[0], stripe.BankAccount) else None
    assert fingerprint not in {None, before.data[0].fingerprint}
    sandbox.wait()
    assert connect_shop.types == [
        "account.external_account.created",
        "account.external_account.updated",
        "account.external_account.deleted",
        "account.updated",
    ]
    with pytest.raises(stripe.InvalidRequestError) as gone:
        sandbox.client.v1.accounts.external_accounts.retrieve(account_id, before.data[0].id)
    assert gone.value.code == "resource_missing"
    assert sandbox.client.v1.accounts.external_accounts.retrieve(account_id, listed[0].id).id == listed[0].id


def test_the_platform_may_not_set_what_stripe_collects(sandbox: StripeSandbox) -> None:
    account_id = make_creator(sandbox)
    with pytest.raises(stripe.PermissionError):
        sandbox.client.v1.accounts.update(account_id, {"individual": {"first_name": "Eve"}})
    changed = sandbox.client.v1.accounts.update(account_id, {"email": "new@digis.test", "metadata": {"tier": "gold"}})
    assert (changed.email, dict(changed.metadata or {})) == ("new@digis.test", {"person": "cora", "tier": "gold"})


def test_accounts_are_listed_without_the_platform(sandbox: StripeSandbox) -> None:
    accounts = sandbox.client.v1.accounts
    made = [make_account(sandbox) for _ in range(3)]
    own = accounts.retrieve_current().id
    first = accounts.list({"limit": 2})
    assert ([a.id for a in first.data], first.has_more) == ([made[2], made[1]], True)
    assert [a.id for a in accounts.list({"starting_after": made[1]}).data] == [made[0]]
    assert own not in made
    capabilities = accounts.capabilities
    assert [c.id for c in capabilities.list(made[0]).data] == ["transfers"]
    assert capabilities.retrieve(made[0], "transfers").status == "inactive"


def test_an_account_asks_about_itself_only(sandbox: StripeSandbox) -> None:
    first, second = make_creator(sandbox), make_creator(sandbox)
    accounts = sandbox.client.v1.accounts
    assert accounts.retrieve_current({}, {"stripe_account": first}).id == first
    assert accounts.retrieve(first, {}, {"stripe_account": first}).id == first
    for attempt in (
        lambda: accounts.retrieve(second, {}, {"stripe_account": first}),
        lambda: accounts.retrieve("acct_nobody"),
        lambda: sandbox.client.v1.balance.retrieve({}, {"stripe_account": "acct_nobody"}),
    ):
        with pytest.raises(stripe.PermissionError) as refused:
            attempt()
        assert refused.value.error is not None
        assert refused.value.error.code == "account_invalid"  # the SDK drops the code of a 403 itself


def test_a_person_can_part_from_the_platform(sandbox: StripeSandbox, connect_shop: Receiver) -> None:
    account_id = make_creator(sandbox, funds=700)
    sandbox.deauthorize(account_id)
    sandbox.wait()
    event = connect_shop.letters[-1].event
    assert (event["type"], event["account"]) == ("account.application.deauthorized", account_id)
    assert (event["data"]["object"]["object"], event["data"]["object"]["name"]) == ("application", "Digis")
    for attempt in (lambda: get(sandbox, account_id), lambda: available(sandbox, account_id)):
        with pytest.raises(stripe.PermissionError):
            attempt()
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        transfer(sandbox, account_id, 1)


def test_only_an_empty_account_is_deleted(sandbox: StripeSandbox) -> None:
    rich, empty = make_creator(sandbox, funds=10), make_creator(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="has a balance"):
        sandbox.client.v1.accounts.delete(rich)
    assert sandbox.client.v1.accounts.delete(empty).deleted is True
    assert [a.id for a in sandbox.client.v1.accounts.list().data] == [rich]


def test_the_payout_schedule_can_be_set_by_balance_settings(sandbox: StripeSandbox) -> None:
    account_id = make_creator(sandbox, settings={})
    settings, inside = sandbox.client.v1.balance_settings, {"stripe_account": account_id}
    before = settings.retrieve({}, inside).payments.payouts
    assert before is not None
    assert before.schedule is not None
    assert before.schedule.interval == "daily"
    changed = settings.update({"payments": {"payouts": {"schedule": {"interval": "manual"}}}}, inside).payments.payouts
    assert changed is not None
    assert changed.schedule is not None
    assert (changed.schedule.interval, changed.status) == ("manual", "enabled")


# — links —


def link_params(account: str, **changes: str) -> dict:
    return {
        "account": account,
        "type": "account_onboarding",
        "refresh_url": "http://127.0.0.1:8000/refresh/",
        "return_url": "http://127.0.0.1:8000/return/",
        **changes,
    }


def test_an_account_link_lives_for_five_minutes(sandbox: StripeSandbox) -> None:
    account_id = make_account(sandbox)
    link = sandbox.client.v1.account_links.create(link_params(account_id))
    assert link.expires_at - link.created == 300
    assert link.url.startswith(f"{sandbox.url}/setup/e/{account_id}/")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"return_url": ""}, "parameter_missing"), ({"refresh_url": "javascript:alert(1)"}, "url_invalid")],
)
def test_an_account_link_needs_addresses_to_go_back_to(sandbox: StripeSandbox, change: dict, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.account_links.create(link_params(make_account(sandbox), **change))
    assert refused.value.code == code


def test_an_account_link_does_not_update_what_stripe_collects(sandbox: StripeSandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="account_update"):
        sandbox.client.v1.account_links.create(link_params(make_account(sandbox), type="account_update"))


def test_a_login_link_needs_a_completed_onboarding(sandbox: StripeSandbox) -> None:
    account_id = make_account(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="not completed onboarding"):
        sandbox.client.v1.accounts.login_links.create(account_id)
    sandbox.onboard(account_id)
    assert sandbox.client.v1.accounts.login_links.create(account_id).url.startswith(f"{sandbox.url}/express/login/")
