"""What pages show differently when tokens move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from typing_extensions import override

from digis.core.realtime import Event


@dataclass(frozen=True)
class BalanceChanged(Event):
    """A person's free or held tokens changed: the chip in the top bar shows them as they are now."""

    name: ClassVar[str] = "wallet.balance"
    template: ClassVar[str] = "economy/parts/balance.html"

    person_id: UUID

    @override
    def context(self) -> dict[str, Any]:
        from economy.selectors import get_balance_of

        return {"wallet": get_balance_of(self.person_id)}


@dataclass(frozen=True)
class EarningsMoved(Event):
    """A creator's earnings changed: the top bar of the studio asks what they are, now and then, however often this comes.

    It brings no fragment: a creator who is paid a thousand times a second is summed where somebody looks.
    """

    name: ClassVar[str] = "studio.earnings"
    coalesces: ClassVar[bool] = True

    person_id: UUID


@dataclass(frozen=True)
class PayoutMoved(Event):
    """A payout came into another state: the page that shows it shows which."""

    name: ClassVar[str] = "studio.payout"
    template: ClassVar[str] = "economy/parts/payout_state.html"

    payout_id: UUID

    @override
    def context(self) -> dict[str, Any]:
        from economy.selectors import get_payout

        return {"payout": get_payout(id=self.payout_id)}


@dataclass(frozen=True)
class PurchaseSettled(Event):
    """A purchase came to an end: the page that waits for it shows which."""

    name: ClassVar[str] = "wallet.purchase"
    template: ClassVar[str] = "economy/purchase.html#state"

    purchase_id: UUID

    @override
    def context(self) -> dict[str, Any]:
        from economy.selectors import get_purchase

        return {"purchase": get_purchase(id=self.purchase_id)}


@dataclass(frozen=True)
class TipReceived(Event):
    """Somebody tipped: the creator's list of tips takes it in, and every tab says so. Hidden names stay hidden (LIVE-6)."""

    name: ClassVar[str] = "wallet.tip"
    template: ClassVar[str] = "economy/tips.html#news"

    tip_id: UUID

    @override
    def context(self) -> dict[str, Any]:
        from economy.selectors.giving import get_tip, present_tip

        return {"line": present_tip(get_tip(id=self.tip_id))}
