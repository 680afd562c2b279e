"""Disputes as creators see them, and the evidence that staff send to the buyer's bank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import list_sessions
from digis.core.errors import NotFound
from economy.models import ChargeReversal, Dispute, LedgerTransaction, Purchase
from economy.selectors.giving import hidden_payers
from economy.sources import attest, describe

Type = LedgerTransaction.Type
PROOF_LINES: Final = 200  # Stripe takes 20,000 characters a field


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a dispute took back of one sale. `share` is the creator's part, in tokens, unsigned."""

    reversal: ChargeReversal
    title: str
    url: str
    share: int
    case: str
    state: str  # open, lost, restored
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What we know that speaks against a dispute, as sentences: the payment, the person, and what they had for it."""

    payment: list[str]
    person: list[str]
    use: list[str]
    addresses: list[str]

    @property
    def text(self) -> str:
        parts = (("Payment", self.payment), ("Account", self.person), ("Use of what was bought", self.use))
        return "\n\n".join("\n".join([f"{title}:", *lines]) for title, lines in parts if lines)


def get_dispute(*, id: int) -> Dispute:  # noqa: A002  the house's selectors take `id`
    """Return a dispute with its purchase and the buyer. Raises NotFound."""
    try:
        return Dispute.objects.select_related("purchase__person").get(pk=id)
    except Dispute.DoesNotExist:
        raise NotFound from None


def list_adjustments(creator: User) -> QuerySet[ChargeReversal]:
    """Return what disputes took back from a creator, newest first: a sale once for each case, whatever lots paid it."""
    return (
        ChargeReversal.objects.filter(~_another(reversal__data__dispute=_case_of_outer(), pk__gt=OuterRef("pk")))
        .filter(reversal__payee=creator)
        .select_related("reversal__person")
        .annotate(is_open=Exists(Dispute.objects.filter(purchase=OuterRef("purchase"), status__in=Dispute.OPEN)))
        .order_by("-id")
    )


def present_adjustments(rows: Sequence[ChargeReversal], *, viewer: User) -> list[Adjustment]:
    """Turn reversals into lines: what was sold, the case, and how it stands, in a fixed number of queries."""
    heads = [row.reversal for row in rows]
    sources = describe(((head.source_type, head.source_id) for head in heads), viewer=viewer)
    hidden = hidden_payers(heads)
    taken = _sum_cases(viewer, rows)
    lines = []
    for row in rows:
        head = row.reversal
        source = sources.get((head.source_type, head.source_id))
        payer = _("somebody") if head.pk in hidden or head.person is None else head.person.display_name
        share, is_restored = taken[(*_sale_of(row), _case(row))]
        lines.append(
            Adjustment(
                reversal=row,
                title=str(source.title) if source else _("Paid by %(name)s") % {"name": payer},
                url=source.url if source else "",
                share=share,
                case=_case(row),
                state="restored" if is_restored else "open" if getattr(row, "is_open", False) else "lost",
                at=row.created_at,
            )
        )
    return lines


def list_repeats(creator: User) -> list[QuerySet[ChargeReversal, Any]]:
    """Return, as parts of a query, the movements that turn the same sale round at the same moment as another does.

    A sale that tokens of two lots paid, or one posted in parts, is taken back and given again by a movement for each.
    """
    mine = ChargeReversal.objects.filter(reversal__payee=creator)
    taken = mine.filter(_another(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")))
    given = _another(restored__created_at=OuterRef("restored__created_at"), pk__lt=OuterRef("pk"))
    return [taken.values("reversal"), mine.filter(given, restored__isnull=False).values("restored")]


def sum_repeats(creator: User, movements: Sequence[LedgerTransaction]) -> dict[UUID, tuple[int, int]]:
    """Return (share, fee) of the sale that each of these movements turned round, by movement, over all lots and parts."""
    moved = [movement.pk for movement in movements if movement.reverses_id]
    of_these = Q(reversal__in=moved) | Q(restored__in=moved)
    rows = (
        ChargeReversal.objects.filter(reversal__payee=creator)
        .filter(purchase__in=ChargeReversal.objects.filter(of_these).values("purchase"))
        .select_related("reversal", "restored")
    )
    sums: dict[object, list[LedgerTransaction]] = defaultdict(list)
    for row in rows:
        for movement in (row.reversal, row.restored):
            if movement is not None:
                sums[(*_sale_of(row), movement.type, movement.created_at)].append(movement)
    return {
        movement.pk: (sum(other.share for other in group), sum(other.fee for other in group))
        for group in sums.values()
        for movement in group
    }


def sum_adjusted(creator: User) -> int:
    """Return the tokens of a creator's share that disputes hold or have taken for good."""
    rows = LedgerTransaction.objects.filter(
        payee=creator, pk__in=ChargeReversal.objects.filter(restored__isnull=True).values("reversal")
    )
    found = rows.aggregate(amount=Sum("amount", default=0), fee=Sum("fee", default=0))
    return int(found["amount"] + found["fee"])


def gather_evidence(dispute: Dispute) -> Evidence:
    """Return what speaks for us, for staff to read and the bank to be sent. English: banks read it."""
    purchase = dispute.purchase
    person = purchase.person
    sessions = list_sessions(person, current_key=None)
    return Evidence(
        payment=_payment_lines(purchase),
        person=[
            f"{person.display_name} (@{person.username}), {person.email}, member since {_day(person.created_at)}.",
            f"E-mail address proven on {_day(person.email_verified_at)}."
            if person.email_verified_at
            else "E-mail address not proven.",
            *(
                f"Signed in on {row.device} from {row.ip}, from {_moment(row.created_at)} to {_moment(row.last_seen_at)}."
                for row in sessions
            ),
            *_earlier(purchase),
        ],
        use=_use_lines(purchase),
        addresses=[row.ip for row in sessions if row.ip],
    )


def _payment_lines(purchase: Purchase) -> list[str]:
    price = f"{purchase.price.decimal} {purchase.currency}"
    bonus = f" and {purchase.bonus_tokens:,} bonus tokens" if purchase.bonus_tokens else ""
    lines = [f"Quoted on {_moment(purchase.created_at)}: {purchase.tokens:,} tokens{bonus} for {price}."]
    if purchase.paid_at:
        card = f" with {purchase.card}" if purchase.card else ""
        lines.append(f"Paid on {_moment(purchase.paid_at)}{card} on Stripe’s hosted page; tokens delivered at once.")
    return lines


def _earlier(purchase: Purchase) -> list[str]:
    """Count the person's other payments that nobody disputed: banks weigh them."""
    good = Purchase.objects.filter(person=purchase.person_id, status=Purchase.Status.PAID, disputed_minor=0).exclude(
        pk=purchase.pk
    )
    number = good.count()
    if not number:
        return []
    if number == 1:
        return ["1 other payment by the same person was never disputed."]
    return [f"{number:,} other payments by the same person were never disputed."]


def _use_lines(purchase: Purchase) -> list[str]:
    charges = list(
        LedgerTransaction.objects.filter(type=Type.DEDUCTION, lot_uses__lot__purchase=purchase, payee__isnull=False)
        .distinct()
        .select_related("payee")
        .order_by("id")[:PROOF_LINES]
    )
    pairs = [(charge.source_type, charge.source_id) for charge in charges]
    proofs = attest(pairs)
    titles = describe(pairs, viewer=purchase.person)
    lines, seen = [], set()
    for charge in charges:
        pair = (charge.source_type, charge.source_id)
        if pair in seen:
            continue
        seen.add(pair)
        creator = charge.payee.display_name if charge.payee else ""
        title = str(titles[pair].title) if pair in titles else f"{charge.kind} to {creator}"
        paid = sum(-other.amount for other in charges if (other.source_type, other.source_id) == pair)
        proof = f" {proofs[pair]}" if pair in proofs else ""
        lines.append(f"{_moment(charge.created_at)}: {title}, {paid:,} tokens.{proof}")
    return lines


def _another(**so: object) -> Exists:
    """Return the condition that another row is of the same sale and the same purchase, and is `so`."""
    like = ("payee", "person", "kind", "source_type", "source_id")
    same = ChargeReversal.objects.filter(
        purchase=OuterRef("purchase"), **{f"reversal__{name}": OuterRef(f"reversal__{name}") for name in like}, **so
    )
    return Exists(same.filter(~Q(reversal__source_id="") | Q(charge=OuterRef("charge"))))


def _case_of_outer() -> OuterRef:
    return OuterRef("reversal__data__dispute")


def _sale_of(row: ChargeReversal) -> tuple[object, ...]:
    """Return what two rows have in common that are of one sale and one purchase, as `_another` asks it."""
    of = row.reversal
    return (row.purchase_id, of.person_id, of.kind, of.source_type, of.source_id or row.charge_id)


def _case(row: ChargeReversal) -> str:
    return str(row.reversal.data.get("dispute", ""))


def _sum_cases(creator: User, rows: Sequence[ChargeReversal]) -> dict[tuple[object, ...], tuple[int, bool]]:
    """Return the creator's share of each sale that each case holds, or gave again last, and whether it did that."""
    found = ChargeReversal.objects.filter(
        reversal__payee=creator, purchase__in={row.purchase_id for row in rows}
    ).select_related("reversal", "restored")
    groups: dict[tuple[object, ...], list[ChargeReversal]] = defaultdict(list)
    for row in found:
        groups[(*_sale_of(row), _case(row))].append(row)
    return {sale: _stand_of(group) for sale, group in groups.items()}


def _stand_of(group: Sequence[ChargeReversal]) -> tuple[int, bool]:
    """Return what is taken of one sale, or was until it was given again: a look may have undone another and done it anew."""
    standing = [row for row in group if row.restored is None]
    last = max((row.restored.created_at for row in group if row.restored), default=None)
    counted = standing or [row for row in group if row.restored and row.restored.created_at == last]
    return -sum(row.reversal.share for row in counted), not standing


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else "—"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
