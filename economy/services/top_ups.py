"""Buying tokens by itself, as a person agreed to: below a threshold, one pack at the price they saw, up to a monthly cap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import audit, clock, outbox
from digis.core.errors import NotFound, ValidationFailed
from digis.core.ids import uuid7
from economy.errors import PriceChanged, TaxUnavailable
from economy.kinds import tell_of_cap, tell_of_stopped_top_up
from economy.models import Purchase, SavedCard, TopUpPlan
from economy.selectors import Quote, get_limit_left, get_shelf_for, quote_for
from economy.selectors.purchases import get_allowance
from economy.selectors.taxes import find_place_of
from economy.selectors.top_ups import list_due_top_ups, list_top_ups, month_of
from economy.services.purchases import store_purchase

log = structlog.get_logger(__name__)
Stop = TopUpPlan.Stop

REST: Final = timedelta(minutes=10)  # before looking again whether a limit leaves room


def turn_on_top_up(
    *, person: User, threshold: int, pack_id: UUID, month_cap: int, shown: str | None = None
) -> TopUpPlan:
    """Agree that this pack is bought with the kept card whenever fewer than `threshold` tokens are free.

    `month_cap` counts tokens bought in a calendar month. The price is kept as it was shown (LEDGER-7): PriceChanged is
    raised when `shown` is not the present price list. Raises EmailUnverified, and ValidationFailed naming the field.
    """
    require_not_staff(person)
    require_verified(person)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        quote = _find_quote(person, pack_id)
        if quote is None:
            raise ValidationFailed({"pack": [_("This pack is not sold any more. Choose another.")]})
        card = SavedCard.objects.filter(person=person).first()
        _check(quote, card, threshold=threshold, month_cap=month_cap)
        if shown is not None and shown != get_shelf_for(person).version:
            raise PriceChanged(price=f"{quote.price.decimal} {quote.price.currency}")
        now = clock.now()
        plan, _is_new = TopUpPlan.objects.update_or_create(
            person=person,
            defaults={
                "is_on": True,
                "threshold": threshold,
                "pack_id": pack_id,
                "amount_minor": quote.price.minor,
                "currency": quote.price.currency,
                "month_cap": month_cap,
                "stop": "",
                "rests_until": None,
                "agreed_at": now,
                "updated_at": now,
            },
        )
        audit.record(
            actor=person,
            action="economy.top_up_on",
            target=person,
            data={"threshold": threshold, "pack": str(pack_id), "minor": plan.amount_minor, "month_cap": month_cap},
        )
    return plan


def turn_off_top_up(*, person: User) -> None:
    """Buy nothing by itself from now on; what is being paid at this moment still arrives."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if TopUpPlan.objects.filter(person=person, is_on=True).update(is_on=False, updated_at=clock.now()):
            audit.record(actor=person, action="economy.top_up_off", target=person)


def top_up_due(*, limit: int = 100) -> int:
    """Store the purchases that are due by now, and return how many; the outbox and the sweep have them paid.

    A person whose turn fails, because a tax engine does not answer, keeps nobody behind them waiting.
    """
    stored = 0
    for person_id in list_due_top_ups(at=clock.now(), limit=limit):
        try:
            stored += top_up(person_id=person_id) is not None
        except TaxUnavailable:
            log.warning("top_up_waits", person=str(person_id))
            TopUpPlan.objects.filter(person=person_id).update(rests_until=clock.now() + REST)
    return stored


def top_up(*, person_id: UUID) -> Purchase | None:
    """Store the purchase a person's plan calls for now, if it does, and have a worker pay it with their card.

    Everything is looked at again under the person's lock: that it is on and nothing is being bought, what is free, the
    month's cap, the price agreed to, what the account may buy in a day and what its owner lets themselves spend
    (LEDGER-10). Where it may not buy, the plan rests or stops, and its person is told.
    """
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=person_id)
        plan = TopUpPlan.objects.select_for_update(of=("self",)).select_related("pack").filter(person=person).first()
        if plan is None or not list_due_top_ups(at=clock.now(), person_id=person_id):
            return None
        card = SavedCard.objects.filter(person=person).first()
        if card is None or card.is_expired:
            _stop(plan, Stop.CARD)
            return None
        try:
            quote = _find_quote(person, plan.pack_id)
        except ValidationFailed:  # prices hold the tax of a place by now, and we do not know theirs
            quote = None
        if quote is None or quote.price != plan.price:
            _stop(plan, Stop.PRICE)
            return None
        rest = _rest(person, plan, quote)
        if rest is not None:
            plan.rests_until, plan.updated_at = rest, clock.now()
            plan.save(update_fields=["rests_until", "updated_at"])
            return None
        purchase = store_purchase(person, quote, key=f"top-up:{uuid7()}", stripe_payment_method_id=card.method_id)
        outbox.enqueue(kind="economy.converge", payload={"purchase": str(purchase.pk)}, key=str(purchase.pk))
    log.info("top_up_stored", purchase=str(purchase.pk))
    return purchase


def _rest(person: User, plan: TopUpPlan, quote: Quote) -> datetime | None:
    """Return until when a cap or a limit stands against buying now, or None."""
    now = clock.now()
    begins, ends = month_of(person, now)
    bought = sum(list_top_ups(person, since=begins).values_list("tokens", flat=True))
    if bought + quote.tokens > plan.month_cap:
        tell_of_cap(plan, month=begins, until=ends)
        return ends
    allowance = get_allowance(person, tokens=quote.tokens)
    if quote.tokens > allowance.left:
        return allowance.at or now + timedelta(days=1)
    return now + REST if get_limit_left(person.pk) == 0 else None


def _stop(plan: TopUpPlan, stop: Stop) -> None:
    plan.is_on, plan.stop, plan.updated_at = False, stop, clock.now()
    plan.save(update_fields=["is_on", "stop", "updated_at"])
    tell_of_stopped_top_up(plan)


def _find_quote(person: User, pack_id: UUID) -> Quote | None:
    try:
        return quote_for(pack_id=pack_id, currency=person.currency, place=find_place_of(person))
    except NotFound:
        return None


def _check(quote: Quote, card: SavedCard | None, *, threshold: int, month_cap: int) -> None:
    faults: dict[str, list[str]] = {}
    if card is None:
        faults["card"] = [_("Save a card first.")]
    elif card.is_expired:
        faults["card"] = [_("The card has expired. Save another first.")]
    if threshold < 1:
        faults["threshold"] = [_("Write 1 or more.")]
    elif threshold > quote.tokens + quote.bonus_tokens:
        faults["threshold"] = [
            _("Write %(most)s or less, or choose a larger pack: otherwise it would buy again at once.")
            % {"most": number_format(quote.tokens + quote.bonus_tokens, force_grouping=True)}
        ]
    if month_cap < quote.tokens:
        faults["month_cap"] = [
            _("Write %(least)s or more, or choose a smaller pack: otherwise nothing is ever bought.")
            % {"least": number_format(quote.tokens, force_grouping=True)}
        ]
    if faults:
        raise ValidationFailed(faults)
