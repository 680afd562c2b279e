"""Where one purchase or payout of ours, and what Stripe says of it, differ. Nothing is asked or changed here (PAY-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from digis.core.money import Money
from economy import gateway
from economy.models import Dispute, Finding, Payout, Purchase
from economy.services.settling import status_of

Kind, State = Finding.Kind, Payout.State
NEVER_PAID = {Purchase.Status.PENDING, Purchase.Status.FAILED, Purchase.Status.EXPIRED}


@dataclass(frozen=True, slots=True)
class Difference:
    """What both sides say, amounts in minor units. With `is_fault` no look at Stripe can bring them together."""

    kind: Finding.Kind
    stripe_says: str
    we_say: str
    stripe_minor: int | None = None
    our_minor: int | None = None
    currency: str = ""
    is_fault: bool = False


def agrees(purchase: Purchase, charge: gateway.Charge) -> bool:
    """Tell from the charge alone whether a purchase shows all of it; what was ever disputed takes a closer look."""
    kept = charge.amount - charge.refunded
    return (
        not charge.is_disputed
        and (purchase.stripe_payment_intent_id, purchase.currency) == (charge.intent_id, charge.currency)
        and (purchase.amount_minor, purchase.refunded_minor, purchase.disputed_minor)
        == (charge.amount, charge.refunded, 0)
        and purchase.status == status_of(kept=kept, disputed=0, is_disputed=False)
        and _is_credited(purchase, kept)
    )


def compare_purchase(purchase: Purchase, payment: gateway.Payment) -> Difference | None:
    """Return where a purchase and its payment differ: in the quote first, else in what became of the money."""
    quoted, said = write(purchase.amount_minor, purchase.currency), write(payment.amount, payment.currency)

    def differs(kind: Finding.Kind, said: str, ours: str, *, is_fault: bool) -> Difference:
        return Difference(kind, said, ours, payment.amount, purchase.amount_minor, payment.currency, is_fault=is_fault)

    if payment.currency != purchase.currency:
        return differs(Kind.CURRENCY_DIFFERS, said, quoted, is_fault=True)
    if payment.amount != purchase.amount_minor or payment.received > purchase.amount_minor:
        said = f"{said}, {write(payment.received, payment.currency)} received"
        return differs(Kind.AMOUNT_DIFFERS, said, quoted, is_fault=True)
    if payment.purchase_id != str(purchase.pk) or payment.is_live != settings.STRIPE_LIVE_MODE:
        said = f"{'live' if payment.is_live else 'test'} payment of purchase {payment.purchase_id or 'none'}"
        return differs(Kind.PURCHASE_DIFFERS, said, f"purchase {purchase.pk}", is_fault=True)
    if _shows(purchase, payment):
        return None
    return differs(Kind.PURCHASE_DIFFERS, _write_payment(payment), _write_purchase(purchase), is_fault=False)


def compare_payout(
    payout: Payout, transfers: Sequence[gateway.Transfer], banks: Sequence[gateway.BankPayout] | None
) -> Difference | None:
    """Return where a payout and its money differ. `banks` is None where the creator's account is gone from us.

    Other transfers than the payout's own are looked at only while it has none: each of those is a finding by itself.
    """
    if payout.fault:
        return _differs(payout, payout.fault, is_fault=True)
    if not payout.transfer_id:
        sent = [made for made in transfers if made.reversed < made.amount]
        return _differs(payout, ", ".join(_write_transfer(made) for made in sent)) if sent else None
    own = next((made for made in transfers if made.id == payout.transfer_id), None)
    if own is None:
        ours = f"{payout.state}: transfer {payout.transfer_id}"
        return Difference(Kind.MISSING_TRANSFER, "", ours, None, payout.amount_minor, payout.currency, is_fault=True)
    if (own.amount, own.currency, own.account_id) != (payout.amount_minor, payout.currency, payout.account_id):
        return _differs(payout, _write_transfer(own), own.amount, is_fault=True)
    if not _is_where(payout, own):
        return _differs(payout, _write_transfer(own), own.amount - own.reversed)
    return None if banks is None else _compare_banks(payout, banks)


def write(minor: int, currency: str) -> str:
    """Write an amount of minor units as staff read it in either book: 25.00 USD."""
    return f"{Money(minor, currency).decimal} {currency}"


def _shows(purchase: Purchase, payment: gateway.Payment) -> bool:
    """Tell whether status, refunds, disputes and credit are what the payment makes of them."""
    if payment.status != "succeeded":
        return purchase.status in NEVER_PAID and _is_credited(purchase, 0)
    kept = min(payment.kept, purchase.amount_minor)
    status = status_of(kept=kept, disputed=payment.disputed, is_disputed=payment.has_open_dispute)
    known = set(Dispute.objects.filter(purchase=purchase).values_list("stripe_id", "status", "amount_minor"))
    return (
        (purchase.status, purchase.refunded_minor, purchase.disputed_minor)
        == (status, payment.refunded, payment.disputed)
        and known == {(said.id, said.status, said.amount) for said in payment.disputes}
        and _is_credited(purchase, kept)
    )


def _is_credited(purchase: Purchase, kept: int) -> bool:
    tokens, bonus = (of * kept // purchase.amount_minor for of in (purchase.tokens, purchase.bonus_tokens))
    return (purchase.credited_tokens, purchase.credited_bonus) == (tokens, bonus)


def _is_where(payout: Payout, own: gateway.Transfer) -> bool:
    """Tell whether the money came back as far as the payout's state has it."""
    if payout.state == State.RETURNED:
        return own.reversed >= own.amount
    if payout.state == State.FAILED and payout.wish == Payout.Wish.RETURN:
        return own.reversed < own.amount  # it is being taken back
    return own.reversed == 0


def _compare_banks(payout: Payout, banks: Sequence[gateway.BankPayout]) -> Difference | None:
    given_up = [made for made in banks if made.id in payout.past_payout_ids]
    present = [made for made in banks if made.id not in payout.past_payout_ids]
    if len(present) > 1 or any(made.is_open or made.status == "paid" for made in given_up):
        return _differs(payout, ", ".join(_write_bank(made) for made in banks), is_fault=True)
    if not present:
        return _differs(payout, "nothing went to the bank") if payout.stripe_payout_id else None
    (made,) = present
    money = payout.bank_money
    if (made.amount, made.currency) != (money.minor, money.currency):
        return _differs(payout, _write_bank(made), made.amount, is_fault=True)
    ends = {"paid": {State.PAID}, "failed": {State.FAILED, State.RETURNED}, "canceled": {State.FAILED, State.RETURNED}}
    if made.id == payout.stripe_payout_id and payout.state in ends.get(made.status, {State.TRANSFERRED}):
        return None
    return _differs(payout, _write_bank(made), made.amount)


def _differs(payout: Payout, said: str, minor: int | None = None, *, is_fault: bool = False) -> Difference:
    ours = f"{payout.state}: {write(payout.amount_minor, payout.currency)}"
    ours += "".join(f", {name}" for name in (payout.transfer_id, payout.stripe_payout_id) if name)
    return Difference(Kind.PAYOUT_DIFFERS, said, ours, minor, payout.amount_minor, payout.currency, is_fault=is_fault)


def _write_payment(payment: gateway.Payment) -> str:
    parts = [f"{payment.status}: {write(payment.received, payment.currency)} received"]
    if payment.refunded:
        parts.append(f"{write(payment.refunded, payment.currency)} refunded")
    parts += [f"{said.id} {said.status} {write(said.amount, said.currency)}" for said in payment.disputes]
    return ", ".join(parts)


def _write_purchase(purchase: Purchase) -> str:
    parts = [f"{purchase.status}: {write(purchase.amount_minor, purchase.currency)} quoted"]
    if purchase.refunded_minor:
        parts.append(f"{write(purchase.refunded_minor, purchase.currency)} refunded")
    if purchase.disputed_minor:
        parts.append(f"{write(purchase.disputed_minor, purchase.currency)} disputed")
    return ", ".join([*parts, f"{purchase.received_tokens} of {purchase.total_tokens} tokens credited"])


def _write_transfer(made: gateway.Transfer) -> str:
    back = f", {write(made.reversed, made.currency)} reversed" if made.reversed else ""
    return f"{made.id} of {write(made.amount, made.currency)} to {made.account_id}{back}"


def _write_bank(made: gateway.BankPayout) -> str:
    return f"{made.id} of {write(made.amount, made.currency)}: {made.status}"
