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
from digis.core.models import AuditEntry
from digis.core.money import Money
from economy.models import ChargeReversal, Dispute, LedgerTransaction, Purchase, TopUpPlan
from economy.selectors.giving import hidden_payers
from economy.sources import attest, describe
from notifications.models import Channel, Delivery, Notification

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
    bought = f"{purchase.tokens:,} tokens{bonus} for {price}"
    card = f" with {purchase.card}" if purchase.card else ""
    if purchase.is_top_up:
        lines = [f"Bought by auto top-up on {_moment(purchase.created_at)}: {bought}.", *_agreement_lines(purchase)]
        how = f"{card}, the card the buyer had saved for this, off-session"
    else:
        lines = [f"Quoted on {_moment(purchase.created_at)}: {bought}."]
        how = f"{card} on Stripe’s hosted page"
    if purchase.paid_at:
        lines.append(f"Paid on {_moment(purchase.paid_at)}{how}; tokens delivered at once.")
    return [*lines, *_told_lines(purchase)] if purchase.is_top_up else lines


def _agreement_lines(purchase: Purchase) -> list[str]:
    """Say what the buyer had agreed to. A plan holds the newest agreement only: an older one stands in the audit log."""
    plan = TopUpPlan.objects.filter(person=purchase.person_id, agreed_at__lte=purchase.created_at).first()
    if plan is not None:
        at, threshold, minor, cap = plan.agreed_at, plan.threshold, plan.amount_minor, plan.month_cap
    else:
        entry = (
            AuditEntry.objects.filter(
                target_type=User._meta.label_lower,  # noqa: SLF001  Django's documented name
                target_id=str(purchase.person_id),
                action="economy.top_up_on",
                created_at__lte=purchase.created_at,
            )
            .order_by("-id")
            .first()
        )
        if entry is None:
            return []
        at, threshold = entry.created_at, int(entry.data["threshold"])
        minor, cap = int(entry.data["minor"]), int(entry.data["month_cap"])
    price = Money(minor, purchase.currency)  # of an agreement in another currency nothing is bought (LEDGER-7)
    terms = f"this pack for {price.decimal} {price.currency}, up to {cap:,} tokens in a calendar month"
    return [f"The buyer agreed to it on {_moment(at)}: whenever fewer than {threshold:,} tokens are free, {terms}."]


def _told_lines(purchase: Purchase) -> list[str]:
    """Say when the buyer was written to: in their inbox here, and by mail once it left."""
    news = Notification.objects.filter(
        target_type=Purchase._meta.label_lower,  # noqa: SLF001  Django's documented name
        target_id=str(purchase.pk),
        person=purchase.person_id,
        kind="economy.topped_up",
    ).first()
    if news is None:
        return []
    mail = news.deliveries.filter(channel=Channel.MAIL, sent_at__isnull=False, status=Delivery.Status.SENT).first()
    by_mail = f", and by e-mail sent on {_moment(mail.sent_at)}" if mail and mail.sent_at else ""
    return [f"The buyer was told of this payment in their inbox on {_moment(news.created_at)}{by_mail}."]


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
    """Say what this purchase's tokens paid. Of a sale that others paid for as well, only their part is named as used."""
    charges: dict[tuple[object, ...], list[Any]] = defaultdict(list)
    for charge in (
        LedgerTransaction.objects.filter(type=Type.DEDUCTION, lot_uses__lot__purchase=purchase, payee__isnull=False)
        .annotate(used=Sum("lot_uses__amount"))
        .select_related("payee")
        .order_by("id")
    ):
        charges[_whole_of(charge)].append(charge)
    sales = list(charges.items())[:PROOF_LINES]
    heads = [parts[0] for _whole, parts in sales]
    pairs = [(head.source_type, head.source_id) for head in heads]
    proofs = attest(pairs)
    titles = describe(pairs, viewer=purchase.person)
    totals, returned = _sum_wholes(purchase, heads), _sum_returned(purchase)
    lines = []
    for whole, parts in sales:
        head = parts[0]
        pair = (head.source_type, head.source_id)
        title = str(titles[pair].title) if pair in titles else f"{head.kind} to {head.payee.display_name}"
        used, total = sum(part.used for part in parts), totals[whole]
        paid = f"{used:,} of {total:,}" if used < total else f"{used:,}"
        back = sum(returned.get(part.pk, 0) for part in parts)
        given = f" {back:,} of them were given back to the buyer." if back else ""
        proof = f" {proofs[pair]}" if pair in proofs else ""
        lines.append(f"{_moment(head.created_at)}: {title}, {paid} tokens.{given}{proof}")
    return lines


def _whole_of(charge: LedgerTransaction) -> tuple[object, ...]:
    """Return what the parts of one sale have in common; a charge without a source stands for itself."""
    return (charge.source_type, charge.source_id or charge.pk, charge.payee_id)


def _sum_wholes(purchase: Purchase, heads: Sequence[LedgerTransaction]) -> dict[tuple[object, ...], int]:
    """Return what the buyer paid for each of these sales altogether, from whatever purchase."""
    same = Q(pk__in=[head.pk for head in heads]) | Q(
        source_type__in={head.source_type for head in heads},
        source_id__in={head.source_id for head in heads if head.source_id},
    )
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    for charge in LedgerTransaction.objects.filter(
        same, type=Type.DEDUCTION, person=purchase.person_id, payee__isnull=False
    ):
        sums[_whole_of(charge)] -= charge.amount
    return sums


def _sum_returned(purchase: Purchase) -> dict[UUID | None, int]:
    """Return how many of these tokens came back by charge, but for what disputes took back: that is what is fought over."""
    rows = (
        LedgerTransaction.objects.filter(type=Type.REFUND, lot_uses__lot__purchase=purchase, reverses__isnull=False)
        .exclude(pk__in=ChargeReversal.objects.filter(purchase=purchase).values("reversal"))
        .values_list("reverses")
        .annotate(back=-Sum("lot_uses__amount"))
    )
    return dict(rows)


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
