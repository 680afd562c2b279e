"""Staff's pages of money in a browser: what there is to read and to fill in fits a phone, in both themes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from djstripe.models import Event
from playwright.sync_api import Browser, expect

from digis.core import clock
from digis.core.models import OutboxEntry
from economy import services
from economy.models import Adjustment, Dispute, ExchangeRate, Finding, PackPrice, SaleReview
from economy.selectors import list_packs
from tests import make
from tests.access.looking import SIDEWAYS, STILL
from tests.chromium import DESKTOP, PHONE
from tests.economy.money_pages import keep_rate
from tests.look.rooms import Room, room

pytestmark = pytest.mark.django_db
UNBROKEN = "evt_" + "1PxYz0AbCdEfGh" * 8  # nothing to break it at
# What a panel with round corners cuts off at its end: fields, and words that ought to have been broken.
CUT = """() => [...document.querySelectorAll(".module, .staff-decide form")].flatMap((panel) => {
  const end = panel.getBoundingClientRect().right;
  return [...panel.querySelectorAll("input, select, textarea, .readonly, .help, ul")]
    .filter((e) => e.offsetParent && e.getBoundingClientRect().right > end)
    .map((e) => `${e.tagName.toLowerCase()} ${e.name || e.className} is cut off`);
})"""
FORMS = ("feerule", "exchangerate", "packprice", "adjustment")
LISTS = ("salereview", "stripeevent", "dispute", "finding", *FORMS)


@pytest.fixture
def desk(browser: Browser) -> Iterator[Room]:
    client = make.sign_in_staff(Client(), make.make_staff("cashier", is_superuser=True))
    with room(browser, client) as here:
        yield here


@pytest.fixture
def rows() -> dict[str, Any]:
    """One of each, open, with the longest that may stand in it."""
    fan = make.make_person("a.rather.long.handle.of.thirty", display_name="Maximiliana of the Long Name")
    creator, asker = make.make_creator("creator"), make.make_staff("asker")
    bought = make.buy_tokens(fan, 2_000)
    services.send_tip(payer=fan, payee=creator, amount=1_900, key="tip")
    services.screen_sales()
    now = clock.now()
    thing = {"id": "pi_" + UNBROKEN, "object": "payment_intent", "metadata": {"note": UNBROKEN}}
    Event.objects.create(id=UNBROKEN[:100], type="payment_intent.succeeded", data={"object": thing}, livemode=False,
                         created=now, api_version="2025-06-30.basil", stripe_data={})  # fmt: skip
    OutboxEntry.objects.create(kind="economy.stripe_event", key=UNBROKEN[:100], payload={}, last_error=UNBROKEN)
    keep_rate("EUR", 862_801)
    return {
        "salereview": SaleReview.objects.get(),
        "stripeevent": Event.objects.get(),
        "dispute": Dispute.objects.create(
            stripe_id=f"dp_{UNBROKEN}", purchase=bought, status="needs_response", reason="fraudulent",
            amount_minor=10_000, currency="USD", opened_at=now, due_at=now + timedelta(days=7),
        ),
        "finding": Finding.objects.create(
            key=f"amount_differs:{UNBROKEN}", kind="amount_differs", subject=UNBROKEN, related_id=UNBROKEN,
            stripe_says=UNBROKEN, we_say="2,500 USD", stripe_minor=100, our_minor=2_500, currency="USD",
        ),
        "feerule": services.save_fee_rule(
            staff=asker, kind="tip", creator=creator, fee_bp=1_250, starts_at=now + timedelta(days=3),
            reason="A reason that goes on for a while, as reasons of staff sometimes do. " * 4,
        ),
        "exchangerate": ExchangeRate.objects.get(),
        "packprice": PackPrice.objects.create(pack=list_packs().first(), currency="EUR", amount_minor=1_000),
        "adjustment": Adjustment.objects.create(
            kind="credit_creator", person=creator, tokens=5, reason=UNBROKEN, requested_by=asker, key="x"
        ),
    }  # fmt: skip


def pages_of(rows: dict[str, Any]) -> list[str]:
    """Return the addresses: lists, a row of each, and the forms."""
    lists = [reverse(f"admin:economy_{name}_changelist") for name in LISTS]
    opened = [reverse(f"admin:economy_{name}_change", args=[row.pk]) for name, row in rows.items()]
    return [*lists, *opened, *(reverse(f"admin:economy_{name}_add") for name in FORMS)]


def look(here: Room, name: str) -> list[str]:
    """Return what stands out of the window, in either theme and size; keep a picture where somebody asked for them."""
    found = []
    for size, dark in product((PHONE, DESKTOP), (False, True)):
        here.dress(size, dark=dark)
        here.page.evaluate(STILL)
        out = here.page.evaluate(SIDEWAYS) + here.page.evaluate(CUT)
        found += [f"{name} at {size['width']}: {what}" for what in out]
        if shots := os.environ.get("DIGIS_SHOTS"):
            theme = "dark" if dark else "light"
            here.page.screenshot(path=Path(shots) / f"{name}-{size['width']}-{theme}.png", full_page=True)
    return found


def test_nothing_of_the_pages_of_money_stands_out_of_the_screen(desk: Room, rows: dict[str, Any]):
    assert rows["stripeevent"].pk
    found = []
    for path in pages_of(rows):
        desk.show(path)
        found += look(desk, "-".join(path.strip("/").split("/")[2:4]))
    assert not found, "\n".join(found)


def test_what_is_refused_in_a_form_fits_a_phone_too(desk: Room):
    found = []
    for name in FORMS:
        desk.show(reverse(f"admin:economy_{name}_add"))
        desk.page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
        desk.page.locator("input[name=_save]").click()
        expect(desk.page.locator(".errorlist").first).to_be_visible()
        found += look(desk, f"{name}-refused")
    assert not found, "\n".join(found)
