"""Which hosted page answers an address."""

import re
from collections.abc import Callable
from pathlib import Path

from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.pages import challenge, express, onboarding, overview, pay, receipt
from digis.sandbox.stripe.pages.markup import Fields, Visit, page, plain
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.world import World

_ASSETS = Path(__file__).parent.parent / "assets"
_TYPES = {"checkout.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}
Page = Callable[[Visit], Reply]
_PAGES: tuple[tuple[str, re.Pattern[str], Page], ...] = (
    ("GET", re.compile(r"/"), overview.show),
    ("GET", re.compile(r"/c/pay/(?P<id>\w+)"), pay.show),
    ("POST", re.compile(r"/c/pay/(?P<id>\w+)"), pay.submit),
    ("GET", re.compile(r"/c/pay/(?P<id>\w+)/authenticate"), challenge.show),
    ("POST", re.compile(r"/c/pay/(?P<id>\w+)/authenticate"), challenge.submit),
    ("GET", re.compile(r"/authenticate/(?P<id>\w+)/(?P<secret>\w+)"), challenge.show_alone),
    ("POST", re.compile(r"/authenticate/(?P<id>\w+)/(?P<secret>\w+)"), challenge.submit_alone),
    ("GET", re.compile(r"/setup/e/(?P<id>\w+)/(?P<secret>\w+)"), onboarding.enter),
    ("GET", re.compile(r"/setup/s/(?P<id>\w+)"), onboarding.show),
    ("POST", re.compile(r"/setup/s/(?P<id>\w+)"), onboarding.submit),
    ("GET", re.compile(r"/express/login/(?P<id>\w+)"), express.enter),
    ("GET", re.compile(r"/express/home/(?P<id>\w+)"), express.show),
    ("POST", re.compile(r"/express/home/(?P<id>\w+)"), express.submit),
    ("GET", re.compile(r"/receipts/(?P<id>\w+)"), receipt.show),
)


def answer(world: World, method: str, path: str, *, query: Fields, form: Fields) -> Reply:
    wanted = "GET" if method == "HEAD" else method
    name = path.removeprefix("/assets/")
    if wanted == "GET" and path.startswith("/assets/") and name in _TYPES:
        return Reply((_ASSETS / name).read_bytes(), type=_TYPES[name], headers={"Cache-Control": "no-cache"})
    for verb, pattern, show in _PAGES:
        match = pattern.fullmatch(path)
        if match and verb == wanted:
            try:
                with world.store.transaction():
                    return show(Visit(world, query=query, form=form, **match.groupdict()))
            except ApiError as error:
                return _sorry(error)
    return _sorry(ApiError("There is nothing at this address.", status=404))


def _sorry(error: ApiError) -> Reply:
    title = "Not found" if error.status == 404 else "That did not work"
    return page(title, plain(title, f"{error} No money moved."), status=error.status)
