"""A11Y-1 on the hosted pages: axe finds nothing, at both widths, in both themes; no page scrolls sideways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import DESKTOP, PHONE, browsers
from tests.sandbox.make import make_account, make_session, pay_out
from tests.stripe_sandbox import StripeSandbox

AXE = Path(__file__).parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers() as (one,):
        yield one


def problems_of(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))  # from outside, past the page's policy
    found = page.evaluate("axe.run(document).then(found => found.violations)")
    return [f"{rule['id']} ({rule['impact']}): {node['target']}" for rule in found for node in rule["nodes"]]


def is_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP, {"width": 320, "height": 640}], ids=["390", "1440", "320"])
def test_axe_finds_nothing_on_any_page(
    sandbox: StripeSandbox,
    browser: Browser,
    size: dict[str, int],
    dark: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    context = browser.new_context(
        viewport=size, color_scheme="dark" if dark else "light", java_script_enabled=True, reduced_motion="reduce"
    )
    page = context.new_page()
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(f"{name}: {problem}" for problem in problems_of(page))
        found.extend([f"{name}: scrolls sideways"] * is_wider_than_the_window(page))

    def press(button: str) -> None:
        with page.expect_navigation():  # a page half loaded has no colors of its own yet
            page.click(button)

    session = make_session(sandbox)
    page.goto(session.url or "")
    page.click("summary")
    look("form")
    press("button.pay")
    look("mistakes")
    page.goto(f"{session.url}?card=4000000000000002")
    page.fill("#email", "fan@digis.test")
    press("button.pay")
    look("declined")
    page.goto(f"{session.url}?card=4000002760003184")
    page.fill("#email", "fan@digis.test")
    press("button.pay")
    look("bank")
    press("button[value=fail]")
    look("failed at the bank")
    sandbox.client.v1.checkout.sessions.expire(session.id)
    page.goto(f"{sandbox.url}/c/pay/{session.id}")
    look("expired")
    intent = sandbox.pay(make_session(sandbox, customer_email="fan@digis.test").id)["payment_intent"]
    charge = sandbox.client.v1.charges.list({"payment_intent": intent}).data[0]
    page.goto(charge.receipt_url or "")
    look("receipt")
    account = make_account(sandbox)
    link = {"account": account, "type": "account_onboarding", "refresh_url": sandbox.url, "return_url": sandbox.url}
    page.goto(sandbox.client.v1.account_links.create(link).url)
    press("button[value=submit]")
    page.click("summary")
    look("onboarding with mistakes")
    sandbox.onboard(account, "document")
    page.reload()
    look("a document is asked for")
    sandbox.onboard(account)
    sandbox.add_funds(100, account=account)
    sandbox.fail_payout(pay_out(sandbox, account, 60).id, spoils=False)
    pay_out(sandbox, account, 40)
    page.goto(sandbox.client.v1.accounts.login_links.create(account).url)
    page.click("summary")
    look("express")
    page.goto(sandbox.url)
    look("overview")
    context.close()
    assert found == []


def test_the_keyboard_alone_pays(sandbox: StripeSandbox, browser: Browser) -> None:
    """A11Y-2: every control is reached and used by keys, and the browser needs no script."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    session = make_session(sandbox, customer_email="fan@digis.test")
    page.goto(session.url or "")
    page.focus("#card_number")
    for text in ("4242424242424242", "1234", "123", "Fan Fannes"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_request(lambda request: request.url.endswith(f"?session={session.id}")):
        page.keyboard.press("Enter")
    context.close()
