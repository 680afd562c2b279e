"""Stripe's events as dj-stripe hands them over, and what the outbox does about them after the commit.

dj-stripe has verified the signature and keeps the request. Its transaction only stores the event, once per event id, and
leaves a promise in the outbox: the answer is quick whatever Stripe's API does, and a failure rolls both back so that
Stripe delivers again (LEDGER-5). dj-stripe's own handlers, which fetch objects while the request waits, are not run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from djstripe.models import Event, WebhookEventTrigger

from digis.core import outbox
from economy import services
from economy.selectors.stripe_events import PROMISE


def store_stripe_event(trigger: WebhookEventTrigger, api_key: str | None = None) -> None:  # noqa: ARG001  dj-stripe's signature
    """Store a verified event and promise to look at it; a repeated one changes nothing."""
    event = trigger.json_body
    request = event.get("request") or {}
    stored, is_new = Event.objects.get_or_create(
        id=event["id"],
        defaults={
            "type": event["type"],
            "data": event["data"],
            "api_version": event.get("api_version") or "",
            "livemode": event["livemode"],
            "created": datetime.fromtimestamp(event["created"], UTC),
            "request_id": request.get("id") or "",
            "idempotency_key": request.get("idempotency_key") or "",
            "stripe_data": event,
        },
    )
    trigger.event = stored
    trigger.processed = True
    if is_new:
        outbox.enqueue(kind=PROMISE, payload={"event": stored.id}, key=stored.id)


def connect() -> None:
    """Register the outbox's kinds of this room."""
    outbox.handler(PROMISE)(look_at_stripe_event)
    outbox.handler("economy.converge")(converge)
    outbox.handler("economy.forget_card")(forget_card)
    outbox.handler("economy.invoice")(invoice)
    outbox.handler("economy.referral")(settle_referral)
    outbox.handler("economy.referral_reward")(reward_referral)
    outbox.handler("economy.fee_rule")(announce)
    outbox.handler("economy.payout")(advance)
    outbox.handler("economy.payout_account")(sync_account)


def look_at_stripe_event(payload: dict[str, Any]) -> None:
    """Find what of ours a stored event is about, and mark it due.

    What happened inside a connected account carries that account's id, and is never about a purchase.
    """
    event = Event.objects.get(id=payload["event"])
    thing, account_id = event.data["object"], event.stripe_data.get("account") or ""
    if event.type.startswith(("payout.", "transfer.")):
        services.receive_payout_event(event_type=event.type, account_id=account_id, thing=thing)
    elif account_id:
        services.receive_account_event(
            event_type=event.type, account_id=account_id, thing=thing, happened_at=event.created
        )
    elif thing.get("object") == "checkout.session" and thing.get("mode") == "setup":
        services.keep_card(page_id=thing["id"])
    else:
        services.receive_stripe_event(event_type=event.type, thing=thing)


def advance(payload: dict[str, Any]) -> None:
    """Take a payout a step further; the step after it has its own promise, so that each is committed by itself."""
    services.try_to_advance_payout(payout_id=UUID(payload["payout"]))


def sync_account(payload: dict[str, Any]) -> None:
    """Read a creator's account at Stripe."""
    services.sync_account(creator_id=UUID(payload["creator"]))


def converge(payload: dict[str, Any]) -> None:
    """Bring a purchase to what Stripe says."""
    services.converge_purchase(purchase_id=UUID(payload["purchase"]))


def forget_card(payload: dict[str, Any]) -> None:
    """Have Stripe forget a card."""
    services.forget_card(method_id=payload["method"])


def invoice(payload: dict[str, Any]) -> None:
    """Write the documents that a purchase lacks."""
    services.invoice_purchase(purchase_id=UUID(payload["purchase"]))


def settle_referral(payload: dict[str, Any]) -> None:
    """Look at the invitation of somebody who has bought tokens."""
    services.settle_referral(person_id=UUID(payload["person"]))


def reward_referral(payload: dict[str, Any]) -> None:
    """Give what a settled invitation brings."""
    services.reward_referral(person_id=UUID(payload["referral"]))


def announce(payload: dict[str, Any]) -> None:
    """Tell creators of a fee that changes; the rest of them has its own promise."""
    services.announce_fee_rule(rule_id=payload["rule"], after=UUID(payload["after"]) if payload["after"] else None)
