"""Every form of every page, sent by plain httpx: what is right is taken, what is missing is named and the rest kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from django.conf import settings as live_settings
from django.db import transaction
from django.urls import Resolver404, resolve

from tests import stripe_sandbox
from tests.access import marked
from tests.access.matrix import MATRIX
from tests.access.places import PLACES, Visit
from tests.house.tree import templates
from tests.plain_browser import CHOICES, Form, Press, forms_of, words_of
from tests.stripe_sandbox import CARD_FORM, StripeSandbox

# What a person would write where a page does not say otherwise.
KNOWN = {
    "q": "maker",
    "display_name": "Dev Anand",
    "birth_date": "1990-05-01",
    "password": "eight brown bottles",
    "tokens": "300",
    "to": "reader@example.com",
}
# What a form needs although no single control is required: one of a group, or one of several fields.
NEEDED = {
    "economy/parts/packs.html:1": {"tokens": {"pack": None, "tokens": ""}},
    "accounts/creator/apply.html:1": {"categories": {"categories": None}},
}
NO_PAGES = (
    {
        "api:notifications",
        "notifications:service_worker",
        "calls:meter",
        "core:healthz",
        "core:readyz",
        "core:metrics",
        "core:media",
        "api:schema",
        "api:calls",
    }
    | {
        "economy:history_csv",  # these are files
        "economy:invoice",
        "economy:statement_csv",
        "economy:statement_pdf",
        "economy:studio_invoice",
        "economy:studio_statement_csv",
        "economy:studio_statement_pdf",
    }
    | {
        "api:payouts",
        "api:tokens_balance",
        "api:tokens_packs",
        "api:tokens_transactions",
    }
)
# On every page: each is sent from every page, its answer is looked at closely once.
SHELL = {"components/shell/topbar.html:1", "components/shell/account_menu.html:1", "admin/base.html:1"}
BY_SCRIPT = {
    "discovery/parts/component_forms.html:1",  # samples: they lead nowhere
    "notifications/parts/push.html:2",  # turned on by what a script gets from the browser; hidden without one
}


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeSandbox]:
    with stripe_sandbox.running(tmp_path_factory.mktemp("stripe")) as sandbox:
        yield sandbox


@pytest.fixture
def stripe(running_sandbox: StripeSandbox, settings: Any) -> StripeSandbox:
    settings.STRIPE_API_BASE = settings.SANDBOX_URL = running_sandbox.url
    settings.STRIPE_SECRET_KEY = stripe_sandbox.TEST_KEY
    settings.STRIPE_WEBHOOK_SECRET = stripe_sandbox.WEBHOOK_SECRET
    settings.STRIPE_LIVE_MODE = False
    return running_sandbox


def forget_limits() -> None:
    """Count from nothing again: a walk sends more in a minute than any person."""
    live_settings.LIMITS_PREFIX = f"digis:limit:{uuid4().hex}"


def filled(form: Form, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what a person writes and ticks in a form."""
    given: dict[str, Any] = {}
    for control in form.controls:
        name = control.name
        if control.kind == "hidden":
            continue
        if name in typed:
            given[name] = typed[name]
        elif control.is_writable and not control.value and (control.is_required or name in KNOWN):
            assert name in KNOWN, f"{form}: what is written into {name}?"
            given[name] = KNOWN[name]
        elif control.kind in CHOICES and control.is_required and not any(c.is_ticked for c in form.named(name)):
            given.setdefault(name, control.value)
    return given


def gaps(form: Form) -> dict[str, dict[str, Any]]:
    """Return each way to leave out something needed: the field that is complained about → what is not sent."""
    found: dict[str, dict[str, Any]] = {
        control.name: {control.name: None if control.kind in {*CHOICES, "file"} else ""}
        for control in form.controls
        if control.is_required and control.kind != "hidden"
    }
    return found | {
        name: gap for name, gap in NEEDED.get(form.origin, {}).items() if any(c.name == name for c in form.controls)
    }


class Walk:
    """Opens places, sends their forms, undoes each, and keeps what went wrong."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.sent: dict[str, set[str]] = defaultdict(set)  # template's form → places
        self.routes: set[str] = set()
        self.led: set[tuple[str, Press]] = set()  # what was followed to its end
        self.asked: set[tuple[str, bool]] = set()

    def visit(self, name: str, visit: Visit) -> None:
        page = visit.browser.get(visit.path)
        self.note_route(visit.path)
        if page.status_code != visit.status:
            self.wrong.append(f"{name}: {visit.path} answered {page.status_code}, not {visit.status}")
            return
        for form in forms_of(page):
            if form.origin in BY_SCRIPT or not form.can_be_sent:
                continue
            for press in form.presses or [("", "")]:
                self.once(name, visit, page, form, press, gap=None)
            if form.origin and form.method == "post":
                for complaint in gaps(form):
                    self.once(name, visit, page, form, form.presses[0], gap=complaint)
            self.sent[form.origin].add(name)

    def note_route(self, path: str) -> None:
        try:
            self.routes.add(resolve(urlsplit(path).path).view_name)
        except Resolver404:
            return

    def once(self, name: str, visit: Visit, page: httpx.Response, form: Form, press: Press, *, gap: str | None) -> None:
        """Send a form once and undo what it did."""
        forget_limits()
        restore, point = visit.browser.remember(), transaction.savepoint()
        typed = filled(form, visit.typed)
        try:
            if gap is None:
                self.must_work(name, visit, page, form, press, typed)
            else:
                self.must_complain(name, visit, page, form, press, typed, gap)
        finally:
            transaction.savepoint_rollback(point)
            restore()

    def must_work(
        self, name: str, visit: Visit, page: httpx.Response, form: Form, press: Press, typed: dict[str, Any]
    ) -> None:
        if form.method == "get" and self.was_asked(visit, form, typed):
            return
        answer = visit.browser.submit(page, form, press, **typed)
        right = {200, 302, 303} if visit.path.startswith("/admin/") else {200, 204, 303}
        if answer.status_code not in right:
            self.wrong.append(f"{name}: {form} by {press} answered {answer.status_code}: {errors_in(answer)}")
            return
        if form.origin in SHELL and (form.origin, press) in self.led:
            return
        self.led.add((form.origin, press))
        came = visit.browser.follow(answer)
        if came.status_code != 200 and not came.is_redirect:
            self.wrong.append(f"{name}: {form} by {press} led to {came.request.url}, which answered {came.status_code}")

    def was_asked(self, visit: Visit, form: Form, typed: dict[str, Any]) -> bool:
        """Tell whether the same question was asked before: a GET form's answer does not depend on the page it is on."""
        question = (f"{form.action} {sorted(form.data(**typed).items())}", bool(visit.browser.cookies))
        if form.origin not in SHELL or question not in self.asked:
            self.asked.add(question)
            return False
        return True

    def must_complain(
        self, name: str, visit: Visit, page: httpx.Response, form: Form, press: Press, typed: dict[str, Any], gap: str
    ) -> None:
        given = typed | gaps(form)[gap]
        answer = visit.browser.submit(page, form, press, **given)
        what = f"{name}: {form} without {gap}"
        if answer.status_code != 422:
            self.wrong.append(f"{what} answered {answer.status_code}, not 422")
            return
        returned = sorted(forms_of(answer), key=lambda found: found.action != form.action)  # one template, several acts
        back = next((found for found in returned if found.origin == form.origin and found.named(gap)), None)
        if back is None:
            self.wrong.append(f"{what} came back without the form")
            return
        words = words_of(answer)
        described = {word for control in back.named(gap) for word in control.described_by.split()} | {f"id_{gap}_error"}
        if not any("error" in word and words.get(word) for word in described):
            self.wrong.append(f"{what} does not say so beside the field")
        if not all(control.is_invalid for control in back.named(gap)):
            self.wrong.append(f"{what} does not mark the field as invalid")
        for control in back.controls:
            wanted = form.data(**given).get(control.name)
            if (
                control.is_writable
                and control.kind != "password"
                and isinstance(wanted, str)
                and control.value != wanted
            ):
                self.wrong.append(
                    f"{what} lost what was written into {control.name}: {control.value!r}, not {wanted!r}"
                )


def errors_in(answer: httpx.Response) -> str:
    return "; ".join(text for word, text in words_of(answer).items() if word.endswith("_error"))[:300]


@pytest.fixture
def walk(db: None, settings: Any, stripe: StripeSandbox) -> Walk:
    settings.ROOT_URLCONF = "tests.access.urls"
    settings.TEMPLATES = marked.with_marks(settings.TEMPLATES)
    return Walk()


def test_every_form_of_every_page_is_sent_without_a_script(walk: Walk, clock: Any):
    for name, make_visit in PLACES.items():
        point = transaction.savepoint()
        forget_limits()
        walk.visit(name, make_visit(clock))
        transaction.savepoint_rollback(point)
        clock.reset()
    assert not walk.wrong, "\n".join(walk.wrong)

    every = {form for name, text in templates() for form in marked.forms_in(name, text)}
    assert every - walk.sent.keys() - BY_SCRIPT == set(), "no place of tests/access/places.py shows these forms"
    pages = {
        name for name, row in MATRIX.items() if row.get and 200 in {s for c in row.get.values() for s in spread(c)}
    }
    assert pages - walk.routes - NO_PAGES == set(), "no place of tests/access/places.py is one of these pages"


def spread(cell: int | tuple[int, ...]) -> tuple[int, ...]:
    return cell if isinstance(cell, tuple) else (cell,)


def test_the_hosted_checkout_is_paid_and_answered_without_a_script(stripe: StripeSandbox):
    """Our button leads there; its forms are forms as well."""
    session = stripe.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {"currency": "usd", "unit_amount": 1200, "product_data": {"name": "240 tokens"}},
                    "quantity": 1,
                }
            ],
            "success_url": "http://127.0.0.1:8000/wallet/",
            "cancel_url": "http://127.0.0.1:8000/wallet/buy/",
        }
    )
    seen = set()

    def send(address: str, answer: dict[str, str], press: Press = ("", "")) -> httpx.Response:
        page = httpx.get(address)
        form = next(form for form in forms_of(page) if not press[0] or press in form.presses)
        seen.add(form.action)
        data = form.data(**{n: v for n, v in answer.items() if form.named(n)}) | (
            {press[0]: press[1]} if press[0] else {}
        )
        return httpx.post(str(page.url.join(form.action)), data=data)

    url = session.url or ""
    empty = send(url, {})
    assert empty.status_code == 422
    assert any(control.is_invalid for form in forms_of(empty) for control in form.controls)
    assert send(url, {**CARD_FORM, "card_number": "4000000000000002"}).status_code in {402, 422}
    asked = send(url, {**CARD_FORM, "card_number": "4000002760003184"})
    assert asked.status_code == 303
    bank = str(httpx.URL(url).join(asked.headers["location"]))
    assert send(bank, {}, ("outcome", "fail")).status_code in {303, 402, 422}
    paid = send(url, {**CARD_FORM, "card_number": "4242424242424242"})
    assert paid.status_code == 303
    assert paid.headers["location"].startswith("http://127.0.0.1:8000/wallet/")
    assert len(seen) >= 2
