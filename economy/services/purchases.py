"""Buying tokens: a stored quote, a hosted checkout page, and one function that brings us to what Stripe says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import clock, outbox
from digis.core.errors import IdempotencyConflict
from digis.core.ids import is_uuid
from digis.core.realtime import publish_on_commit
from economy import gateway
from economy.errors import PaymentsUnavailable, PriceChanged, PurchaseDayLimitReached, PurchaseTooLarge, QuoteExpired
from economy.events import PurchaseSettled
from economy.kinds import tell_of_purchase
from economy.models import Purchase
from economy.selectors import Quote, get_purchase, get_shelf_for, list_due_purchases, quote_for
from economy.selectors.purchases import get_allowance
from economy.selectors.taxes import find_place_of, say_tax_of
from economy.services.balances import announce_balances
from economy.services.cards import customer_of, end_charge, send_charge, stop_plan
from economy.services.places import keep_tax_quote, note_place
from economy.services.returns import send_returns
from economy.services.settling import case_of, note_disputes, settle

log = structlog.get_logger(__name__)
Status = Purchase.Status

FIRST_CHECK, LONGEST_CHECK = timedelta(seconds=5), timedelta(minutes=10)
PROCESSING_CHECK: Final = timedelta(hours=1)  # bank debits take days


def start_purchase(
    *,
    person: User,
    key: str,
    pack_id: UUID | None = None,
    tokens: int | None = None,
    shown: str | None = None,
    next_path: str = "",
    return_url: str = "",
    seen_country: str = "",
    opens_page: bool = True,
) -> Purchase:
    """Store the quote and open Stripe's hosted page for it; `checkout_url` of the result leads there.

    A pack is paid in the person's own currency where it has a price in it; the rate it was checked by is stored (LEDGER-7),
    and so is the tax of where they live (LAW-10); `seen_country` is where the edge says their address is.
    `shown` is the version of the price list the page showed: when prices changed since, PriceChanged is raised and
    nothing is bought (LEDGER-7). Raises EmailUnverified, PurchaseTooLarge and PurchaseDayLimitReached (LEDGER-10), and
    PaymentsUnavailable. The same key returns the first purchase, opening its page if that failed before (LEDGER-4); nothing
    is credited here (LEDGER-6). Without `opens_page` Stripe is not asked: the same key opens the page later.
    """
    require_not_staff(person)
    require_verified(person)
    purchase = _find_known(person, key, (pack_id, tokens, return_url))
    if purchase is None:  # what was sold once is not asked for its price again: it may be gone from the shelf by now
        quote = quote_for(pack_id=pack_id, tokens=tokens, currency=person.currency, place=find_place_of(person))
        purchase = _store_quote(person, quote, key, shown, next_path, return_url, seen_country)
    if purchase.is_settled or purchase.checkout_url or not opens_page:
        return purchase
    return _open_page(purchase)


def converge_purchase(*, purchase_id: UUID, wait: bool = True) -> Purchase:
    """Bring status and ledger to what Stripe says of the purchase now, and return it.

    Locks the row first and asks Stripe after, so that order and number of callers do not matter: webhook, return page
    and sweep all call this. Posts target − already posted. Raises GatewayError when Stripe cannot be asked; with
    `wait=False` it returns at once when somebody else is at it.
    """
    try:
        with transaction.atomic():
            purchase = Purchase.objects.select_for_update(nowait=not wait).get(pk=purchase_id)
            _converge(purchase)
    except OperationalError as error:
        if wait or getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        return Purchase.objects.get(pk=purchase_id)
    return purchase


LOCK_NOT_AVAILABLE: Final = "55P03"


def look_at_purchase(*, purchase_id: UUID) -> Purchase:
    """Return the purchase for somebody who waits on its page, having asked Stripe if it is still pending.

    Never fails because Stripe does, and never waits for a worker that is at it: the page asks again (LEDGER-6).
    """
    purchase = get_purchase(id=purchase_id)
    if purchase.is_settled or purchase.quarantine_reason:
        return purchase
    try:
        return converge_purchase(purchase_id=purchase_id, wait=False)
    except gateway.GatewayError:
        return purchase


def converge_due_purchases(*, limit: int = 50) -> int:
    """Converge the purchases whose time has come, and return how many; one that fails waits longer, others go on."""
    done = 0
    for purchase_id in list_due_purchases(at=clock.now(), limit=limit):
        try:
            converge_purchase(purchase_id=purchase_id, wait=False)
            done += 1
        except gateway.GatewayError:
            _postpone(purchase_id)
    return done


def post_purchase(
    *, purchase_id: UUID, kept_minor: int, refunded_minor: int = 0, disputed_minor: int = 0, is_disputed: bool = False
) -> Purchase:
    """Post what is kept of a purchase's money, in minor units, and return the purchase.

    The part of `converge_purchase` that knows no Stripe: demo data credits tokens by it. Repeating it posts nothing.
    """
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update().get(pk=purchase_id)
        purchase.paid_at = purchase.paid_at or clock.now()
        purchase.next_check_at = None
        settle(purchase, kept=kept_minor, refunded=refunded_minor, disputed=disputed_minor, is_disputed=is_disputed)
        purchase.updated_at = clock.now()
        purchase.save()
        announce_balances(people={purchase.person_id})
    return purchase


def mark_purchase_due(*, purchase_id: UUID, intent_id: str = "") -> None:
    """Have a worker converge the purchase soon; remembers the payment intent that it turned out to belong to."""
    with transaction.atomic():
        Purchase.objects.filter(pk=purchase_id).update(next_check_at=clock.now())
        if intent_id:
            try:
                with transaction.atomic():
                    Purchase.objects.filter(pk=purchase_id, stripe_payment_intent_id="").update(
                        stripe_payment_intent_id=intent_id
                    )
            except IntegrityError:
                log.error("purchase_intent_taken", purchase=str(purchase_id), intent=intent_id)  # noqa: TRY400  the fault is in the data, not here
        outbox.enqueue(kind="economy.converge", payload={"purchase": str(purchase_id)}, key=str(purchase_id))


def receive_stripe_event(*, event_type: str, thing: dict[str, object]) -> None:
    """Mark the purchase an event is about as due. An event about nothing of ours is left alone.

    Runs in a worker and may ask Stripe which purchase a refund or dispute belongs to; raises GatewayError then.
    """
    if not event_type.startswith(MONEY_EVENTS):
        return
    intent_id, purchase_id = gateway.find_payment_intent(thing)
    found = Purchase.objects.filter(pk=purchase_id) if is_uuid(purchase_id) else Purchase.objects.none()
    if not found.exists() and intent_id:
        found = Purchase.objects.filter(stripe_payment_intent_id=intent_id)
    purchase = found.first()
    if purchase is None:
        log.warning("stripe_event_of_nobody", type=event_type, intent=intent_id)
        return
    mark_purchase_due(purchase_id=purchase.pk, intent_id=intent_id)


MONEY_EVENTS: Final = ("payment_intent.", "charge.", "checkout.session.", "refund.")


def _find_known(person: User, key: str, asked: tuple[UUID | None, int | None, str]) -> Purchase | None:
    """Return what this key has bought, if it was asked for the same: a pack, or so many tokens (LEDGER-4)."""
    known = Purchase.objects.filter(person=person, key=key).first()
    if known is None:
        return None
    pack_id, tokens, return_url = asked
    is_same = known.pack_id == pack_id and (pack_id is not None or known.tokens == tokens)
    if not is_same or known.return_url != return_url:
        raise IdempotencyConflict
    if known.status == Status.PENDING and known.quote_expires_at <= clock.now():
        raise QuoteExpired
    return known


def _store_quote(
    person: User, quote: Quote, key: str, shown: str | None, next_path: str, return_url: str, seen_country: str
) -> Purchase:
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(
            pk=person.pk
        )  # one purchase of a person at a time counts the day
        asked = quote.pack.pk if quote.pack else None, quote.tokens, return_url
        if (known := _find_known(person, key, asked)) is not None:
            return known
        if shown is not None and shown != get_shelf_for(person).version:
            raise PriceChanged(price=f"{quote.price.decimal} {quote.price.currency}")
        _require_within_limits(person, quote)
        return store_purchase(
            person, quote, key=key, seen_country=seen_country, next_path=next_path, return_url=return_url
        )


def store_purchase(person: User, quote: Quote, *, key: str, seen_country: str = "", **given: str) -> Purchase:
    """Store a quote as it is now (LEDGER-7); the caller holds the person's row and has looked at what they may buy."""
    now = clock.now()
    purchase = Purchase.objects.create(
        person=person,
        key=key,
        pack=quote.pack,
        tokens=quote.tokens,
        bonus_tokens=quote.bonus_tokens,
        amount_minor=quote.price.minor,
        currency=quote.price.currency,
        rate_micros=quote.rate.micros if quote.rate else None,
        rate_day=quote.rate.day if quote.rate else None,
        quote_expires_at=now + timedelta(seconds=settings.QUOTE_SECONDS),
        next_check_at=now + FIRST_CHECK,
        created_at=now,
        updated_at=now,
        **given,
    )
    keep_tax_quote(purchase, quote.tax, seen_country=seen_country)
    return purchase


def _require_within_limits(person: User, quote: Quote) -> None:
    if quote.tokens > settings.PURCHASE_MAX_TOKENS:
        raise PurchaseTooLarge(most=number_format(settings.PURCHASE_MAX_TOKENS, force_grouping=True))
    allowance = get_allowance(person, tokens=quote.tokens)
    if quote.tokens > allowance.left:
        at = allowance.at
        by_then = (at + timedelta(seconds=59)).astimezone(ZoneInfo(person.time_zone)) if at else None  # whole minutes
        when = date_format(by_then, _("j F, H:i")) if by_then else ""
        raise PurchaseDayLimitReached(
            left=allowance.left, most=allowance.most, at=at.isoformat() if at else None, when=when
        )


def _open_page(purchase: Purchase) -> Purchase:
    person = purchase.person
    here = settings.SITE_URL + reverse("economy:purchase", args=[purchase.pk])
    try:
        session = gateway.open_checkout(
            purchase_id=purchase.pk,
            customer_id=customer_of(person),
            title=_("%(tokens)s Digis tokens") % {"tokens": f"{purchase.total_tokens:,}"},
            amount_minor=purchase.amount_minor,
            currency=purchase.currency,
            success_url=purchase.return_url or here,
            cancel_url=purchase.return_url or f"{here}?left=1",
            about=say_tax_of(purchase),
        )
    except gateway.GatewayError as error:
        raise PaymentsUnavailable from error
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
        purchase.stripe_session_id = session.id
        purchase.checkout_url = session.url
        purchase.updated_at = clock.now()
        purchase.save(update_fields=["stripe_session_id", "checkout_url", "updated_at"])
    return purchase


def _converge(purchase: Purchase) -> None:
    """Do the work of `converge_purchase`; the row is locked."""
    now = clock.now()
    before = (purchase.status, purchase.credited_tokens, purchase.credited_bonus)
    refunded_before = purchase.refunded_minor
    session = gateway.get_checkout(purchase.stripe_session_id) if _needs_session(purchase) else None
    intent_id = purchase.stripe_payment_intent_id or (session.intent_id if session else send_charge(purchase))
    if intent_id:
        send_returns(purchase)
    payment = gateway.get_payment(intent_id) if intent_id else None

    if payment is not None and (fault := _mismatch(purchase, payment)):
        _quarantine(purchase, payment, fault)
        return
    if payment is not None:
        purchase.stripe_payment_intent_id = payment.id
        purchase.failure = payment.failure
        purchase.quarantine_reason = ""  # what it was put aside for is gone
    if payment is not None and payment.status == "succeeded":
        _settle(purchase, payment, now)
    elif purchase.status == Status.PENDING:
        _wait_or_end(purchase, session, payment, now)
    purchase.checks += 1
    purchase.next_check_at = _next_check(purchase, payment, now)
    purchase.updated_at = now
    purchase.save()
    if (purchase.status, purchase.credited_tokens, purchase.credited_bonus) != before:
        publish_on_commit(PurchaseSettled(purchase_id=purchase.pk), to=f"user:{purchase.person_id}")
        announce_balances(people={purchase.person_id})
        tell_of_purchase(purchase, was=before[0], refunded_before=refunded_before)
        if purchase.status == Status.DISPUTED:
            stop_plan(purchase)
        log.info("purchase_converged", purchase=str(purchase.pk), status=purchase.status, was=before[0])


def _needs_session(purchase: Purchase) -> bool:
    return bool(purchase.stripe_session_id) and purchase.status == Status.PENDING


def _mismatch(purchase: Purchase, payment: gateway.Payment) -> str:
    """Return what Stripe says differently from what was quoted, if anything: such a payment is never credited."""
    if payment.purchase_id != str(purchase.pk):
        return f"the payment names purchase {payment.purchase_id or 'none'}"
    if payment.amount != purchase.amount_minor or payment.received > purchase.amount_minor:
        return f"amount {payment.amount} (received {payment.received}), quoted {purchase.amount_minor}"
    if payment.currency != purchase.currency:
        return f"currency {payment.currency}, quoted {purchase.currency}"
    if payment.is_live != settings.STRIPE_LIVE_MODE:
        return "live payment in test mode" if payment.is_live else "test payment in live mode"
    return ""


def _quarantine(purchase: Purchase, payment: gateway.Payment, fault: str) -> None:
    purchase.quarantine_reason = fault[:200]
    purchase.next_check_at = None
    purchase.updated_at = clock.now()
    purchase.save(update_fields=["quarantine_reason", "next_check_at", "updated_at"])
    log.error("purchase_quarantined", purchase=str(purchase.pk), intent=payment.id, fault=fault)


def _settle(purchase: Purchase, payment: gateway.Payment, now: datetime) -> None:
    purchase.card = payment.card
    purchase.failure = ""
    purchase.paid_at = purchase.paid_at or now
    settle(
        purchase,
        kept=payment.kept,
        refunded=payment.refunded,
        disputed=payment.disputed,
        is_disputed=payment.has_open_dispute,
        case=case_of(payment.disputes),
    )
    note_disputes(purchase, payment.disputes)
    note_place(purchase, card=payment.card_country, billing=payment.billing_country)


def _wait_or_end(
    purchase: Purchase, session: gateway.CheckoutSession | None, payment: gateway.Payment | None, now: datetime
) -> None:
    """Decide about a purchase nobody has paid yet."""
    if payment is not None and payment.status in {"processing", "requires_capture"}:
        return
    if payment is not None and purchase.is_top_up:
        end_charge(purchase, payment)
        return
    if session is None:
        if purchase.quote_expires_at <= now:
            purchase.status = Status.EXPIRED
        return
    if session.status == "open" and purchase.quote_expires_at <= now:
        session = gateway.close_checkout(session.id)  # a page that was paid on meanwhile stays, and is seen next time
    if session.status == "expired":
        purchase.status = Status.EXPIRED
    elif session.status == "complete" and payment is not None:
        purchase.status = Status.FAILED


def _next_check(purchase: Purchase, payment: gateway.Payment | None, now: datetime) -> datetime | None:
    if purchase.status != Status.PENDING:
        return None
    if payment is not None and payment.status == "processing":
        return now + PROCESSING_CHECK
    soon = now + _backoff(purchase.checks)
    return min(soon, purchase.quote_expires_at) if purchase.quote_expires_at > now else soon


def _backoff(checks: int) -> timedelta:
    seconds = FIRST_CHECK.total_seconds() * (1 << min(checks, 10))
    return min(timedelta(seconds=seconds), LONGEST_CHECK)


def _postpone(purchase_id: UUID) -> None:
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update().get(pk=purchase_id)
        purchase.checks += 1
        purchase.next_check_at = clock.now() + _backoff(purchase.checks)
        purchase.save(update_fields=["checks", "next_check_at"])
