"""Cards that Stripe keeps: taking one, forgetting it, and paying with it for what is bought by itself."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import audit, clock, outbox
from economy import gateway
from economy.errors import PaymentsUnavailable
from economy.kinds import tell_of_disputed_top_up
from economy.models import ForgottenCard, Purchase, SavedCard, StripeCustomer, TopUpPlan

Status, Stop = Purchase.Status, TopUpPlan.Stop

LONGEST_ID: Final = 255
ASKS: Final = frozenset({"authentication_required", "authentication_not_handled"})  # the bank wants its owner there
GONE: Final = frozenset({"expired_card", "lost_card", "stolen_card", "pickup_card", "resource_missing"})


def customer_of(person: User) -> str:
    """Return the person's id at Stripe, making them known there first. Raises GatewayError."""
    known = StripeCustomer.objects.filter(person=person).first()
    if known is None:
        customer_id = gateway.create_customer(person_id=person.pk, email=person.email, name=person.display_name)
        known, _is_new = StripeCustomer.objects.get_or_create(person=person, defaults={"customer_id": customer_id})
    return known.customer_id


def open_card_page(*, person: User) -> str:
    """Open Stripe's page that keeps a card, and return its address; nothing is charged there.

    Raises EmailUnverified, and PaymentsUnavailable.
    """
    require_not_staff(person)
    require_verified(person)
    back = settings.SITE_URL + reverse("economy:top_up")
    try:
        page = gateway.open_card_page(
            customer_id=customer_of(person),
            currency=settings.TOKEN_CURRENCY,
            success_url=f"{settings.SITE_URL}{reverse('economy:card_kept')}?page={{CHECKOUT_SESSION_ID}}",
            cancel_url=back,
        )
    except gateway.GatewayError as error:
        raise PaymentsUnavailable from error
    return page.url


def keep_card(*, page_id: str) -> SavedCard | None:
    """Take over the card that a hosted page has kept, whoever asks and however often; None while it has none.

    It is its customer's, not the asker's. Of two cards the one set up later stays, and Stripe forgets the other; one that was
    forgotten never comes back. Raises GatewayError.
    """
    kept = gateway.get_kept_card(page_id)
    if kept is None:
        return None
    with transaction.atomic():
        customer = StripeCustomer.objects.filter(customer_id=kept.customer_id).first()
        if customer is None:
            return None
        User.objects.select_for_update(no_key=True).get(pk=customer.person_id)
        if ForgottenCard.objects.filter(method_id=kept.method_id).exists():
            return None  # an old page, looked at again
        row = SavedCard.objects.filter(person_id=customer.person_id).first()
        if row is not None and row.method_id == kept.method_id:
            return row
        if row is not None and row.set_up_at > kept.set_up_at:
            _promise_forgetting(kept.method_id)
            return row
        if row is not None:
            _promise_forgetting(row.method_id)
        row, _is_new = SavedCard.objects.update_or_create(
            person_id=customer.person_id,
            defaults={
                "method_id": kept.method_id,
                "title": kept.title,
                "expires_on": kept.expires_on,
                "set_up_at": kept.set_up_at,
                "saved_at": clock.now(),
            },
        )
        audit.record(actor=row.person, action="economy.card_kept", target=row.person, data={"card": row.title})
    return row


def look_at_card_page(*, person: User, page_id: str) -> bool:
    """Take over the card of a page its person comes back from, and say whether it is theirs now.

    Never fails because Stripe does: its webhook brings the card too.
    """
    if not page_id.startswith("cs_") or len(page_id) > LONGEST_ID:
        return False
    try:
        row = keep_card(page_id=page_id)
    except gateway.GatewayError:
        return False
    return row is not None and row.person_id == person.pk


def remove_card(*, person: User) -> None:
    """Forget a person's card, here at once and at Stripe soon; what was bought with it by itself goes off."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        row = SavedCard.objects.filter(person=person).first()
        if row is None:
            return
        TopUpPlan.objects.filter(person=person, is_on=True).update(is_on=False, updated_at=clock.now())
        _promise_forgetting(row.method_id)
        row.delete()
        audit.record(actor=person, action="economy.card_removed", target=person, data={"card": row.title})


def forget_card(*, method_id: str) -> None:
    """Have Stripe forget a card that nobody here keeps any more. Raises GatewayError."""
    if not SavedCard.objects.filter(method_id=method_id).exists():
        gateway.forget_card(method_id)


def send_charge(purchase: Purchase) -> str:
    """Charge the kept card of a purchase that is bought by itself, once, and return the intent's id; empty for others.

    The caller holds the row. After the quote has run out nothing is charged any more: the charge that may have been made
    is looked for. One that Stripe will not make at all fails the purchase. Raises GatewayError when Stripe cannot be asked:
    asking again makes the same charge.
    """
    if not purchase.is_top_up or purchase.status != Status.PENDING or purchase.stripe_payment_intent_id:
        return ""
    customer_id = customer_of(purchase.person)
    if purchase.quote_expires_at <= clock.now():
        return gateway.find_charge(customer_id=customer_id, purchase_id=purchase.pk, since=purchase.created_at)
    try:
        return gateway.charge_card(
            purchase_id=purchase.pk,
            customer_id=customer_id,
            method_id=purchase.stripe_payment_method_id,
            title=_("%(tokens)s Digis tokens") % {"tokens": f"{purchase.total_tokens:,}"},
            amount_minor=purchase.amount_minor,
            currency=purchase.currency,
        )
    except gateway.GatewayRefusedError as refusal:
        purchase.status, purchase.failure = Status.FAILED, refusal.message
        stop_plan(purchase, decline=refusal.code or "resource_missing")
        return ""


def end_charge(purchase: Purchase, payment: gateway.Payment) -> None:
    """Fail a purchase whose kept card did not pay, so that nobody can go on with that payment. Raises GatewayError."""
    gateway.cancel_payment(payment.id)
    purchase.status = Status.FAILED
    stop_plan(purchase, decline=payment.decline or "canceled")


def stop_plan(purchase: Purchase, *, decline: str = "") -> None:
    """Turn off buying by itself because of what a purchase came to: once is enough, until its person agrees anew.

    `decline` is Stripe's word for why the card did not pay, of which the failed purchase tells; none where the purchase is
    disputed, which is told here.
    """
    stop = Stop.BANK if decline in ASKS else Stop.CARD if decline in GONE else Stop.DECLINED
    was_on = TopUpPlan.objects.filter(person_id=purchase.person_id, is_on=True).update(
        is_on=False, stop=stop if decline else Stop.DISPUTE, updated_at=clock.now()
    )
    if was_on and not decline:
        tell_of_disputed_top_up(purchase)


def _promise_forgetting(method_id: str) -> None:
    ForgottenCard.objects.get_or_create(method_id=method_id)
    outbox.enqueue(kind="economy.forget_card", payload={"method": method_id}, key=method_id)
