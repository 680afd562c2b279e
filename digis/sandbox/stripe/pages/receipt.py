"""The receipt of a charge."""

from datetime import UTC, datetime

from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.pages.markup import Visit, money, page, text
from digis.sandbox.stripe.pages.pay import merchant_of
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.world import Call


def show(visit: Visit) -> Reply:
    charge = visit.world.store.find(visit.id)
    if charge is None or charge["object"] != "charge" or not charge["paid"]:
        raise ApiError("This receipt does not exist.", status=404)
    call = Call(visit.world, visit.world.store.account_of(visit.id))
    card = charge["payment_method_details"]["card"]
    facts = {
        "Paid to": merchant_of(call),
        "Amount": money(charge["amount"], charge["currency"]),
        "Date": f"{datetime.fromtimestamp(charge['created'], UTC):%d %B %Y, %H:%M} UTC",
        "Card": f"{card['brand'].title()} ending in {card['last4']}",
        "Reference": charge["id"],
    }
    if charge["amount_refunded"]:
        facts["Refunded"] = money(charge["amount_refunded"], charge["currency"])
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts.items())
    body = f'<main id="main" class="alone"><h1>Receipt</h1><dl class="facts">{rows}</dl></main>'
    return page("Receipt", body)
