"""Giving a sale back to its buyer: by its creator, or by our staff (PAY-4, PAY-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core import audit
from digis.core.errors import ValidationFailed
from digis.core.idempotency import run_once
from economy.errors import RefundTooLarge
from economy.kinds import tell_of_return
from economy.models import LedgerTransaction
from economy.selectors.sales import Part, Sale, get_sale, list_sales_of
from economy.services.charges import refund_charge

LONGEST = 300


def give_back(*, actor: User, sale_id: UUID, tokens: int, reason: str, key: str) -> LedgerTransaction:
    """Give so many tokens of a sale back to its buyer and return the last movement of it.

    `sale_id` is the sale's first posting; `actor` its creator, or one of our staff. Tokens return to the lots they came
    from, the fee goes back as well (PAY-5), and what was paid out already stands as the creator's debt (PAY-4). The buyer
    reads `reason`; of what staff give back, so does the creator. The same key again gives nothing more (LEDGER-4). Raises
    NotFound for another's sale, RefundTooLarge, ValidationFailed and IdempotencyConflict.
    """
    if tokens < 1:
        raise ValidationFailed({"tokens": [_("Give back at least one token.")]})
    reason = " ".join(reason.split())
    if len(reason) > LONGEST or (actor.is_staff and not reason):
        raise ValidationFailed({"reason": [_("Say why in 1 to %(most)s characters.") % {"most": LONGEST}]})
    made, _is_replay = run_once(
        person=actor,
        scope="give_back",
        key=key,
        fingerprint=f"{sale_id}:{tokens}",
        act=lambda: _give_back(actor, sale_id, tokens, reason, key),
        load=lambda ref: LedgerTransaction.objects.get(pk=ref),
        ref=lambda last: str(last.pk),
    )
    return made


@transaction.atomic
def give_charges_back(*, staff: User, amounts: Mapping[UUID, int], because: str, reason: str, key: str) -> None:
    """Give so many tokens of each of these charges back, and tell both people once for each sale they are parts of.

    As `give_back` by staff, for what names charges and not sales: the fee goes back as well (PAY-5), what was paid out
    stands as the creator's debt (PAY-4), and both read `reason`. `because` is kept with each movement. Raises
    RefundTooLarge. Repeatable under the same key, which no other act may use.
    """
    for sale in list_sales_of(amounts):
        parts = [(part, amounts[part.id]) for part in sale.parts if amounts.get(part.id)]
        if parts:
            _post(sale, parts, actor=staff, because=because, reason=reason, key=key)


@transaction.atomic
def _give_back(actor: User, sale_id: UUID, tokens: int, reason: str, key: str) -> LedgerTransaction:
    sale = get_sale(id=sale_id, payee=None if actor.is_staff else actor)
    if tokens > sale.left:
        raise RefundTooLarge(left=sale.left)
    because = "staff" if actor.is_staff else "creator"
    return _post(sale, sale.split(tokens), actor=actor, because=because, reason=reason, key=f"back:{actor.pk}:{key}")


def _post(
    sale: Sale, parts: Sequence[tuple[Part, int]], *, actor: User, because: str, reason: str, key: str
) -> LedgerTransaction:
    """Give so much of each part back, note it, and tell both people; return the last movement."""
    posted = [
        refund_charge(
            transaction_id=part.id,
            amount=amount,
            key=f"{key}:{part.id}",
            reason=because,
            actor=actor,
        )
        for part, amount in parts
    ]
    tokens = sum(amount for _part, amount in parts)
    audit.record(
        actor=actor,
        action="economy.sale_given_back",
        target=sale.head,
        reason=reason,
        data={"tokens": tokens},
    )
    tell_of_return(
        sale=sale,
        tokens=tokens,
        share=-sum(one.share for one in posted),
        by=actor,
        reason=reason,
        key=str(posted[-1].pk),
    )
    return posted[-1]
