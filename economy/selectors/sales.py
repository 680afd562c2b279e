"""One sale of a creator, whole: its parts, what was given back of it, and what giving back would take (PAY-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from accounts.models import User
from digis.core.errors import NotFound
from economy.models import LedgerTransaction
from economy.selectors.earned import present_earned

Type = LedgerTransaction.Type


@dataclass(frozen=True, slots=True)
class Part:
    """One posting of a sale, and what was given back of it so far (a dispute that was won counts against that)."""

    id: UUID
    charged: int
    fee: int
    returned: int
    fee_returned: int

    @property
    def left(self) -> int:
        return self.charged - self.returned

    def fee_of(self, tokens: int) -> int:
        """Return the fee that goes back with so many tokens, as `economy_refund` will post it (LEDGER-11)."""
        return min(tokens, max(0, self.fee * (self.returned + tokens) // self.charged - self.fee_returned))


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale that may be given back, in tokens: `parts` newest first, the order in which they go back."""

    head: LedgerTransaction
    title: str
    parts: tuple[Part, ...]

    @property
    def charged(self) -> int:
        return sum(part.charged for part in self.parts)

    @property
    def left(self) -> int:
        return sum(part.left for part in self.parts)

    def split(self, tokens: int) -> list[tuple[Part, int]]:
        """Return of which parts so many tokens go back, the newest first; fewer where fewer are left."""
        taken, rest = [], tokens
        for part in self.parts:
            amount = min(rest, part.left)
            if amount > 0:
                taken.append((part, amount))
                rest -= amount
        return taken

    def fee_of(self, tokens: int) -> int:
        """Return how much of so many tokens is the platform's fee (PAY-5: it goes back to the buyer as well)."""
        return sum(part.fee_of(amount) for part, amount in self.split(tokens))


def get_sale(*, id: UUID, payee: User | None = None) -> Sale:  # noqa: A002  the house's selectors take `id`
    """Return a sale by its first posting, or of one creator only. Raises NotFound for what is none."""
    heads = LedgerTransaction.objects.filter(pk=id, type=Type.DEDUCTION, payee__isnull=False, is_first=True)
    head = (heads.filter(payee=payee) if payee else heads).select_related("person", "payee").first()
    if head is None or head.payee is None:
        raise NotFound
    parts = LedgerTransaction.objects.filter(pk=head.pk)
    if head.source_id:
        parts = LedgerTransaction.objects.filter(
            type=Type.DEDUCTION,
            kind=head.kind,
            source_type=head.source_type,
            source_id=head.source_id,
            person=head.person,
            payee=head.payee,
        )
    found = tuple(
        Part(part.pk, -part.amount, part.fee, part.returned or 0, -(part.fee_returned or 0))
        for part in parts.annotate(returned=Sum("reversals__amount"), fee_returned=Sum("reversals__fee")).order_by(
            "-id"
        )
    )
    (line,) = present_earned([head], viewer=head.payee)
    return Sale(head, line.title, found)


def list_sales_of(charges: Iterable[UUID]) -> list[Sale]:
    """Return the sales that these charges are postings of, each once, the oldest first."""
    found = LedgerTransaction.objects.filter(pk__in=list(charges), type=Type.DEDUCTION, payee__isnull=False)
    heads = [charge.pk if charge.is_first else _find_head(charge) for charge in found.order_by("pk")]
    return [get_sale(id=head) for head in dict.fromkeys(heads)]


def find_returnable(row: LedgerTransaction) -> int:
    """Return how many tokens of a sale can still be given back; nothing for what is no sale's first posting."""
    try:
        return get_sale(id=row.pk).left
    except NotFound:
        return 0


def _find_head(part: LedgerTransaction) -> UUID:
    """Return the first posting of the sale that this is a later one of."""
    heads = LedgerTransaction.objects.filter(
        type=Type.DEDUCTION,
        kind=part.kind,
        source_type=part.source_type,
        source_id=part.source_id,
        person=part.person_id,
        payee=part.payee_id,
        is_first=True,
    )
    return heads.values_list("pk", flat=True).get()
