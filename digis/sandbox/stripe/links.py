"""Addresses that let a person in once: account links to onboarding, login links to the Express Dashboard."""

import hmac
from urllib.parse import urlsplit

from digis.sandbox.stripe import connect
from digis.sandbox.stripe.errors import ApiError, invalid_parameter, missing_parameter
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, random_text

LINK_LIFE = 5 * 60
VISIT_LIFE = 60 * 60


def create_account_link(call: Call, params: Params) -> Thing:
    account = connect.find(call, params["account"])
    if params["type"] != "account_onboarding":
        raise invalid_parameter(
            "You cannot create `account_update` type Account Links for this account, because Stripe collects its "
            "requirements.",
            "type",
        )
    for name in ("refresh_url", "return_url"):
        if not params.get(name):
            raise missing_parameter(name)
        parts = urlsplit(params[name])
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise invalid_parameter("Not a valid URL", name, "url_invalid")
    link = _link(call, "account_link", account, path=f"/setup/e/{account['id']}")
    link.update(expires_at=call.now + LINK_LIFE, _return=params["return_url"], _refresh=params["refresh_url"])
    call.add(link)
    return _shown(link)


def create_login_link(call: Call, account: Thing) -> Thing:
    if not account["details_submitted"]:
        raise ApiError("Cannot create a login link for an account that has not completed onboarding.")
    link = _link(call, "login_link", account, path="/express/login")
    call.add(link)
    return _shown(link)


def _link(call: Call, kind: str, account: Thing, *, path: str) -> Thing:
    secret = random_text(32)
    return {
        "id": secret,
        "object": kind,
        "created": call.now,
        "url": f"{call.world.base}{path}/{secret}",
        "_account": account["id"],
        "_is_used": False,
    }


def _shown(link: Thing) -> Thing:
    return {name: value for name, value in link.items() if name != "id"}


def enter(call: Call, kind: str, secret: str) -> tuple[Thing, Thing | None]:
    """Use a link up: return it and the visit it opens, or no visit when it is used or too old."""
    link = call.store.find(secret)
    if link is None or link["object"] != kind:
        raise ApiError("This link does not exist.", status=404)
    if link["_is_used"] or call.now >= link.get("expires_at", link["created"] + LINK_LIFE):
        return link, None
    link["_is_used"] = True
    call.save(link)
    visit = {
        "id": random_text(32),
        "object": f"{kind}.visit",
        "created": call.now,
        "_account": link["_account"],
        "_return": link.get("_return", ""),
        "_refresh": link.get("_refresh", ""),
    }
    return link, call.add(visit)


def find_visit(call: Call, kind: str, secret: str) -> tuple[Thing, Thing | None]:
    """Fetch a visit and its account; no account when the visit is over."""
    visit = call.store.find(secret)
    if visit is None or not hmac.compare_digest(visit["object"], f"{kind}.visit"):
        raise ApiError("There is nothing at this address.", status=404)
    is_over = call.now >= visit["created"] + VISIT_LIFE
    return visit, None if is_over else connect.find(call, visit["_account"])
