"""Charges: tokens from a person to a creator, the platform's fee taken on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import clock
from digis.core.errors import IdempotencyConflict
from economy.errors import InsufficientTokens, RefundTooLarge, SpendingLimitReached, TokensOwed
from economy.models import Hold, LedgerAccount, LedgerTransaction
from economy.selectors.earnings import hold_terms
from economy.services.balances import RETURN_GRACE, announce_balances, announce_earnings
from economy.sql import Outcome as Row
from economy.sql import one, rows

Outcome = Literal["posted", "duplicate", "insufficient", "limited", "nothing", "conflict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge to make. `charged_before` and `fee_before` say what this sale came to so far (LEDGER-11).

    `hold_to` refills the hold after the charge, as far as the balance reaches; None leaves what remains in it.
    `hold_days` is how long the creator's share waits; None asks PAY-1.
    """

    key: str
    payer_id: UUID
    payee_id: UUID | None
    amount: int
    kind: str
    source_type: str
    source_id: str
    fee_bp: int
    charged_before: int = 0
    fee_before: int = 0
    hold_id: UUID | None = None
    hold_to: int | None = None
    hold_days: int | None = None
    actor_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOutcome:
    """What became of a charge. `covered` is what the hold and the free balance would have paid."""

    key: str
    outcome: Outcome
    transaction_id: UUID | None
    amount: int
    share: int
    fee: int
    covered: int
    held: int
    spendable: int

    @property
    def is_charged(self) -> bool:
        """Whether the tokens moved, now or when this key was first used."""
        return self.outcome in {"posted", "duplicate"}

    @property
    def is_short(self) -> bool:
        """Whether funds, or the person's own limit, do not cover it."""
        return self.outcome in {"insufficient", "limited"}


def charge_many(*, charges: Sequence[Charge], announce: bool = True) -> list[ChargeOutcome]:
    """Make many charges in one round trip, each whole or not at all.

    Amounts are tokens. Funds never raise: the outcome says "insufficient" and what they would cover, or
    "limited" where it is the payer's own limit that stands against it (LEDGER-10). A key that was
    used before moves nothing and answers with the first charge (LEDGER-4). Payers are locked in id order (LEDGER-2); one
    payer's charges see each other in the order given. Outcomes come in that order too. `announce=False` leaves telling the
    people to the caller: a chip is rendered for each, which a sweep of thousands may not want.
    """
    if not charges:
        return []
    found = _spend([_request(number, item) for number, item in enumerate(charges)])  # one statement: all of it or none
    outcomes = [
        ChargeOutcome(
            key=item.key,
            outcome=cast("Outcome", row.outcome),
            transaction_id=row.transaction_id,
            amount=row.amount,
            share=row.share,
            fee=row.fee,
            covered=row.covered,
            held=row.held,
            spendable=row.spendable,
        )
        for item, row in zip(charges, found, strict=True)
    ]
    if announce:
        posted = [item for item, row in zip(charges, found, strict=True) if row.outcome == "posted"]
        announce_balances(people={item.payer_id for item in posted})
        announce_earnings(people={item.payee_id for item in posted if item.payee_id and item.amount})
    return outcomes


def charge(
    *,
    payer: User,
    payee: User,
    amount: int,
    kind: str,
    key: str,
    source_type: str,
    source_id: str,
    fee_bp: int,
    charged_before: int = 0,
    fee_before: int = 0,
    hold: Hold | None = None,
    actor: User | None = None,
    data: dict[str, Any] | None = None,
) -> LedgerTransaction:
    """Move `amount` tokens from payer to payee, less the platform's fee, and return the transaction.

    Spends from the hold first when one is given. Raises InsufficientTokens when hold and free balance do not cover it,
    SpendingLimitReached, EmailUnverified, StaffStandApart, and IdempotencyConflict when the key named something else; repeating a key returns the first transaction (LEDGER-4).
    """
    require_not_staff(payer)
    require_not_staff(payee)
    require_verified(payer)
    (outcome,) = charge_many(
        charges=[
            Charge(
                key=key,
                payer_id=payer.pk,
                payee_id=payee.pk,
                amount=amount,
                kind=kind,
                source_type=source_type,
                source_id=source_id,
                fee_bp=fee_bp,
                charged_before=charged_before,
                fee_before=fee_before,
                hold_id=hold.pk if hold else None,
                actor_id=actor.pk if actor else payer.pk,
                data=data or {},
            )
        ]
    )
    if outcome.outcome == "conflict":
        raise IdempotencyConflict
    if outcome.outcome == "limited":
        raise SpendingLimitReached(left=outcome.covered)
    if outcome.outcome == "insufficient":
        raise shortfall(payer=payer, needed=amount, covered=outcome.covered)
    return LedgerTransaction.objects.get(key=key)


def refund_charge(
    *,
    transaction_id: UUID,
    key: str,
    reason: str,
    amount: int | None = None,
    actor: User | None = None,
) -> LedgerTransaction:
    """Give a charge back, whole or in part, by a reversing transaction (LEDGER-1, LEDGER-3).

    Tokens return to the lots they came from, the fee comes back in proportion (PAY-5), and the creator's share is taken
    from pending, then available earnings, the rest standing as the creator's debt (PAY-4). Raises RefundTooLarge.
    """
    with transaction.atomic():
        first = LedgerTransaction.objects.get(pk=transaction_id)
        outcome, refund_id, left = one(
            "SELECT outcome, transaction_id, refunded FROM economy_refund("
            "%(charge)s, %(amount)s, %(key)s, %(actor)s, %(data)s::jsonb, %(grace)s, %(now)s)",
            {
                "charge": transaction_id,
                "amount": -first.amount if amount is None else amount,
                "key": key,
                "actor": actor.pk if actor else None,
                "data": json.dumps({"reason": reason}),
                "grace": RETURN_GRACE,
                "now": clock.now(),
            },
        )
        if outcome == "too_much":
            raise RefundTooLarge(left=left)
        refund = LedgerTransaction.objects.get(pk=refund_id)
        if refund.reverses_id != transaction_id:
            raise IdempotencyConflict
        if outcome == "posted" and first.person_id:
            announce_balances(people={first.person_id})
        if outcome == "posted" and first.payee_id:
            announce_earnings(people={first.payee_id})
    return refund


def shortfall(*, payer: User, needed: int, covered: int) -> InsufficientTokens:
    """Return the refusal that tells this person why their tokens do not cover it."""
    owed = (
        LedgerAccount.objects.filter(owner=payer, kind=LedgerAccount.Kind.DEBT)
        .values_list("balance", flat=True)
        .first()
    )
    if owed:
        return TokensOwed(needed=needed, owed=owed)
    return InsufficientTokens(needed=needed, covered=covered)


def _request(number: int, item: Charge) -> dict[str, Any]:
    return {
        "ord": number,
        "type": LedgerTransaction.Type.DEDUCTION if item.amount else LedgerTransaction.Type.HOLD,
        "kind": item.kind,
        "key": item.key,
        "source_type": item.source_type,
        "source_id": item.source_id,
        "payer": item.payer_id,
        "payee": item.payee_id if item.amount else None,
        "actor": item.actor_id,
        "amount": item.amount,
        "fee_bp": item.fee_bp,
        "charged_before": item.charged_before,
        "fee_before": item.fee_before,
        "hold": item.hold_id,
        "hold_to": item.hold_to,
        "is_strict": False,
        **({"hold_days": item.hold_days} if item.hold_days is not None else hold_terms(kind=item.kind)),
        "data": item.data,
    }


def _spend(requests: list[dict[str, Any]]) -> list[Row]:
    return [
        Row(*row)
        for row in rows(
            "SELECT ord, outcome, transaction_id, amount, share, fee, covered, held, spendable "
            "FROM economy_spend(%(requests)s::jsonb, %(now)s)",
            {"requests": json.dumps(requests, default=str), "now": clock.now()},
        )
    ]
