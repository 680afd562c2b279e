"""Giving unused tokens back for the money they cost (LEDGER-12): first the tokens leave, then Stripe is asked."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core import audit, clock, outbox
from digis.core.errors import IdempotencyConflict, NotFound, ValidationFailed
from economy import gateway
from economy.errors import NothingToReturn, ReturnChanged
from economy.kinds import tell_of_purchase, tell_of_refused_return
from economy.models import Purchase, PurchaseReturn
from economy.selectors.returns import find_returnable_part
from economy.services.balances import announce_balances
from economy.services.settling import settle
from economy.sql import one

State = PurchaseReturn.State
LONGEST = 300


def return_purchase(*, actor: User, purchase_id: UUID, minor: int, key: str, reason: str = "") -> PurchaseReturn:
    """Return the unused part of a purchase to the card it came from, `minor` units of its currency as shown before.

    By the buyer within RETURN_DAYS of paying, by our staff at any time and with a reason. The tokens leave at once, so that
    they cannot be spent meanwhile; the money is sent by a worker. The same key again returns the first (LEDGER-4). Raises
    NotFound for another's purchase, NothingToReturn, ReturnChanged when it is another amount by now (LEDGER-7),
    ValidationFailed and IdempotencyConflict.
    """
    reason = " ".join(reason.split())
    if actor.is_staff and not 0 < len(reason) <= LONGEST:
        raise ValidationFailed({"reason": [_("Say why in 1 to %(most)s characters.") % {"most": LONGEST}]})
    with transaction.atomic():
        found = Purchase.objects.select_for_update().filter(pk=purchase_id)
        purchase = (found if actor.is_staff else found.filter(person=actor)).first()
        if purchase is None:
            raise NotFound
        known = PurchaseReturn.objects.filter(requested_by=actor, key=key).first()
        if known is not None:
            if (known.purchase_id, known.amount_minor) != (purchase.pk, minor):
                raise IdempotencyConflict
            return known
        one(  # nothing of it can be spent from here on
            "SELECT economy_lock_wallets(%(person)s::uuid || economy_receivers_of(%(purchase)s), %(now)s)",
            {"person": purchase.person_id, "purchase": purchase.pk, "now": clock.now()},
        )
        part = find_returnable_part(purchase)
        if part is None or not (part.is_open or actor.is_staff):
            raise NothingToReturn(days=settings.RETURN_DAYS)
        if part.money.minor != minor:
            raise ReturnChanged(price=f"{part.money.decimal} {part.money.currency}")
        made = PurchaseReturn.objects.create(
            purchase=purchase, amount_minor=minor, key=key, reason=reason, requested_by=actor
        )
        was, refunded = purchase.status, purchase.refunded_minor
        settle(
            purchase,
            kept=purchase.amount_minor - refunded - purchase.disputed_minor - minor,
            refunded=refunded + minor,
            disputed=purchase.disputed_minor,
            is_disputed=False,
        )
        purchase.updated_at = purchase.next_check_at = clock.now()
        purchase.save()
        tell_of_purchase(purchase, was=was, refunded_before=refunded)
        announce_balances(people={purchase.person_id})
        outbox.enqueue(kind="economy.converge", payload={"purchase": str(purchase.pk)}, key=str(purchase.pk))
        audit.record(
            actor=actor,
            action="economy.purchase_returned",
            target=purchase,
            reason=reason,
            data={"minor": minor, "return": str(made.pk)},
        )
    return made


def send_returns(purchase: Purchase) -> None:
    """Have Stripe pay back what was promised of a purchase; the caller holds its row, and reads the payment afterwards.

    Sent under a key of its own and looked for first, so that it is paid once however often this runs. What Stripe refuses
    for good stays with the buyer: the payment's truth, read next, brings the tokens back. Raises GatewayError when Stripe
    cannot be asked: nothing is known to have moved then.
    """
    for row in PurchaseReturn.objects.filter(purchase=purchase, state=State.REQUESTED):
        try:
            row.stripe_refund_id = gateway.refund_payment(
                intent_id=purchase.stripe_payment_intent_id, amount_minor=row.amount_minor, return_id=row.pk
            )
            row.state = State.SENT
        except gateway.GatewayRefusedError as refusal:
            row.state, row.failure = State.REFUSED, (refusal.message or refusal.code)[:200]
            tell_of_refused_return(row)
        row.moved_at = clock.now()
        row.save(update_fields=["state", "stripe_refund_id", "failure", "moved_at"])
