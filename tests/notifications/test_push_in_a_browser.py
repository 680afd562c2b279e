"""One walk in a real browser: push turned on by a button, shown by the real worker, and the page without a network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from digis.core import clock as core_clock
from digis.sandbox.push import PushService
from notifications import push
from notifications.kinds import Text
from tests import chromium
from tests.notifications import cast

pytestmark = [pytest.mark.django_db(transaction=True)]

# The browser's own push service lies on the internet: its part is taken by the stand-in. All the rest is real.
STAND_IN = """
(info) => {
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    const key = new Uint8Array(options.applicationServerKey);
    window.subscribedWith = btoa(String.fromCharCode(...key)).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
    return { toJSON: () => info };
  };
}
"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""
KEPT = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
  return paths.sort();
}"""


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    service = PushService().start()
    settings.PUSH_SANDBOX_URL = service.url
    yield service
    service.stop()


class Worker:
    """The service worker of a page, woken as a push service would wake it."""

    def __init__(self, page: Any, origin: str) -> None:
        self._page, self._origin, self._registrations = page, origin, {}
        self._tools = page.context.new_cdp_session(page)
        self._tools.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._tools.send("ServiceWorker.enable")

    def _note(self, event: Any) -> None:
        for found in event["registrations"]:
            self._registrations[found["scopeURL"]] = found["registrationId"]

    def push(self, text: str) -> list[dict[str, Any]]:
        self._page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
        name = self._registrations[f"{self._origin}/"]
        before = self._page.evaluate(SHOWN)
        self._tools.send(
            "ServiceWorker.deliverPushMessage", {"origin": self._origin, "registrationId": name, "data": text}
        )
        for _ in range(50):
            shown = self._page.evaluate(SHOWN)
            if shown != before:
                return shown
            self._page.wait_for_timeout(40)
        return before


def test_push_is_asked_for_shown_and_gone_when_late(live_server: Any, service: PushService):
    """NOT-1, NOT-4, PWA-1."""
    ana = cast.listener("ana", "push")
    with chromium.browsers(1) as (browser,):
        context = browser.new_context(viewport=chromium.PHONE)
        context.add_cookies([chromium.session_cookie(ana, live_server.url)])
        page = context.new_page()
        told: list[str] = []
        page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)

        context.grant_permissions([], origin=live_server.url)  # a browser that was told no
        page.goto(f"{live_server.url}/settings/notifications/")
        assert page.evaluate("Notification.permission") == "denied"
        assert page.get_by_text("You told this browser not to show notifications").is_visible()
        assert page.get_by_role("button", name="Turn on in this browser").is_hidden()

        context.grant_permissions(["notifications"], origin=live_server.url)
        page.reload()
        assert page.get_by_text("You told this browser").is_hidden()
        made = service.subscribe(push.public_key())
        page.evaluate(STAND_IN, made.info())
        with page.expect_navigation():
            page.get_by_role("button", name="Turn on in this browser").click()
        assert page.get_by_text("Push is on in this browser.").is_visible()
        assert page.locator("#push-switch").get_by_text("This one").is_visible()
        assert page.get_by_role("button", name="Turn on in this browser").count() == 0

        # What the push service got, opened, is what the real worker shows.
        worker = Worker(page, live_server.url)
        cast.follow(ana, "ben")
        cast.run()
        assert service.refusals == []
        shown = worker.push(made.taken[-1].text)
        assert [line["title"] for line in shown] == ["Ben follows you"]
        assert shown[0]["data"]["url"].startswith("/notifications/")

        ring = {"text": Text("Ben is calling", url="/calls/ring/1/"), "tag": "ring:1", "ttl": 30, "urgency": "high"}
        late = {"title": "You missed a call", "body": "From Ben", "url": "/calls/"}
        for seconds in (30, -1):
            ends = core_clock.now() + timedelta(seconds=seconds)
            push.send_push(person=ana, data={"expires_at": ends, "late": late}, **ring)
        rang = {line["tag"]: line for line in worker.push(made.taken[-2].text)}
        assert rang["ring:1"]["title"] == "Ben is calling"
        missed = worker.push(made.taken[-1].text)
        assert len(missed) == 2  # the tag is the same: it took the ring's place
        line = next(line for line in missed if line["tag"] == "ring:1")
        assert (line["title"], line["body"], line["data"]["url"]) == ("You missed a call", "From Ben", "/calls/")
        odd = worker.push("no json at all")  # a browser insists on something
        assert "Digis" in {line["title"] for line in odd}

        # No network: a page of its own, and nothing of anybody's was kept for it.
        page.goto(f"{live_server.url}/wallet/")
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        kept = page.evaluate(KEPT)
        assert kept == ["/offline/", "/static/brand/favicon.svg", "/static/dist/app.css"]
        assert "ana" not in page.evaluate("caches.match('/offline/').then((kept) => kept.text())")
        context.set_offline(True)
        page.goto(f"{live_server.url}/wallet/")
        assert page.get_by_role("heading", name="No connection").is_visible()
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.btn-primary')).backgroundColor")
            != "rgba(0, 0, 0, 0)"
        )
        context.set_offline(False)
        page.get_by_role("link", name="Try again").click()
        page.wait_for_url(f"{live_server.url}/")

        # Signing out empties the shelf and fills it anew, and ends push here.
        with page.expect_navigation():
            page.evaluate("document.querySelector('form[action=\"/sign-out/\"]').requestSubmit()")
        assert not push.list_devices(ana).exists()
        assert page.evaluate("fetch('/sw.js').then((answer) => answer.status)") == 200
        assert not [line for line in told if "Content Security Policy" in line]
