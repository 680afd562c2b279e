"""Accounts: the platform's own, the connected ones, and the links that let their people in."""

from dataclasses import replace
from typing import Any

from digis.sandbox.stripe import connect, connect_objects, links, objects
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import ApiError, missing
from digis.sandbox.stripe.store import Thing

_URL = "/v1/accounts"


@route("GET", "/v1/account")
def get_own_account(ask: Ask) -> Thing:
    found = ask.call.store.find(ask.call.account or ask.call.world.platform)
    if found is None:
        raise ApiError("This stand-in has no account yet.", status=500, family="api_error")
    return found


@route("POST", _URL, "AccountCreateParams")
def create_account(ask: Ask) -> Thing:
    _need_platform(ask)
    return connect.create(ask.call, ask.params)


@route("GET", _URL, "AccountListParams")
def list_accounts(ask: Ask) -> Thing:
    return page(ask, Listing("account", _URL, fixed={"_connected": True, "_gone": False}))


@route("GET", _URL + "/{id}")
def get_account(ask: Ask) -> Thing:
    if ask.id in {ask.call.account, ask.call.world.platform}:
        return get_own_account(ask)
    return _theirs(ask)


@route("POST", _URL + "/{id}", "AccountUpdateParams")
def update_account(ask: Ask) -> Thing:
    return connect.update(ask.call, _theirs(ask), ask.params)


@route("DELETE", _URL + "/{id}")
def delete_account(ask: Ask) -> Thing:
    return connect.delete(ask.call, _theirs(ask))


@route("POST", _URL + "/{id}/reject", "AccountRejectParams")
def reject_account(ask: Ask) -> Thing:
    return connect.reject(ask.call, _theirs(ask), ask.params["reason"])


@route("GET", _URL + "/{id}/capabilities")
def list_capabilities(ask: Ask) -> Thing:
    account = _theirs(ask)
    found = [connect_objects.capability(account, name) for name in account["capabilities"]]
    return {**objects.empty_list(f"{_URL}/{ask.id}/capabilities"), "data": found}


@route("GET", _URL + "/{id}/capabilities/{item}")
def get_capability(ask: Ask) -> Thing:
    account = _theirs(ask)
    if ask.item not in account["capabilities"]:
        raise missing("capability", ask.item)
    return connect_objects.capability(account, ask.item)


@route("GET", _URL + "/{id}/external_accounts", "AccountListExternalAccountsParams")
def list_external_accounts(ask: Ask) -> Thing:
    inside = replace(ask, call=ask.call.within(_theirs(ask)["id"]))
    return page(inside, Listing("bank_account", f"{_URL}/{ask.id}/external_accounts", fixed={"_gone": False}))


@route("GET", _URL + "/{id}/external_accounts/{item}")
def get_external_account(ask: Ask) -> Thing:
    found = ask.call.within(_theirs(ask)["id"]).find("bank_account", ask.item)
    if found is None or found["_gone"]:
        raise missing("external account", ask.item)
    return found


@route("POST", _URL + "/{id}/login_links")
def create_login_link(ask: Ask) -> Thing:
    return links.create_login_link(ask.call, _theirs(ask))


@route("POST", "/v1/account_links", "AccountLinkCreateParams")
def create_account_link(ask: Ask) -> Thing:
    _need_platform(ask)
    return links.create_account_link(ask.call, ask.params)


def _theirs(ask: Ask) -> Thing:
    """Fetch the connected account of the path; another connected account may not ask for it."""
    if ask.call.account not in {"", ask.id}:
        raise connect.no_access(ask.id)
    return connect.find(ask.call, ask.id)


def _need_platform(ask: Ask) -> None:
    if ask.call.account:
        raise ApiError("Only the platform itself can do this.", status=403)


# — how an account's money is paid out —


@route("GET", "/v1/balance_settings")
def get_balance_settings(ask: Ask) -> Thing:
    return _settings(get_own_account(ask))


@route("POST", "/v1/balance_settings", "BalanceSettingsModifyParams")
def update_balance_settings(ask: Ask) -> Thing:
    account = get_own_account(ask)
    wanted: dict[str, Any] = (ask.params.get("payments") or {}).get("payouts") or {}
    schedule = account["settings"]["payouts"]["schedule"]
    schedule.update({name: v for name, v in (wanted.get("schedule") or {}).items() if name == "interval"})
    ask.call.save(account)
    found = _settings(account)
    ask.call.emit("balance_settings.updated", found)
    return found


def _settings(account: Thing) -> Thing:
    payouts = account["settings"]["payouts"]
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": payouts["debit_negative_balances"],
            "payouts": {
                "minimum_balance_by_currency": None,
                "schedule": {"interval": payouts["schedule"]["interval"]},
                "statement_descriptor": payouts["statement_descriptor"],
                "status": "enabled" if account["payouts_enabled"] else "disabled",
            },
            "settlement_timing": {"delay_days": payouts["schedule"]["delay_days"]},
        },
    }
