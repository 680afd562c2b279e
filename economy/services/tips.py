"""Tips: tokens to a creator because somebody wants to, with a word, a gift, a name or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import clock, registry
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.idempotency import fingerprint_of, run_once
from digis.core.ids import uuid7
from digis.core.realtime import publish_on_commit
from economy.errors import PriceChanged
from economy.events import TipReceived
from economy.kinds import tell_of_tip
from economy.models import Gift, Tip
from economy.selectors.earnings import fee_for
from economy.selectors.giving import TIP, get_payee, get_tip, list_gifts
from economy.services.charges import charge

MESSAGE_LENGTH = 200
MOST_GIFTS = 99


@dataclass(frozen=True, slots=True)
class Context:
    """Where a tip is given: the name of a payable context and the id of the thing in it."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class GiftChoice:
    """Which gift a tip is given as, and how many of it. The tip's amount is what the page showed for them."""

    id: UUID
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One tip as it was asked for."""

    payer: User
    payee: User
    amount: int
    message: str
    is_anonymous: bool
    key: str
    context: Context | None
    gift: GiftChoice | None

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(
            payee=self.payee.pk,
            amount=self.amount,
            message=self.message,
            anonymous=self.is_anonymous,
            context=[self.context.type, self.context.id] if self.context else None,
            gift=[self.gift.id, self.gift.quantity] if self.gift else None,
        )


def send_tip(
    *,
    payer: User,
    payee: User,
    amount: int,
    message: str = "",
    is_anonymous: bool = False,
    key: str,
    context: Context | None = None,
    gift: GiftChoice | None = None,
) -> Tip:
    """Pay a creator `amount` tokens of one's own accord, less the fee of the day, and return the tip.

    The charge, the tip, what the context does with it and the news of it are one transaction (LIVE-6). The same key again
    returns the first tip, with `is_replay` set (LEDGER-4). Raises NotFound for whoever cannot be paid by this person
    (MOD-1, ACC-5, ACC-6), ValidationFailed, PriceChanged for a gift (LEDGER-7), EmailUnverified, InsufficientTokens,
    SpendingLimitReached (LEDGER-10) and IdempotencyConflict.
    """
    require_not_staff(payer)
    require_verified(payer)
    wish = _Wish(
        payer=payer, payee=payee, amount=amount, message=" ".join(message.split()), is_anonymous=is_anonymous,
        key=key, context=context, gift=gift,
    )  # fmt: skip
    tip, is_replay = run_once(
        person=payer,
        scope="tip",
        key=key,
        fingerprint=wish.fingerprint,
        act=lambda: _send(wish),
        load=lambda ref: get_tip(id=UUID(ref)),
        ref=lambda made: str(made.pk),
    )
    tip.is_replay = tip.is_replay or is_replay
    return tip


@transaction.atomic
def _send(wish: _Wish) -> Tip:
    payer, payee, context = wish.payer, wish.payee, wish.context
    get_payee(payer, payee.pk)
    _require_sound(wish.amount, wish.message)
    gift = _gift(wish.gift, wish.amount)
    place, thing = _place(payer, payee, context)
    tip_id = uuid7()
    paid = charge(
        payer=payer,
        payee=payee,
        amount=wish.amount,
        kind="tip",
        key=f"tip:{payer.pk}:{fingerprint_of(key=wish.key)}",
        source_type=TIP,
        source_id=str(tip_id),
        fee_bp=fee_for(kind="tip", creator_id=payee.pk),
    )
    if paid.source_id != str(tip_id):  # the key was used so long ago that its record is gone; the ledger never forgets
        return _first(paid.source_id, wish)
    tip = Tip.objects.create(
        id=tip_id,
        transaction=paid,
        payer=payer,
        payee=payee,
        message=wish.message,
        is_anonymous=wish.is_anonymous,
        gift=gift,
        quantity=wish.gift.quantity if wish.gift else 1,
        context_type=context.type if context else "",
        context_id=context.id if context else "",
        created_at=clock.now(),
    )
    if place is not None and place.after is not None:
        place.after(thing, tip)
    publish_on_commit(TipReceived(tip_id=tip.pk), to=f"user:{payee.pk}")
    tell_of_tip(tip)
    return tip


def _require_sound(amount: int, message: str) -> None:
    least, most = settings.TIP_MIN_TOKENS, settings.TIP_MAX_TOKENS
    if not least <= amount <= most:
        words = {name: number_format(value, force_grouping=True) for name, value in (("least", least), ("most", most))}
        raise ValidationFailed({"amount": [_("A tip is between %(least)s and %(most)s tokens.") % words]})
    if len(message) > MESSAGE_LENGTH:
        raise ValidationFailed({"message": [_("Use at most %(count)s characters.") % {"count": MESSAGE_LENGTH}]})


def _gift(choice: GiftChoice | None, amount: int) -> Gift | None:
    """Return the gift when what was shown for so many of it is its price now."""
    if choice is None:
        return None
    gift = list_gifts().filter(pk=choice.id).first()
    if gift is None or not 1 <= choice.quantity <= MOST_GIFTS:
        raise ValidationFailed({"gift": [_("Choose one of the gifts that are on offer now.")]})
    if gift.tokens * choice.quantity != amount:
        raise PriceChanged(price=_("%(count)s tokens") % {"count": gift.tokens * choice.quantity})
    return gift


def _place(payer: User, payee: User, context: Context | None) -> tuple[registry.PayableContext | None, Any]:
    """Return the context's entry and the thing itself, which must pay this very creator."""
    if context is None:
        return None, None
    place = registry.payable_contexts.get(context.type)
    if place is None:
        raise ValidationFailed({"context": [_("Nobody can tip in a place of this kind.")]})
    thing = place.find(payer, context.id)
    if getattr(place.payee(thing), "pk", None) != payee.pk:
        raise ValidationFailed({"context": [_("This belongs to somebody else.")]})
    return place, thing


def _first(tip_id: str, wish: _Wish) -> Tip:
    tip = get_tip(id=UUID(tip_id))
    if (tip.message, tip.is_anonymous) != (wish.message, wish.is_anonymous):
        raise IdempotencyConflict
    tip.is_replay = True
    return tip
