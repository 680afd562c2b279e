"""Tokens from person to person, within limits (LAW-13)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import audit, clock
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.idempotency import fingerprint_of, run_once
from digis.core.ids import uuid7
from economy.errors import (
    SpendingLimitReached,
    TokensOwed,
    TooFewBoughtTokens,
    TransferCapReached,
    TransferTooEarly,
)
from economy.kinds import tell_of_transfer
from economy.models import Transfer
from economy.selectors.balances import get_balance
from economy.selectors.giving import get_transfer, require_receiver
from economy.services.balances import announce_balances
from economy.services.charges import shortfall
from economy.sql import one

NOTE_LENGTH = 200


def transfer(*, giver: User, receiver: User, amount: int, note: str = "", key: str) -> Transfer:
    """Give somebody bought tokens, whole or not at all, and return the gift.

    Amount in tokens. Bonuses, gifts and disputed tokens are not given on; what arrives can be neither withdrawn nor given
    on (LAW-13). Both wallets are locked in id order (LEDGER-2); the giver's own limits count it as spent (LEDGER-10). The
    same key again returns the first gift, with `is_replay` set (LEDGER-4). Raises NotFound for whoever may not be given
    to (MOD-1, ACC-5), ValidationFailed, EmailUnverified, TransferTooEarly, TransferCapReached, InsufficientTokens,
    SpendingLimitReached and IdempotencyConflict.
    """
    require_not_staff(giver)
    require_verified(giver)
    text = " ".join(note.split())
    gift, is_replay = run_once(
        person=giver,
        scope="transfer",
        key=key,
        fingerprint=fingerprint_of(receiver=receiver.pk, amount=amount, note=text),
        act=lambda: _transfer(giver, receiver, amount, text, key),
        load=lambda ref: get_transfer(id=UUID(ref)),
        ref=lambda made: str(made.pk),
    )
    gift.is_replay = gift.is_replay or is_replay
    return gift


@transaction.atomic
def _transfer(giver: User, receiver: User, amount: int, note: str, key: str) -> Transfer:
    require_receiver(giver, receiver)
    _require_sound(giver, amount, note)
    outcome, transfer_id, covered = one(
        "SELECT outcome, transfer_id, covered FROM economy_transfer("
        "%(transfer)s, %(giver)s, %(receiver)s, %(amount)s, %(key)s, %(note)s, %(day)s, %(pair)s, %(now)s)",
        {
            "transfer": uuid7(),
            "giver": giver.pk,
            "receiver": receiver.pk,
            "amount": amount,
            "key": f"transfer:{giver.pk}:{fingerprint_of(key=key)}",
            "note": note,
            "day": settings.TRANSFER_DAY_TOKENS,
            "pair": settings.TRANSFER_DAY_PERSON_TOKENS,
            "now": clock.now(),
        },
    )
    if outcome == "conflict":
        raise IdempotencyConflict
    if outcome == "capped":
        raise TransferCapReached(most=covered)
    if outcome == "limited":
        raise SpendingLimitReached(left=covered)
    if outcome == "insufficient":
        refusal = shortfall(payer=giver, needed=amount, covered=covered)
        raise refusal if isinstance(refusal, TokensOwed) else TooFewBoughtTokens(needed=amount, covered=covered)
    gift = get_transfer(id=transfer_id)
    gift.is_replay = outcome == "duplicate"
    if outcome == "posted":
        _tell(gift)
    return gift


def check_transfer(*, giver: User, amount: int, note: str = "") -> None:
    """Raise what `transfer` would raise now for this amount, as far as it is known before it is asked for.

    ValidationFailed, TransferTooEarly, TokensOwed, TooFewBoughtTokens. The caps of a day are told by the act itself.
    """
    _require_sound(giver, amount, " ".join(note.split()))
    balance = get_balance(giver)
    if balance.debt or balance.purchased < amount:
        refusal = shortfall(payer=giver, needed=amount, covered=balance.purchased)
        raise (
            refusal if isinstance(refusal, TokensOwed) else TooFewBoughtTokens(needed=amount, covered=balance.purchased)
        )


def _require_sound(giver: User, amount: int, note: str) -> None:
    most = settings.TRANSFER_MAX_TOKENS
    if not 1 <= amount <= most:
        words = {"most": number_format(most, force_grouping=True)}
        raise ValidationFailed({"amount": [_("You can give up to %(most)s tokens at once.") % words]})
    if len(note) > NOTE_LENGTH:
        raise ValidationFailed({"note": [_("Use at most %(count)s characters.") % {"count": NOTE_LENGTH}]})
    if clock.now() - giver.created_at < timedelta(days=settings.TRANSFER_ACCOUNT_DAYS):
        raise TransferTooEarly(days=settings.TRANSFER_ACCOUNT_DAYS)


def _tell(gift: Transfer) -> None:
    audit.record(actor=gift.giver, action="economy.transfer", target=gift, data={"amount": gift.amount})
    announce_balances(people={gift.giver_id, gift.receiver_id})
    tell_of_transfer(gift)
