"""The main job, as two people do it: sign up, buy, call, see and hear, pay by the minute, read the same receipt."""

from __future__ import annotations

import re
import time

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from calls import meter
from calls.models import Call
from digis.core.models import OutboxEntry
from digis.stack.supervisor import Stack
from economy import invariants
from economy.models import Purchase
from economy.selectors import get_balance, get_earnings
from tests.calls import cast
from tests.chromium import browsers, open_page, session_cookie
from tests.stripe_sandbox import StripeSandbox, connect

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

RATE = 30
FRAMES = """async () => {
  const video = document.querySelector('digis-call video[data-remote]');
  return video && !video.hidden ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
}"""


def read_code(page: Page, stack: Stack, address: str) -> str:
    """Read the newest code from the development mailbox, in a browser like anybody who tries Digis out."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        page.goto(f"{stack.url}/dev/mail/?to={address}")
        newest = page.locator("main table a").first
        if newest.count():
            newest.click()
            page.wait_for_load_state()
            found = re.search(r"\b(\d{6})\b", page.locator("main").inner_text())
            if found:
                return found[1]
    raise AssertionError(f"no code reached {address}")


def sign_up_by_code(browser: Browser, stack: Stack, address: str) -> Page:
    """Make an account without a password and enter the code that was mailed."""
    page = open_page(browser, url=f"{stack.url}/")
    page.get_by_role("link", name="Join").first.click()
    page.get_by_label("E-mail", exact=True).fill(address)
    page.get_by_label("Name", exact=True).fill("Dev Anand")
    page.get_by_label("Handle").fill("dev_anand")
    page.get_by_label("Date of birth").fill("1990-05-01")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    mailbox = page.context.new_page()
    code = read_code(mailbox, stack, address)
    mailbox.close()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(welcome/)?$"))
    return page


def pay(page: Page, number: str) -> None:
    """Fill the hosted page and press its button."""
    for field, value in {
        "card_number": number,
        "card_expiry": "12 / 34",
        "card_cvc": "123",
        "card_name": "Dev Anand",
    }.items():
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name=re.compile("^Pay")).click()


def buy_tokens(page: Page, stack: Stack, sandbox: StripeSandbox) -> Purchase:
    """Choose the smallest pack, be declined, pay with another card, come back to a paid purchase."""
    page.locator("label", has=page.locator("input[type=radio]")).first.click()
    page.locator("form:has(input[type=radio]) button.btn-pay").first.click()
    page.wait_for_url(re.compile(re.escape(stack.sandbox_url)))
    pay(page, "4000000000000002")
    expect(page.locator("main")).to_contain_text(re.compile("declined", re.IGNORECASE))
    sandbox.delay(3, "charge.succeeded", times=1)  # one event comes late, after the tokens are there
    pay(page, "4242424242424242")
    page.wait_for_url(re.compile(re.escape(stack.url)))
    purchase = Purchase.objects.get()
    wait_until(lambda: Purchase.objects.get(pk=purchase.pk).status == "paid", "the purchase to be paid")
    return Purchase.objects.get(pk=purchase.pk)


def deliver_again(sandbox: StripeSandbox, person: User, tokens: int) -> None:
    """Deliver the same webhook three times at once, and another event late: nothing is credited twice."""
    before = get_balance(person)
    paid = sandbox.events("payment_intent.succeeded")[-1]
    assert sandbox.replay(paid["id"], copies=3) == [200, 200, 200]
    sandbox.wait()
    wait_until(
        lambda: not OutboxEntry.objects.filter(done_at__isnull=True, parked_at__isnull=True).exists(),
        "the outbox to be empty",
    )
    assert get_balance(person) == before
    assert before.purchased == tokens


def wait_until(is_true, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def call_and_answer(fan_page: Page, creator_page: Page, creator: User, stack: Stack) -> Call:
    """Find the creator by looking around, ring, and let the creator pick up in the tab that happens to be open."""
    fan_page.goto(f"{stack.url}/explore/")
    fan_page.get_by_role("link", name=creator.display_name).first.click()
    fan_page.locator("main").get_by_role("link", name=re.compile(r"^Call (now|Ana)")).first.click()
    fan_page.get_by_role("button", name=re.compile(f"Call {creator.display_name}")).click()
    fan_page.wait_for_url(re.compile("/calls/ring/"))
    sheet = creator_page.get_by_role("alertdialog")
    expect(sheet).to_be_visible(timeout=15_000)
    sheet.get_by_role("button", name="Pick up", exact=True).click()
    for page in (fan_page, creator_page):
        page.wait_for_url(re.compile(r"/calls/[0-9a-f-]{36}/$"), timeout=20_000)
    return Call.objects.get()


def test_a_fan_signs_up_buys_tokens_calls_and_both_read_the_same_receipt(stack: Stack, clock):
    """LEDGER-5, LEDGER-6, CALL-1 to CALL-5: the whole journey in two browsers, to the token."""
    creator = cast.make_creator("ana", video=RATE)
    sandbox = connect(stack.sandbox_url)
    with browsers(2, media=True) as (left, right):
        creator_page = open_page(right, url=f"{stack.url}/studio/", cookies=[session_cookie(creator, stack.url)])
        fan_page = sign_up_by_code(left, stack, "dev@example.com")
        fan = User.objects.get(email="dev@example.com")
        assert fan.is_email_verified

        fan_page.goto(f"{stack.url}{reverse('economy:wallet')}")
        purchase = buy_tokens(fan_page, stack, sandbox)
        deliver_again(sandbox, fan, purchase.tokens)

        call = call_and_answer(fan_page, creator_page, creator, stack)
        for page in (fan_page, creator_page):
            page.wait_for_function(f"({FRAMES})().then(frames => frames > 10)", timeout=40_000)
        while Call.objects.get(pk=call.pk).seconds < 75:  # each beat covers a stretch below the gap of 15 s
            seen = Call.objects.get(pk=call.pk).seconds
            clock.advance(seconds=4)
            wait_until(lambda seen=seen: Call.objects.get(pk=call.pk).seconds > seen, "the meter to move")
        fan_page.get_by_role("button", name="End call").click()
        for page in (fan_page, creator_page):
            page.wait_for_url(re.compile("/summary/"), timeout=20_000)

        ended = Call.objects.get(pk=call.pk)
        charged = meter.charge_for(ended.billed_seconds, meter.Terms((meter.Step(0, RATE),)))
        assert ended.billed_seconds >= 75
        assert ended.charged_tokens == charged == ended.billed_seconds * RATE // 60
        fee = charged * 2_000 // 10_000
        assert (ended.fee_tokens, ended.earned_tokens) == (fee, charged - fee)
        assert get_balance(fan).spendable == purchase.tokens + purchase.bonus_tokens - charged
        assert get_balance(fan).held == 0
        assert get_earnings(creator).pending == charged - fee
        for page in (fan_page, creator_page):
            words = page.locator("main").inner_text()
            assert ended.number in words
            assert re.search(rf"\b{charged}\b", words), "both receipts name the same total"
    assert invariants.broken() == []
    assert stack.manage("check_ledger")  # it raises when the command fails
