"""A creator's first payout in real browsers over the running processes: refused by the bank, taken back, asked for again."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from accounts.permissions import CONFIRMED_KEY
from economy.models import LedgerTransaction, Payout
from tests import make
from tests.calls_ui.desk import hear, wait_for
from tests.calls_ui.desk import listen as listen_to
from tests.chromium import DESKTOP, PHONE, browsers, open_page, session_cookie
from tests.economy.payees import places
from tests.stripe_sandbox import connect

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
CLOSED, GOOD = "000111111113", "000123456789"  # Stripe's test bank accounts


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def shoot(page, name):
    """Keep pictures of a page where somebody asked for them."""
    if folder := os.environ.get("DIGIS_SHOTS"):
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.setAttribute('data-theme', `digis-${theme}`)", theme)
            for size, view in (("desktop", DESKTOP), ("phone", PHONE)):
                page.set_viewport_size(view)
                page.screenshot(path=Path(folder) / f"{name}-{size}-{theme}.png", full_page=True)
        page.set_viewport_size(DESKTOP)


def proven(person, url):
    """Return the cookie of somebody who has just shown who they are (ACC-3)."""
    cookie = session_cookie(person, url)
    session = SessionStore(session_key=cookie["value"])
    session[CONFIRMED_KEY] = make.clock.now().isoformat()
    session.save()
    return cookie


def staff_cookies(url):
    """Return the cookies of somebody of finance who showed a second factor."""
    client = make.sign_in_staff(Client(), make.make_staff("cashier", groups=["finance"]))
    name = settings.SESSION_COOKIE_NAME
    return [{"name": name, "value": client.cookies[name].value, "url": url}]


def at_stripe(page, bank, **person):
    """Fill Stripe's page and come back."""
    page.get_by_role("button", name="Go on at Stripe").click()
    page.wait_for_url(re.compile("/setup/"))
    for field, value in {**person, "routing": "110000000", "number": bank}.items():
        page.locator(f"[name={field}]").fill(value)
    page.get_by_role("button", name="Agree and submit").click()
    page.wait_for_url(re.compile("/studio/payouts/$"))


def pay_out(page, desk, stack):
    """Press the button, let staff approve, and return the payout on its way to the bank."""
    page.get_by_role("button", name="Pay out $50.00").click()
    page.wait_for_url(re.compile("/studio/payouts/[0-9a-f-]{36}/"))
    hear(page)
    payout = Payout.objects.latest("id")
    wait_for(lambda: Payout.objects.get(pk=payout.pk).state == "in_review", "staff to be asked", page=page)
    expect(page.locator("main")).to_contain_text("Our staff look at it")
    desk.goto(stack.url + reverse("admin:economy_payout_change", args=[payout.pk]))
    desk.get_by_role("button", name="Approve").click()
    wait_for(lambda: Payout.objects.get(pk=payout.pk).stripe_payout_id, "the bank to be asked", page=page)
    expect(page.locator("main")).to_contain_text("In your account at Stripe, on to your bank")
    return Payout.objects.get(pk=payout.pk)


def test_a_refused_payout_comes_back_once_and_the_next_is_paid(stack, clock):
    """PAY-2, PAY-3, PAY-7: onboarding, review, a bank that refuses, the money back once, and then paid."""
    creator = make.make_creator("cora", display_name="Cora Creates")
    make.earn_available(creator, 1_000)
    sandbox = connect(stack.sandbox_url)
    sandbox.add_funds(1_000_000)
    with browsers(1) as (browser,):
        page = open_page(browser, url=f"{stack.url}/studio/", cookies=[proven(creator, stack.url)])
        desk = open_page(browser, url=f"{stack.url}/admin/", cookies=staff_cookies(stack.url))
        listen_to(page)

        page.locator("main").get_by_role("link", name="Payouts").click()
        shoot(page, "payouts-new")
        page.locator("#blockers").get_by_role("link", name="Give tax details").click()
        page.get_by_label("W-9").check()
        page.get_by_label("Your legal name").fill("Cora Creates")
        page.get_by_label("Country you pay taxes in").select_option("US")
        page.get_by_label("Tax number").fill("123-45-6789")
        page.get_by_label("Under penalties of perjury").check()
        page.get_by_role("button", name="Certify and keep").click()
        page.locator("#blockers").get_by_role("link", name="Set up payouts").click()
        page.get_by_label("Country of your bank account").select_option("US")
        names = {"first_name": "Cora", "last_name": "Creates", "dob_month": "5", "dob_day": "1", "dob_year": "1990"}
        at_stripe(page, CLOSED, **names)
        shoot(page, "payouts-ready")

        refused = pay_out(page, desk, stack)
        for _step in range(2):
            sandbox.step_payout(refused.stripe_payout_id)
        expect(page.locator("main")).to_contain_text("Your bank says that the account is closed.", timeout=20_000)
        shoot(page, "payout-refused")
        page.get_by_role("button", name="Take $50.00 back into my earnings").click()
        expect(page.locator("main")).to_contain_text("Back in your earnings", timeout=20_000)
        for told in ("payout.failed", "transfer.reversed"):
            assert set(sandbox.replay(sandbox.events(told)[-1]["id"], copies=3)) == {200}
        assert places(creator) == (1_000, 0, 0)
        assert LedgerTransaction.objects.filter(kind="payout_returned").count() == 1

        page.goto(f"{stack.url}/studio/payouts/")
        page.locator("#blockers").get_by_role("link", name="Change the bank account").click()
        at_stripe(page, GOOD)
        expect(page.locator("#blockers")).to_contain_text("nothing is paid out for 72 hours")
        shoot(page, "payouts-cooling")
        clock.advance(hours=73)
        sandbox.advance(73 * 3_600)
        page.reload()
        paid = pay_out(page, desk, stack)
        for _step in range(2):
            sandbox.step_payout(paid.stripe_payout_id)
        expect(page.locator("main")).to_contain_text("Taken by your bank", timeout=20_000)
        wait_for(lambda: places(creator) == (0, 0, 1_000), "the ledger to say so", page=page)
        shoot(page, "payout-paid")
        page.goto(f"{stack.url}/studio/earnings/")
        expect(page.locator("main")).to_contain_text("$50.00")
        shoot(page, "earnings")
    assert [payout.state for payout in Payout.objects.order_by("id")] == ["returned", "paid"]
