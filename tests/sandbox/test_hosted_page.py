import re
from html.parser import HTMLParser

import httpx
import pytest

from tests.sandbox.make import CANCEL, PAID_SEQUENCE, make_session
from tests.stripe_sandbox import StripeSandbox


class Strict(HTMLParser):
    """Collects ids, references and anything that a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.fields: dict[str, dict[str, str | None]] = {}
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag != "script"
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        self.ids += [given["id"] or ""] if "id" in given else []
        self.refers += (given.get("aria-describedby") or "").split() + (given.get("for") or "").split()
        if tag in {"input", "select"}:
            self.fields[given["name"] or ""] = given
        if tag not in {"meta", "link", "input", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parse(html: str) -> Strict:
    page = Strict()
    page.feed(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.refers) <= set(page.ids)
    return page


def test_it_shows_who_is_paid_for_what_and_how_much(sandbox: StripeSandbox) -> None:
    session = make_session(
        sandbox,
        1999,
        line_items=[
            {
                "price_data": {"currency": "usd", "unit_amount": 1999, "product_data": {"name": "400 <tokens>"}},
                "quantity": 2,
            }
        ],
    )
    answer = httpx.get(session.url or "")
    assert answer.status_code == 200
    page = parse(answer.text)
    for piece in (
        "Stand-in for Stripe Checkout:</strong> no real money",
        "Pay Digis",
        "400 &lt;tokens&gt;",
        "2 × $19.99",
        "$39.98",
        f'href="{CANCEL}"',
    ):
        assert piece in answer.text
    assert list(page.fields) == ["email", "card_number", "card_expiry", "card_cvc", "card_name", "country"]
    assert page.fields["card_number"]["autocomplete"] == "cc-number"


def test_its_policy_allows_no_script_and_only_the_merchants_addresses(sandbox: StripeSandbox) -> None:
    policy = httpx.get(make_session(sandbox).url or "").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8000;" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_mistakes_are_named_beside_their_fields_and_nothing_is_tried(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    answer = sandbox.submit_card(
        session.url or "",
        "4242 4242 4242 4241",
        email="fan",
        card_expiry="01 / 20",
        card_cvc="1",
        card_name=" ",
        country="",
    )
    assert answer.status_code == 422
    page = parse(answer.text)
    assert {name for name, given in page.fields.items() if given.get("aria-invalid")} == set(page.fields)
    assert page.fields["email"]["value"] == "fan"
    assert "autofocus" in page.fields["email"]
    assert "The card number is invalid." in answer.text
    assert "The expiry date is in the past." in answer.text
    assert sandbox.events() == []


@pytest.mark.parametrize("expiry", ["12/34", "12 / 34", "1234", "12/2034", "12-34"])
def test_an_expiry_is_understood_however_it_is_written(sandbox: StripeSandbox, expiry: str) -> None:
    session = make_session(sandbox)
    assert sandbox.submit_card(session.url or "", card_expiry=expiry).status_code == 303


@pytest.mark.parametrize(
    ("card", "sentence", "code", "decline"),
    [
        ("4000000000000002", "Your card was declined.", "card_declined", "generic_decline"),
        ("4000000000009995", "Your card has insufficient funds.", "card_declined", "insufficient_funds"),
        ("4000000000000069", "Your card has expired.", "expired_card", None),
        ("4000000000000127", "security code is incorrect.", "incorrect_cvc", None),
        ("4929000000006", "used a non test card.", "card_declined", "test_mode_live_card"),
    ],
)
def test_a_declined_card_leaves_the_checkout_open_for_another(
    sandbox: StripeSandbox, card: str, sentence: str, code: str, decline: str | None
) -> None:
    session = make_session(sandbox)
    refused = sandbox.submit_card(session.url or "", card)
    assert refused.status_code == 402
    parse(refused.text)
    assert sentence in refused.text
    assert "Nothing was charged." in refused.text
    seen = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert seen.status == "open"
    error = seen.payment_intent.last_payment_error
    assert (error.code, getattr(error, "decline_code", None)) == (code, decline)
    assert sandbox.submit_card(session.url or "").status_code == 303
    assert [e["type"] for e in sandbox.events()] == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        *PAID_SEQUENCE[1:],
    ]
    statuses = [c.status for c in sandbox.client.v1.charges.list({"payment_intent": seen.payment_intent.id}).data]
    assert statuses == ["succeeded", "failed"]


@pytest.mark.parametrize("card", ["4000002760003184", "4000002500003155"])
def test_the_banks_challenge_can_be_completed(sandbox: StripeSandbox, card: str) -> None:
    session = make_session(sandbox)
    asked = sandbox.submit_card(session.url or "", card)
    assert asked.status_code == 303
    challenge = httpx.get(sandbox.url + asked.headers["Location"])
    parse(challenge.text)
    assert "Is this payment yours?" in challenge.text
    intent = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    assert intent.status == "requires_action"
    answer = sandbox.answer_bank(session.url or "", "complete")
    assert answer.headers["Location"].endswith(session.id)
    assert [e["type"] for e in sandbox.events()] == [
        "payment_intent.created",
        "payment_intent.requires_action",
        *PAID_SEQUENCE[1:],
    ]
    charge = sandbox.client.v1.charges.list({"limit": 1}).data[0]
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_a_failed_challenge_leads_back_to_another_try(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.submit_card(session.url or "", "4000002760003184")
    back = sandbox.answer_bank(session.url or "", "fail")
    assert back.status_code == 303
    page = httpx.get(sandbox.url + back.headers["Location"])
    assert "We are unable to authenticate your payment method." in page.text
    assert sandbox.client.v1.charges.list().data == []
    assert sandbox.submit_card(session.url or "").status_code == 303
    assert (
        sandbox.events()[2]["data"]["object"]["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    )


def test_a_person_may_turn_from_the_challenge_to_another_card(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.submit_card(session.url or "", "4000002760003184")
    assert sandbox.submit_card(session.url or "").status_code == 303
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_completed_checkout_leads_on_and_charges_once(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    page = session.url or ""
    sandbox.submit_card(page)
    for answer in (sandbox.submit_card(page), httpx.get(page), sandbox.answer_bank(page, "complete")):
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(session.id)
    assert len(sandbox.client.v1.charges.list().data) == 1


def test_an_overdue_checkout_says_so(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.advance(24 * 3600 + 5)
    answer = httpx.get(session.url or "")
    assert answer.status_code == 410
    assert "This page has expired" in answer.text
    assert "you were not charged" in answer.text
    parse(answer.text)


def test_an_unknown_checkout_says_so(sandbox: StripeSandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/c/pay/cs_test_none")
    assert answer.status_code == 404
    parse(answer.text)


def test_an_email_that_the_merchant_knows_is_not_asked_for(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox, customer_email="fan@digis.test")
    page = parse(httpx.get(session.url or "").text)
    assert "email" not in page.fields
    sandbox.submit_card(session.url or "", email="somebody@else.test")
    details = sandbox.client.v1.checkout.sessions.retrieve(session.id).customer_details
    assert details.email == "fan@digis.test"


def test_a_test_card_can_be_chosen_without_typing(sandbox: StripeSandbox) -> None:
    url = make_session(sandbox).url or ""
    html = httpx.get(url).text
    assert '<details class="help">' in html
    for number in re.findall(r'href="(\?card=\d+)"', html):
        page = parse(httpx.get(url + number).text)
        assert page.fields["card_number"]["value"]
        assert page.fields["card_cvc"]["value"]


def test_a_receipt_shows_what_was_paid_and_given_back(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    intent = sandbox.pay(session.id)["payment_intent"]
    sandbox.refund(intent, amount=200)
    charge = sandbox.client.v1.charges.list({"payment_intent": intent}).data[0]
    html = httpx.get(charge.receipt_url or "").text
    parse(html)
    assert "$12.00" in html
    assert "$2.00" in html


def test_the_front_page_lists_checkouts_and_webhooks(sandbox: StripeSandbox) -> None:
    sandbox.pay(make_session(sandbox).id)
    html = httpx.get(sandbox.url).text
    parse(html)
    assert "checkout.session.completed" in html
