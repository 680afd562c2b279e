"""Tips as payer and payee may see them, gifts on offer, and who can be paid or given to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import selectors as accounts
from accounts.models import User
from digis.core.errors import NotFound, ValidationFailed
from economy.models import Gift, LedgerTransaction, SpendingChoice, Tip, Transfer
from economy.sources import Source

TIP, TRANSFER = "tip", "transfer"  # source types of their movements


@dataclass(frozen=True, slots=True)
class TipLine:
    """A tip as its creator sees it: whoever hid their name is nobody here, and nowhere else on a creator's pages."""

    tip: Tip
    person: User | None
    name: str
    amount: int
    share: int
    withdrawable: int  # of the share; the rest was paid with free tokens (LEDGER-9)
    returned: int = 0  # tokens the payer got back

    @property
    def not_withdrawable(self) -> int:
        return self.share - self.withdrawable


def list_gifts() -> QuerySet[Gift]:
    """Return the gifts on offer, in the order of the shelf."""
    return Gift.objects.filter(is_offered=True)


def find_gift(id: UUID) -> Gift | None:  # noqa: A002  the house's selectors take `id`
    """Return a gift that is on offer, or None."""
    return list_gifts().filter(pk=id).first()


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing to tick in a tip sheet: what it sends, what it costs, whether it is ticked."""

    value: str
    tokens: int
    is_ticked: bool
    gift: Gift | None = None


def get_tip_shelf(*, picked: str = "", own: Any = None) -> dict[str, Any]:
    """Return the tiles of a tip sheet, and the amount its button names as it opens.

    A gift's tile carries its price, so that nobody pays another (LEDGER-7).
    """
    gifts = [(f"gift:{gift.pk}:{gift.tokens}", gift) for gift in list_gifts()]
    values = {str(amount) for amount in settings.TIP_PRESETS} | {value for value, _gift in gifts}
    usual = str(settings.TIP_PRESETS[len(settings.TIP_PRESETS) // 2])
    chosen = "" if own not in {None, ""} else picked if picked in values else usual
    amounts = [Tile(str(amount), amount, chosen == str(amount)) for amount in settings.TIP_PRESETS]
    presents = [Tile(value, gift.tokens, chosen == value, gift) for value, gift in gifts]
    named = next((tile.tokens for tile in (*amounts, *presents) if tile.is_ticked), 0)
    return {
        "amounts": amounts,
        "presents": presents,
        "has_gift": any(tile.is_ticked for tile in presents),
        "said": named,
        "least": settings.TIP_MIN_TOKENS,
    }


def find_payee(payer: User, handle: str) -> tuple[User, str | None]:
    """Return the creator a tip's address means, and their handle where it is written otherwise now.

    Raises NotFound for everybody who cannot be paid by this person: blocked either way, suspended, staff, no approved
    creator (MOD-1, ACC-5, ACC-6).
    """
    found, moved_to = accounts.resolve_handle(handle)
    return get_payee(payer, found.pk), moved_to


def get_payee(payer: User, payee_id: UUID) -> User:
    """Return a creator whom this person can pay. Raises NotFound, and ValidationFailed for oneself."""
    if payer.pk == payee_id:
        raise ValidationFailed({"to_username": [_("You cannot pay yourself.")]}, _("You cannot pay yourself."))
    payee = accounts.visible_creators(payer, listed_only=False).filter(pk=payee_id).first()
    if payee is None:
        raise NotFound
    return payee


def get_receiver(giver: User, handle: str) -> User:
    """Return whom a person may give tokens to by handle. Raises NotFound for staff and the blocked, and ValidationFailed."""
    return require_receiver(giver, accounts.get_person_by_handle(handle.strip().removeprefix("@")))


def require_receiver(giver: User, receiver: User) -> User:
    """Return the receiver when this person may give them tokens: known to them, no staff, address proven (LAW-13)."""
    if giver.pk == receiver.pk:
        raise ValidationFailed({"to_username": [_("You cannot give tokens to yourself.")]})
    if receiver.is_staff or not accounts.visible_people(giver).filter(pk=receiver.pk).exists():
        raise NotFound
    if not receiver.is_email_verified:
        raise ValidationFailed({"to_username": [_("They cannot receive tokens yet: their address is not proven.")]})
    return receiver


def get_confirm_above(person: User) -> int:
    """Return from which amount on a person is asked once more before paying, in tokens."""
    chosen = SpendingChoice.objects.filter(person=person).values_list("confirm_above", flat=True).first()
    return settings.CONFIRM_TOKENS if chosen is None else chosen


def is_first_purchase(payer: User, payee: User) -> bool:
    """Say whether a person never paid this creator before."""
    paid = LedgerTransaction.objects.filter(person=payer, payee=payee, type=LedgerTransaction.Type.DEDUCTION)
    return not paid.exists()


def needs_confirmation(payer: User, payee: User, amount: int) -> bool:
    """Say whether paying asks once more: a large amount, or the first purchase from this creator."""
    return amount > get_confirm_above(payer) or is_first_purchase(payer, payee)


def get_tip(*, id: UUID) -> Tip:  # noqa: A002  the house's selectors take `id`
    """Return one tip with its movement and people. Raises NotFound."""
    tip = _tips().filter(pk=id).first()
    if tip is None:
        raise NotFound
    return tip


def _tips() -> QuerySet[Tip]:
    tips = Tip.objects.select_related("transaction", "transaction__earning", "payer", "payee", "gift")
    return tips.annotate(returned=Sum("transaction__reversals__amount", default=0))


def list_tips_received(creator: User) -> QuerySet[Tip]:
    """Return the tips of a creator, newest first."""
    return _tips().filter(payee=creator).order_by("-id")


def list_tips_in(*, context_type: str, context_id: str) -> QuerySet[Tip]:
    """Return the tips given in one thing, newest first."""
    return _tips().filter(context_type=context_type, context_id=context_id).order_by("-id")


def present_tips(tips: Iterable[Tip]) -> list[TipLine]:
    """Turn tips into lines for the creator: hidden names stay hidden (LIVE-6)."""
    return [present_tip(tip) for tip in tips]


def present_tip(tip: Tip) -> TipLine:
    """Turn one tip into what its creator sees."""
    earning = getattr(tip.transaction, "earning", None)
    person = None if tip.is_anonymous else tip.payer
    return TipLine(
        tip=tip,
        person=person,
        name=_("Anonymous") if person is None else person.display_name,
        amount=tip.amount,
        share=tip.transaction.share,
        withdrawable=earning.amount if earning is not None else 0,
        returned=getattr(tip, "returned", 0),
    )


def hidden_payers(rows: Sequence[LedgerTransaction]) -> set[UUID]:
    """Return those movements, charges and their refunds, whose payer the payee may not know (LIVE-6), in one query."""
    ids = {row.source_id for row in rows if row.source_type == TIP}
    if not ids:
        return set()
    hidden = {str(pk) for pk in Tip.objects.filter(pk__in=ids, is_anonymous=True).values_list("pk", flat=True)}
    return {row.pk for row in rows if row.source_type == TIP and row.source_id in hidden}


def get_transfer(*, id: UUID) -> Transfer:  # noqa: A002  the house's selectors take `id`
    """Return one gift of tokens with its people."""
    return Transfer.objects.select_related("sent", "received", "giver", "receiver").get(pk=id)


def describe_tips(ids: list[str], viewer: User) -> dict[str, Source]:
    """Name the tips behind lines of a wallet, or of a creator's earnings."""
    sources = {}
    for tip in _tips().filter(pk__in=ids):
        if tip.payer_id == viewer.pk:
            words = {"name": tip.payee.display_name, "gift": _gift_words(tip)}
            title = (_("%(gift)s for %(name)s") if tip.gift else _("Tip to %(name)s")) % words
            url = reverse("discovery:creator", kwargs={"handle": tip.payee.username})
            sources[str(tip.pk)] = Source(title=title, url=url, person=tip.payee)
        elif tip.payee_id == viewer.pk:
            line = present_tip(tip)
            sources[str(tip.pk)] = Source(
                title=_("Tip from %(name)s") % {"name": line.name}, url=reverse("economy:tips"), person=line.person
            )
    return sources


def _gift_words(tip: Tip) -> str:
    if tip.gift is None:
        return ""
    return f"{tip.gift.name} × {tip.quantity}" if tip.quantity > 1 else tip.gift.name


def describe_transfers(ids: list[str], viewer: User) -> dict[str, Source]:
    """Name the gifts of tokens behind lines of a wallet, from either side."""
    sources = {}
    for gift in Transfer.objects.select_related("giver", "receiver").filter(pk__in=ids):
        if viewer.pk == gift.giver_id:
            title = _("Tokens for %(name)s") % {"name": gift.receiver.display_name}
            sources[str(gift.pk)] = Source(title=title, person=gift.receiver)
        elif viewer.pk == gift.receiver_id:
            title = _("Tokens from %(name)s") % {"name": gift.giver.display_name}
            sources[str(gift.pk)] = Source(title=title, person=gift.giver)
    return sources
