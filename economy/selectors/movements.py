"""What programs are told about a person's tokens: sums over a life, and movements one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from accounts.models import User
from economy.models import LedgerTransaction
from economy.selectors.balances import Earnings, get_balance, get_earnings
from economy.selectors.giving import hidden_payers
from economy.selectors.granted import granted_of
from economy.selectors.history import Line, present_history, sum_earned, sum_spent
from economy.selectors.purchases import list_purchases

Type = LedgerTransaction.Type


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """A person's tokens and earnings on one sheet."""

    spendable: int
    purchased: int
    promotional: int
    held: int
    debt: int
    lifetime_spent: int
    lifetime_earned: int
    earnings: Earnings


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction as its payer, or its payee, sees it. `balance_after` is of the payer's tokens, held ones included."""

    id: UUID
    type: str
    kind: str
    amount: int
    balance_after: int | None
    description: str
    counterparty: str | None
    non_withdrawable: int  # of what was earned, what came from free tokens (LEDGER-9)
    stripe_payment_id: str | None
    created_at: datetime


def get_account_sheet(person: User) -> AccountSheet:
    """Return what a person has, spent and earned, in a fixed number of queries."""
    balance = get_balance(person)
    return AccountSheet(
        spendable=balance.spendable,
        purchased=balance.purchased,
        promotional=balance.promotional,
        held=balance.held,
        debt=balance.debt,
        lifetime_spent=sum_spent(person),
        lifetime_earned=sum_earned(person),
        earnings=get_earnings(person),
    )


def list_movements(
    person: User, *, kind: str = "", since: datetime | None = None, until: datetime | None = None
) -> QuerySet[LedgerTransaction]:
    """Return the transactions a person paid or was paid by; `kind` is a type, or "earning" for what they earned."""
    mine, paid_out = Q(person=person), Q(payee=person, type=Type.PAYOUT)
    corrected = {"deduction": Q(type=Type.ADJUSTMENT, amount__lt=0), "refund": Q(type=Type.ADJUSTMENT, amount__gt=0)}
    earned = Q(payee=person) & ~Q(type=Type.PAYOUT)
    chosen = {"": mine | earned | paid_out, "earning": earned, Type.PAYOUT: paid_out}.get(
        kind, mine & (Q(type=kind) | corrected.get(kind, Q(pk__in=[])))
    )
    found = LedgerTransaction.objects.filter(chosen).exclude(type=Type.HOLD).select_related("payee", "person")
    if since:
        found = found.filter(created_at__gte=since)
    if until:
        found = found.filter(created_at__lt=until)
    before = LedgerTransaction.objects.filter(person=person, pk__lte=OuterRef("pk")).order_by().values("person")
    return found.annotate(
        running=Subquery(before.annotate(total=Sum("amount")).values("total")),
    )


def present_movements(rows: Sequence[LedgerTransaction], *, viewer: User) -> list[Movement]:
    """Turn transactions into movements as the viewer sees them, in a fixed number of queries."""
    lines = present_history(rows, viewer=viewer, is_whole=False)
    payments = {
        str(purchase.pk): purchase.stripe_payment_intent_id
        for purchase in list_purchases(viewer).filter(
            pk__in=[row.source_id for row in rows if row.source_type == "purchase"]
        )
    }
    earned = [row.pk for row in rows if row.payee_id == viewer.pk]
    granted = granted_of(earned) if earned else {}
    movements = []
    hidden = hidden_payers(rows)
    for row, line in zip(rows, lines, strict=True):
        is_mine = row.person_id == viewer.pk
        other = (row.payee or _other_giver(row, line)) if is_mine else None if row.pk in hidden else row.person
        movements.append(
            Movement(
                id=row.pk,
                type=_type_of(row) if is_mine or row.type == Type.PAYOUT else "earning",
                kind=row.kind,
                amount=row.data["tokens"] if row.type == Type.PAYOUT else row.amount if is_mine else row.share,
                balance_after=getattr(row, "running", None) if is_mine else None,
                description=line.title,
                counterparty=other.username if other and other.pk != viewer.pk else None,
                non_withdrawable=0 if is_mine else granted.get(row.pk, 0),
                stripe_payment_id=(payments.get(row.source_id) or None) if is_mine else None,
                created_at=row.created_at,
            )
        )
    return movements


def _type_of(row: LedgerTransaction) -> str:
    """Return the type as programs know it: a correction is money that left, or came back."""
    if row.type == Type.ADJUSTMENT:
        return str(Type.DEDUCTION if row.amount < 0 else Type.REFUND)
    return row.type


def _other_giver(row: LedgerTransaction, line: Line) -> User | None:
    """Return who stands on the other side of tokens between people."""
    return line.person if row.type == Type.TRANSFER else None


def has_purchase(person: User, *, key: str) -> bool:
    """Say whether this key already names a purchase of the person."""
    return list_purchases(person).filter(key=key).exists()
