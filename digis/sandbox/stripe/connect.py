"""Connected accounts: what Stripe knows of them, still wants, and allows them."""

import copy

from digis.sandbox.stripe import balance, banks, connect_objects, objects
from digis.sandbox.stripe.errors import ApiError, invalid_parameter
from digis.sandbox.stripe.forms import Params, is_true
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World

CAPABILITIES = ("card_payments", "transfers")
BANK = "external_account"
DOCUMENT = "individual.verification.document"
VERIFIES_AFTER = 15 * 60  # how long a check takes when nobody decides it by hand
OUTCOMES = ("approved", "pending", "document")
FIRST_DUE = (
    "business_type",
    BANK,
    "individual.dob.day",
    "individual.dob.month",
    "individual.dob.year",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)
_EXPRESS = {"fees.payer": "application", "losses.payments": "application", "stripe_dashboard.type": "express"}
_COLLECTED_BY_STRIPE = ("individual", "company", "tos_acceptance", "documents", BANK)
_DOCUMENT_ERROR = {
    "code": "verification_document_not_readable",
    "reason": "The image supplied is not readable. It may be too blurry or not well lit.",
    "requirement": DOCUMENT,
}
_MISMATCH_ERROR = {
    "code": "verification_failed_keyed_identity",
    "reason": "The person's keyed-in identity information could not be verified.",
    "requirement": DOCUMENT,
}


def find(call: Call, account_id: str) -> Thing:
    """Fetch a connected account; one that is gone answers as one that never was."""
    account = call.store.find(account_id)
    if account is None or account["object"] != "account" or not account.get("_connected") or account["_gone"]:
        raise no_access(account_id)
    return account


def no_access(account_id: str) -> ApiError:
    return ApiError(
        f"The provided key does not have access to account '{account_id}' (or that account does not exist). "
        "Application access may have been revoked.",
        status=403,
        code="account_invalid",
    )


def create(call: Call, params: Params) -> Thing:
    _check_kind(params)
    for name in _COLLECTED_BY_STRIPE:
        if name in params:
            raise invalid_parameter(
                f"This stand-in collects {name} on its hosted page, for accounts whose requirements Stripe collects.",
                name,
            )
    country = str(params.get("country") or "US").upper()
    if country not in banks.CURRENCIES:
        raise invalid_parameter(
            f"{country} is not currently supported by this stand-in.", "country", "country_unsupported"
        )
    wanted = params.get("capabilities") or {}
    names = [name for name in CAPABILITIES if is_true((wanted.get(name) or {}).get("requested"))]
    if not names:
        raise invalid_parameter("You must request at least one capability: transfers.", "capabilities")
    account = connect_objects.account(call, params, country=country, capabilities=names)
    account["_due"] = [name for name in FIRST_DUE if name != "business_type" or not account["business_type"]]
    account |= {"_pending": [], "_errors": [], "_rejected": "", "_verifies_at": None, "_holder": None}
    _derive(account)
    return call.add(account)


def _check_kind(params: Params) -> None:
    if params.get("type") == "express" and "controller" not in params:
        return
    controller = params.get("controller") or {}
    given = {
        f"{group}.{name}": v
        for group, child in controller.items()
        if isinstance(child, dict)
        for name, v in child.items()
    }
    if "type" in params or any(given.get(name) != value for name, value in _EXPRESS.items()):
        raise invalid_parameter(
            "This stand-in offers accounts with the Express Dashboard only: type=express, or a controller with "
            "fees[payer]=application, losses[payments]=application and stripe_dashboard[type]=express.",
            "controller",
        )
    if controller.get("requirement_collection", "stripe") != "stripe":
        raise invalid_parameter("This stand-in offers requirement_collection=stripe only.", "controller")


def update(call: Call, account: Thing, params: Params) -> Thing:
    for name in _COLLECTED_BY_STRIPE:
        if name in params:
            raise ApiError(
                "This application does not have the required permissions for this parameter on this account.",
                status=403,
                code="oauth_not_supported",
                param=name,
            )
    before = copy.deepcopy(account)
    for name in ("email", "business_type"):
        if name in params:
            account[name] = params[name] or None
    if isinstance(params.get("business_profile"), dict):
        account["business_profile"].update(params["business_profile"])
    payouts = (params.get("settings") or {}).get("payouts") or {}
    account["settings"]["payouts"]["schedule"].update(payouts.get("schedule") or {})
    for name, wanted in (params.get("capabilities") or {}).items():
        if name in CAPABILITIES and is_true((wanted or {}).get("requested")):
            account["capabilities"].setdefault(name, "inactive")
    objects.merge_metadata(account, params)
    return settle(call, account, before)


# — what follows of what is known —


def settle(call: Call, account: Thing, before: Thing) -> Thing:
    """Work out what the account may do now, save it, and tell what changed."""
    inside = call.within(account["id"])
    account["external_accounts"]["data"] = banks_of(call, account)
    _derive(account)
    call.save(account)
    changed = {
        name: before.get(name) for name in account if not name.startswith("_") and account[name] != before.get(name)
    }
    if changed:
        inside.emit("account.updated", account, previous=changed)
    for name, status in account["capabilities"].items():
        was = before["capabilities"].get(name)
        if status != was:
            inside.emit("capability.updated", connect_objects.capability(account, name), previous={"status": was})
    return account


def _derive(account: Thing) -> None:
    due: list[str] = list(account["_due"])
    bank = next((b for b in account["external_accounts"]["data"] if b["default_for_currency"]), None)
    if bank is not None and bank["status"] == "errored" and BANK not in due:
        due.append(BANK)
    blocking = [name for name in due if name != BANK]
    is_active = account["details_submitted"] and not (blocking or account["_pending"] or account["_rejected"])
    account["requirements"] = {
        **objects.no_requirements(),
        "currently_due": due,
        "disabled_reason": _reason(account, due),
        "errors": [error for error in account["_errors"] if error["requirement"] in due],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": list(account["_pending"]),
    }
    status = "active" if is_active else "pending" if account["_pending"] and not blocking else "inactive"
    account["capabilities"] = dict.fromkeys(account["capabilities"], "inactive" if account["_rejected"] else status)
    account["charges_enabled"] = is_active
    account["payouts_enabled"] = is_active and BANK not in due


def _reason(account: Thing, due: list[str]) -> str | None:
    if account["_rejected"]:
        return f"rejected.{account['_rejected']}"
    if due:
        return "requirements.past_due"
    return "requirements.pending_verification" if account["_pending"] else None


# — what the person does on the hosted pages —


def submit(call: Call, account: Thing, *, holder: str | None, bank: banks.Bank | None, outcome: str) -> Thing:
    """Take in what the onboarding page asked for; `outcome` chooses how Stripe's check ends."""
    before = copy.deepcopy(account)
    if holder:
        account["_holder"] = holder
        account["business_type"] = account["business_type"] or "individual"
        account["tos_acceptance"] = {**account["tos_acceptance"], "date": call.now}
    asked = [name for name in account["_due"] if name != BANK]
    if bank is not None:
        _put_bank(call, account, bank)
    if asked:
        account["details_submitted"] = True
        _judge(call, account, outcome, error=_DOCUMENT_ERROR if DOCUMENT in asked else _MISMATCH_ERROR)
    return settle(call, account, before)


def _judge(call: Call, account: Thing, outcome: str, *, error: dict[str, str]) -> None:
    kept = [BANK] if BANK in account["_due"] else []
    account.update(_due=kept, _pending=[], _errors=[], _verifies_at=None)
    if outcome == "pending":
        account.update(_pending=["individual.verification.document"], _verifies_at=call.now + VERIFIES_AFTER)
    elif outcome == "document":
        account.update(_due=[*kept, DOCUMENT], _errors=[error])


def change_bank(call: Call, account: Thing, bank: banks.Bank) -> Thing:
    before = copy.deepcopy(account)
    _put_bank(call, account, bank)
    return settle(call, account, before)


def _put_bank(call: Call, account: Thing, bank: banks.Bank) -> None:
    """Make this the one bank account, and let the one before it go."""
    inside = call.within(account["id"])
    old = banks_of(call, account)
    account["_due"] = [name for name in account["_due"] if name != BANK]
    made = inside.add(connect_objects.bank_account(account, bank, holder=account["_holder"]))
    inside.emit("account.external_account.created", made)
    for known in old:
        known["default_for_currency"] = False
        inside.emit("account.external_account.updated", known, previous={"default_for_currency": True})
        inside.save({**known, "_gone": True})
        inside.emit("account.external_account.deleted", known)


def banks_of(call: Call, account: Thing) -> list[Thing]:
    return call.store.all("bank_account", account["id"], _gone=False)


def spoil_bank(call: Call, bank: Thing) -> None:
    """Mark the bank account that refused a payout: nothing more is paid to it."""
    if bank["status"] == "errored":
        return
    account = call.store.find(bank["account"])
    previous, bank["status"] = {"status": bank["status"]}, "errored"
    inside = call.within(bank["account"])
    inside.save(bank)
    inside.emit("account.external_account.updated", bank, previous=previous)
    if account is not None and account.get("_connected") and not bank["_gone"]:
        settle(call, account, copy.deepcopy(account))


# — what Stripe does later —


def decide(call: Call, account: Thing, *, passes: bool) -> Thing:
    """End a check that is pending."""
    if not account["_pending"]:
        raise ApiError(f"Nothing of account {account['id']} is waiting for verification.")
    before = copy.deepcopy(account)
    _judge(call, account, "approved" if passes else "document", error=_MISMATCH_ERROR)
    return settle(call, account, before)


def decide_overdue(world: World) -> None:
    """Pass every check whose time is over."""
    call = Call(world)
    for account in call.store.all("account", "", _connected=True):
        if account["_verifies_at"] and account["_verifies_at"] <= call.now:
            decide(call, account, passes=True)


def demand(call: Call, account: Thing, fields: list[str]) -> Thing:
    """Ask for more, as Stripe does when rules or doubts change; capabilities rest until it is given."""
    before = copy.deepcopy(account)
    account["_due"] = list(dict.fromkeys([*account["_due"], *fields]))
    return settle(call, account, before)


def reject(call: Call, account: Thing, reason: str) -> Thing:
    if reason not in {"fraud", "terms_of_service", "other"}:
        raise invalid_parameter("Invalid reason: must be one of fraud, terms_of_service or other", "reason")
    before = copy.deepcopy(account)
    account["_rejected"] = reason
    return settle(call, account, before)


def part(call: Call, account: Thing) -> Thing:
    """End the platform's access, by the person's wish or by deletion."""
    inside = call.within(account["id"])
    platform = call.store.find(call.world.platform)
    name = platform["settings"]["dashboard"]["display_name"] if platform else None
    account["_gone"] = True
    call.save(account)
    application = {"id": f"ca_{call.world.platform[5:]}", "object": "application", "name": name}
    inside.emit("account.application.deauthorized", application)
    return account


def delete(call: Call, account: Thing) -> Thing:
    inside = call.within(account["id"])
    held = [entry for kind in ("available", "pending") for entry in balance.balance(inside)[kind] if entry["amount"]]
    if held:
        raise ApiError(f"Account {account['id']} has a balance and cannot be deleted.")
    part(call, account)
    return {"id": account["id"], "object": "account", "deleted": True}
