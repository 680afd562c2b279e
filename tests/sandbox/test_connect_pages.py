"""The hosted pages of Connect, as plain forms: onboarding behind an account link, Express behind a login link."""

import httpx
import pytest

from tests.sandbox.make import available, make_account, make_creator, pay_out
from tests.sandbox.test_hosted_page import parse
from tests.stripe_sandbox import StripeSandbox

BACK = "http://127.0.0.1:8000/studio/payouts/return/"
AGAIN = "http://127.0.0.1:8000/studio/payouts/again/"
PERSON = {
    "first_name": "Cora",
    "last_name": "Creates",
    "dob_month": "1",
    "dob_day": "31",
    "dob_year": "1990",
    "routing": "110000000",
    "number": "000123456789",
    "ending": "approved",
    "act": "submit",
}


def account_link(sandbox: StripeSandbox, account: str) -> str:
    return sandbox.client.v1.account_links.create(
        {"account": account, "type": "account_onboarding", "refresh_url": AGAIN, "return_url": BACK}
    ).url


def follow(sandbox: StripeSandbox, url: str) -> str:
    """Use a link up and return the page that it opens."""
    answer = httpx.get(url)
    assert answer.status_code == 303
    return f"{sandbox.url}{answer.headers['Location']}"


def onboarding(sandbox: StripeSandbox, account: str) -> str:
    return follow(sandbox, account_link(sandbox, account))


def express(sandbox: StripeSandbox, account: str) -> str:
    return follow(sandbox, sandbox.client.v1.accounts.login_links.create(account).url)


def test_a_person_is_onboarded(sandbox: StripeSandbox) -> None:
    account = make_account(sandbox)
    page_url = onboarding(sandbox, account)
    shown = httpx.get(page_url)
    page = parse(shown.text)
    assert list(page.fields) == [
        "first_name",
        "last_name",
        "dob_month",
        "dob_day",
        "dob_year",
        "routing",
        "number",
        "ending",
    ]
    for piece in ("Get paid by Digis", "Stand-in for Stripe Connect:</strong> no real money", "cora@digis.test"):
        assert piece in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8000;" in policy
    answer = httpx.post(page_url, data=PERSON)
    assert (answer.status_code, answer.headers["Location"]) == (303, BACK)
    found = sandbox.client.v1.accounts.retrieve(account)
    assert (found.details_submitted, found.payouts_enabled, found.business_type) == (True, True, "individual")
    banks = sandbox.client.v1.accounts.external_accounts.list(account).data
    assert getattr(banks[0], "account_holder_name", None) == "Cora Creates"
    assert "You are all set" in httpx.get(page_url).text


def test_a_link_lets_in_once(sandbox: StripeSandbox) -> None:
    url = account_link(sandbox, make_account(sandbox))
    assert httpx.get(url).headers["Location"].startswith("/setup/s/")
    assert httpx.get(url).headers["Location"] == AGAIN
    late = account_link(sandbox, make_account(sandbox))
    sandbox.advance(301)
    assert httpx.get(late).headers["Location"] == AGAIN
    assert httpx.get(f"{sandbox.url}/setup/e/acct_1/nobody").status_code == 404


def test_a_visit_ends_after_an_hour(sandbox: StripeSandbox) -> None:
    account = make_account(sandbox)
    page_url = onboarding(sandbox, account)
    sandbox.advance(3_601)
    assert httpx.get(page_url).headers["Location"] == AGAIN
    assert httpx.post(page_url, data=PERSON).headers["Location"] == AGAIN
    assert sandbox.client.v1.accounts.retrieve(account).details_submitted is False
    assert httpx.get(f"{sandbox.url}/setup/s/nothing").status_code == 404


def test_a_person_may_finish_later(sandbox: StripeSandbox) -> None:
    account = make_account(sandbox)
    answer = httpx.post(onboarding(sandbox, account), data={"act": "later"})
    assert answer.headers["Location"] == BACK
    assert sandbox.client.v1.accounts.retrieve(account).details_submitted is False


@pytest.mark.parametrize(
    ("ending", "status", "title"),
    [("pending", "pending", "Your details are being checked"), ("document", "inactive", "Identity document")],
)
def test_a_person_chooses_how_the_check_ends(sandbox: StripeSandbox, ending: str, status: str, title: str) -> None:
    account = make_account(sandbox)
    page_url = onboarding(sandbox, account)
    httpx.post(page_url, data={**PERSON, "ending": ending})
    capabilities = sandbox.client.v1.accounts.retrieve(account).capabilities
    assert capabilities is not None
    assert capabilities.transfers == status
    again = httpx.get(onboarding(sandbox, account)).text
    parse(again)
    assert title in again


def test_only_what_is_missing_is_asked_for(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    sandbox.demand(account, "individual.id_number", "individual.verification.document")
    page_url = onboarding(sandbox, account)
    page = parse(httpx.get(page_url).text)
    assert list(page.fields) == ["individual-id_number", "ending"]
    answer = httpx.post(page_url, data={"ending": "approved"})
    assert answer.status_code == 422
    assert "Enter this: id number." in answer.text
    httpx.post(page_url, data={"individual-id_number": "000000000", "ending": "approved"})
    assert sandbox.client.v1.accounts.retrieve(account).payouts_enabled is True


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"first_name": " "}, "first_name", "Enter your first name."),
        ({"dob_day": "31", "dob_month": "2"}, "dob_month", "This day does not exist."),
        ({"dob_year": "x"}, "dob_year", "in numbers"),
        ({"dob_year": "1800"}, "dob_year", "Check the year"),
        ({"dob_year": "2015"}, "dob_year", "18 or older"),
        ({"routing": "021000021"}, "routing", "Only the test bank works here"),
        ({"number": "12345678"}, "number", "Only test accounts work here"),
        ({"number": ""}, "number", "Enter the account number."),
    ],
)
def test_a_mistake_is_named_at_its_field(
    sandbox: StripeSandbox, changes: dict[str, str], field: str, message: str
) -> None:
    account = make_account(sandbox)
    answer = httpx.post(onboarding(sandbox, account), data={**PERSON, **changes})
    assert answer.status_code == 422
    page = parse(answer.text)
    assert [name for name, given in page.fields.items() if given.get("aria-invalid")] == [field]
    assert page.fields["last_name"]["value"] == "Creates"
    assert message in answer.text
    assert "Problem: " in answer.text
    assert sandbox.client.v1.accounts.retrieve(account).details_submitted is False


def test_what_a_person_types_cannot_become_markup(sandbox: StripeSandbox) -> None:
    page_url = onboarding(sandbox, make_account(sandbox))
    answer = httpx.post(page_url, data={**PERSON, "first_name": '"><script>', "number": ""})
    parse(answer.text)
    assert "<script" not in answer.text


def test_a_test_account_is_filled_in_by_a_link(sandbox: StripeSandbox) -> None:
    page_url = onboarding(sandbox, make_account(sandbox))
    page = parse(httpx.get(page_url, params={"bank": "000111111113"}).text)
    assert (page.fields["routing"]["value"], page.fields["number"]["value"]) == ("110000000", "000111111113")


def test_a_country_writes_banks_its_own_way(sandbox: StripeSandbox) -> None:
    account = make_account(sandbox, country="DE")
    page_url = onboarding(sandbox, account)
    shown = httpx.get(page_url).text
    assert "IBAN" in shown
    assert "routing" not in parse(shown).fields
    httpx.post(page_url, data={**PERSON, "number": "de89 3704 0044 0532 0130 00"})
    assert sandbox.client.v1.accounts.retrieve(account).payouts_enabled is True


# — Express —


def test_express_shows_balance_and_payouts(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=12_345)
    payout = pay_out(sandbox, account, 2_345)
    page = httpx.get(express(sandbox, account)).text
    parse(page)
    for piece in ("$100.00", "$23.45", "On its way", "STRIPE TEST BANK, ending in 6789"):
        assert piece in page
    sandbox.fail_payout(payout.id)
    page = httpx.get(express(sandbox, account)).text
    for piece in ("Refused", "The bank account has been closed.", "Payouts are paused."):
        assert piece in page


def test_express_changes_the_bank_account(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    home = express(sandbox, account)
    wrong = httpx.post(home, data={"routing": "110000000", "number": "1"})
    assert wrong.status_code == 422
    parse(wrong.text)
    answer = httpx.post(home, data={"routing": "110000000", "number": "000222222227"})
    assert answer.status_code == 303
    assert [b.last4 for b in sandbox.client.v1.accounts.external_accounts.list(account).data] == ["2227"]
    assert len(sandbox.events("account.external_account.updated")) == 1


def test_a_login_link_lets_in_once(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    url = sandbox.client.v1.accounts.login_links.create(account).url
    assert httpx.get(url).status_code == 303
    assert httpx.get(url).status_code == 410
    home = express(sandbox, account)
    sandbox.advance(3_601)
    assert httpx.get(home).status_code == 410


def test_a_tester_acts_as_the_bank(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=900)
    home = express(sandbox, account)
    first, second = pay_out(sandbox, account, 300), pay_out(sandbox, account, 600)
    assert httpx.post(home, data={"payout": first.id, "act": "pay"}).status_code == 303
    assert httpx.post(home, data={"payout": second.id, "act": "refuse"}).status_code == 303
    states = sandbox.client.v1.payouts.list({}, {"stripe_account": account}).data
    assert [(p.status, p.failure_code) for p in states] == [("failed", "account_closed"), ("paid", None)]
    assert available(sandbox, account) == 600
    again = httpx.post(home, data={"payout": second.id, "act": "pay"})
    assert (again.status_code, "cannot be paid" in again.text) == (400, True)


def test_express_does_not_act_on_the_payouts_of_others(sandbox: StripeSandbox) -> None:
    mine, other = make_creator(sandbox), make_creator(sandbox, funds=900)
    payout = pay_out(sandbox, other, 300)
    answer = httpx.post(express(sandbox, mine), data={"payout": payout.id, "act": "pay"})
    assert answer.status_code == 404
