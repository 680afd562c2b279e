"""What the ledger holds for a purchase, brought to what is kept of its money: credits, refunds, disputes (LEDGER-5, LEDGER-8)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings

from digis.core import clock, outbox
from economy import gateway
from economy.kinds import tell_of_adjustments
from economy.models import ChargeReversal, Dispute, Purchase, TokenLot
from economy.services.balances import RETURN_GRACE, announce_earnings
from economy.services.referrals import promise_referral
from economy.sql import one

Status = Purchase.Status


def settle(purchase: Purchase, *, kept: int, refunded: int, disputed: int, is_disputed: bool, case: str = "") -> None:
    """Post target − already posted for what is kept of the money, in minor units, and set the status that goes with it.

    `disputed` is what disputes took, or may keep; `case` names the one that creators read beside what it took from them.
    The caller holds the purchase's row and has read Stripe's truth after locking it, and saves the row. What disputes took
    from creators stands in the same proportion whatever was seen before: less of it is undone whole, then done anew.
    """
    kept = min(kept, purchase.amount_minor)
    purchase.refunded_minor, purchase.disputed_minor = refunded, disputed
    purchase.status = status_of(kept=kept, disputed=disputed, is_disputed=is_disputed)
    tokens, bonus = (of * kept // purchase.amount_minor for of in (purchase.tokens, purchase.bonus_tokens))
    before = ChargeReversal.objects.filter(purchase=purchase).order_by("-id").values_list("pk", flat=True).first() or 0
    touched = _standing(purchase)
    if disputed or touched:
        (creators,) = one(
            "SELECT economy_lock_dispute(%(purchase)s, %(now)s)", {"purchase": purchase.pk, "now": clock.now()}
        )
        if _is_too_much(touched, _disputed_part(purchase, kept)):
            _settle(purchase, purchase.tokens, purchase.bonus_tokens, is_disputed=is_disputed, pays_debt=False)
            _restore(purchase, case)
        if disputed:
            _reverse(purchase, creators, kept, case)
        announce_earnings(people=creators)
    _settle(purchase, tokens, bonus, is_disputed=is_disputed)
    if disputed or touched:
        tell_of_adjustments(purchase=purchase, since=before, undone=[row.pk for row in touched], case=case)
    promise_referral(purchase=purchase)
    if purchase.postings and (not purchase.invoices_made or purchase.invoiced_minor != kept):
        outbox.enqueue(kind="economy.invoice", payload={"purchase": str(purchase.pk)}, key=str(purchase.pk))


def status_of(*, kept: int, disputed: int, is_disputed: bool) -> Purchase.Status:
    """Return the status of a purchase that was paid, by what is kept and disputed of its money, in minor units."""
    if is_disputed or (disputed and not kept):
        return Status.DISPUTED
    return Status.PAID if kept else Status.REFUNDED


def note_disputes(purchase: Purchase, disputes: Iterable[gateway.Dispute]) -> None:
    """Keep what Stripe says of a purchase's disputes, for staff to answer them and look at the buyer's account."""
    now = clock.now()
    for said in disputes:
        facts = {
            "status": said.status,
            "reason": said.reason,
            "amount_minor": said.amount,
            "currency": said.currency,
            "due_at": said.answer_by,
            "opened_at": said.created_at,
        }
        dispute, is_new = Dispute.objects.get_or_create(stripe_id=said.id, defaults={"purchase": purchase, **facts})
        if not is_new:
            for name, value in facts.items():
                setattr(dispute, name, value)
        dispute.closed_at = None if dispute.is_open else dispute.closed_at or now
        dispute.save()


def case_of(disputes: Sequence[gateway.Dispute]) -> str:
    """Return the dispute that a change is put down to: the latest that took money, else the latest."""
    taking = [said for said in disputes if said.status in gateway.TAKING]
    latest = sorted(taking or disputes, key=lambda said: said.created_at)
    return latest[-1].id if latest else ""


def _standing(purchase: Purchase) -> list[ChargeReversal]:
    return list(ChargeReversal.objects.filter(purchase=purchase, restored__isnull=True).select_related("lot"))


def _is_too_much(standing: list[ChargeReversal], disputed: tuple[int, int]) -> bool:
    """Tell whether more of a lot's sales was taken back than is disputed of the lot now."""
    of_bonus = sum(row.amount for row in standing if row.lot.origin == TokenLot.Origin.BONUS)
    of_tokens = sum(row.amount for row in standing) - of_bonus
    tokens, bonus = disputed
    return of_tokens > tokens or of_bonus > bonus


def _disputed_part(purchase: Purchase, kept: int) -> tuple[int, int]:
    """Return how many tokens, and how much of the bonus, would still be kept if nothing were disputed."""
    undisputed = max(kept, purchase.amount_minor - purchase.refunded_minor)
    tokens, bonus = (
        of * undisputed // purchase.amount_minor - of * kept // purchase.amount_minor
        for of in (purchase.tokens, purchase.bonus_tokens)
    )
    return tokens, bonus


def _settle(purchase: Purchase, tokens: int, bonus: int, *, is_disputed: bool, pays_debt: bool = True) -> None:
    now = clock.now()
    one(
        "SELECT economy_settle_purchase(%(purchase)s, %(tokens)s, %(bonus)s, %(kind)s, %(expires_at)s, %(disputed)s, "
        "%(grace)s, %(now)s, %(pays_debt)s)",
        {
            "purchase": purchase.pk,
            "tokens": tokens,
            "bonus": bonus,
            "kind": "purchase_disputed" if purchase.disputed_minor else "purchase_returned",
            "expires_at": now + timedelta(days=settings.PROMOTIONAL_DAYS),
            "disputed": is_disputed,
            "grace": RETURN_GRACE,
            "now": now,
            "pays_debt": pays_debt,
        },
    )
    purchase.refresh_from_db(fields=["credited_tokens", "credited_bonus", "postings"])


def _reverse(purchase: Purchase, creators: list[object], kept: int, case: str) -> None:
    disputed_tokens, disputed_bonus = _disputed_part(purchase, kept)
    one(
        "SELECT economy_reverse_disputed(%(purchase)s, %(creators)s::uuid[], %(tokens)s, %(bonus)s, "
        "%(disputed_tokens)s, %(disputed_bonus)s, %(takes_settled)s, %(data)s::jsonb, %(grace)s, %(now)s)",
        {
            "purchase": purchase.pk,
            "creators": creators,
            "tokens": purchase.tokens * kept // purchase.amount_minor,
            "bonus": purchase.bonus_tokens * kept // purchase.amount_minor,
            "disputed_tokens": disputed_tokens,
            "disputed_bonus": disputed_bonus,
            "takes_settled": settings.DISPUTES_TAKE_SETTLED_EARNINGS,
            "data": json.dumps({"reason": "dispute", "dispute": case}),
            "grace": RETURN_GRACE,
            "now": clock.now(),
        },
    )


def _restore(purchase: Purchase, case: str) -> None:
    one(
        "SELECT economy_restore_disputed(%(purchase)s, %(data)s::jsonb, %(now)s)",
        {
            "purchase": purchase.pk,
            "data": json.dumps({"reason": "dispute_settled", "dispute": case}),
            "now": clock.now(),
        },
    )
