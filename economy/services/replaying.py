"""What staff do when Stripe's news seems lost: have an event looked at again, or ask Stripe about one row (LEDGER-5).

Each runs the convergent functions that webhooks run, so that doing it once more than needed changes nothing.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, outbox
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import OutboxEntry
from economy import gateway
from economy.errors import StripeUnavailable
from economy.models import Payout, Purchase, StripeEvent
from economy.selectors.stripe_events import PROMISE
from economy.services.paying import advance_payout
from economy.services.purchases import converge_purchase, mark_purchase_due


def replay_stripe_event(*, staff: User, event_id: str, reason: str) -> StripeEvent:
    """Have a worker look at a stored event again, and return the event. What it is about goes to what Stripe says now.

    A parked promise gets a fresh set of tries; else a new one is made, unless one waits. Raises ValidationFailed without a
    reason.
    """
    reason = _require_reason(reason)
    with transaction.atomic():
        event = StripeEvent.objects.get(id=event_id)
        parked = list(
            OutboxEntry.objects.filter(kind=PROMISE, key=event.id, parked_at__isnull=False).values_list("pk", flat=True)
        )
        if parked:
            outbox.unpark(entry_ids=parked)
        else:
            outbox.enqueue(kind=PROMISE, payload={"event": event.id}, key=event.id)
        audit.record(
            actor=staff,
            action="economy.event_replayed",
            target=("economy.stripeevent", event.id),
            reason=reason,
            data={"type": event.type, "was_parked": bool(parked)},
        )
    return event


def ask_about_purchase(*, staff: User, purchase_id: UUID, reason: str) -> Purchase:
    """Bring a purchase to what Stripe says now, whatever state it is in, and return it.

    One that expired before its payment was known is led to it by its hosted page. Raises OwnAccount, ValidationFailed
    without a reason and StripeUnavailable.
    """
    reason = _require_reason(reason)
    seen = Purchase.objects.get(pk=purchase_id)
    if seen.person_id == staff.pk:
        raise OwnAccount
    try:
        if seen.stripe_session_id and not seen.stripe_payment_intent_id:
            intent_id = gateway.get_checkout(seen.stripe_session_id).intent_id
            if intent_id:
                mark_purchase_due(purchase_id=seen.pk, intent_id=intent_id)
        purchase = converge_purchase(purchase_id=seen.pk)
    except gateway.GatewayError as error:
        raise StripeUnavailable from error
    audit.record(
        actor=staff,
        action="economy.purchase_asked",
        target=purchase,
        reason=reason,
        data={
            "was": [seen.status, seen.credited_tokens, seen.credited_bonus],
            "is": [purchase.status, purchase.credited_tokens, purchase.credited_bonus],
        },
    )
    return purchase


def ask_about_payout(*, staff: User, payout_id: UUID, reason: str) -> Payout:
    """Take a payout a step on from what Stripe says of it now, and return it.

    Raises OwnAccount, ValidationFailed without a reason, InvalidState for one that is over, waits for staff or has nothing
    at Stripe, and StripeUnavailable.
    """
    reason = _require_reason(reason)
    seen = Payout.objects.get(pk=payout_id)
    if seen.creator_id == staff.pk:
        raise OwnAccount
    if not seen.can_be_asked_about:
        raise InvalidState
    try:
        payout = advance_payout(payout_id=seen.pk)
    except gateway.GatewayError as error:
        raise StripeUnavailable from error
    data = {"was": seen.state, "is": payout.state}
    audit.record(actor=staff, action="economy.payout_asked", target=payout, reason=reason, data=data)
    return payout


def _require_reason(reason: str) -> str:
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Write why.")]})
    return reason.strip()
