"""The money of a handful of people in plain Python: no database, no double entry. What the real one is held against.

It says what the rules say (LEDGER-3, LEDGER-8, LEDGER-9, LEDGER-11, PAY-1, PAY-4) in lists and integers, one act at a time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FEE_BP = 2_000
GRACE = timedelta(days=30)


@dataclass
class Lot:
    """Tokens that arrived together; `used` counts what left it, `expired` of that went back to the platform."""

    number: int
    owner: str
    origin: str  # purchase, bonus, grant
    granted: int
    remaining: int
    expires_at: datetime | None = None
    is_disputed: bool = False
    purchase: Purchase | None = None
    expired: int = 0
    held: int = 0

    @property
    def is_bought(self) -> bool:
        return self.origin == "purchase"

    def place(self) -> tuple[bool, datetime, int]:
        """Where it stands in spend order: promotional first, the soonest to expire first, then the oldest."""
        return (self.is_bought, self.expires_at or datetime.max.replace(tzinfo=UTC), self.number)

    def is_alive(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now

    def take_back(self, amount: int, now: datetime) -> None:
        self.remaining += amount
        if not self.is_alive(now):
            self.expires_at = now + GRACE


@dataclass
class Purchase:
    """Something bought, and what is kept of its money."""

    owner: str
    tokens: int
    bonus: int
    minor: int
    refunded: int = 0
    disputed: int = 0
    is_open: bool = False
    credited: Counter[str] = field(default_factory=Counter)
    lots: dict[str, Lot] = field(default_factory=dict)
    reversals: list[Reversal] = field(default_factory=list)

    def worth(self, minor: int) -> dict[str, int]:
        return {"purchase": self.tokens * minor // self.minor, "bonus": self.bonus * minor // self.minor}


@dataclass
class Sale:
    """Tokens paid to a creator. `uses` names the lots in the order they were taken."""

    payer: str
    payee: str
    amount: int
    fee: int
    uses: list[tuple[Lot, int]]
    granted_share: int  # of the creator's, what can never be withdrawn
    available_at: datetime
    is_settled: bool = False
    returned: int = 0
    fee_returned: int = 0
    back_granted: int = 0
    back_earned: int = 0
    back_by_lot: Counter[int] = field(default_factory=Counter)

    @property
    def earned(self) -> int:
        return self.amount - self.fee - self.granted_share

    @property
    def waiting(self) -> int:
        return 0 if self.is_settled else self.earned - self.back_earned

    def left_of(self) -> list[tuple[Lot, int]]:
        """What each lot paid of it and has not got back, the last taken first."""
        paid: dict[int, tuple[Lot, int]] = {}
        for lot, amount in self.uses:
            before = paid.pop(lot.number, (lot, 0))[1]
            paid[lot.number] = (lot, before + amount)
        left = [(lot, amount - self.back_by_lot[lot.number]) for lot, amount in paid.values()]
        return [(lot, amount) for lot, amount in reversed(left) if amount > 0]


@dataclass
class Reversal:
    """What a dispute took back of a sale, with all that is needed to give it again."""

    sale: Sale
    amount: int
    fee: int
    by_lot: list[tuple[Lot, int]]
    back_granted: int
    back_earned: int
    from_granted: int


class PlainLedger:
    """Balances by person: what the tests compare."""

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.sales: list[Sale] = []
        self.debt: Counter[str] = Counter()
        self.available: Counter[str] = Counter()
        self.granted: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()
        self.in_payout: Counter[str] = Counter()

    # ── a fan ──

    def mine(self, owner: str) -> list[Lot]:
        return sorted((lot for lot in self.lots if lot.owner == owner), key=Lot.place)

    def sums(self, owner: str) -> tuple[int, int, int, int]:
        mine = self.mine(owner)
        return (
            sum(lot.remaining for lot in mine if lot.is_bought),
            sum(lot.remaining for lot in mine if not lot.is_bought),
            sum(lot.held for lot in mine),
            self.debt[owner],
        )

    def free(self, owner: str, now: datetime) -> list[Lot]:
        if self.debt[owner]:
            return []
        return [lot for lot in self.mine(owner) if lot.remaining and not lot.is_disputed and lot.is_alive(now)]

    def spendable(self, owner: str, now: datetime) -> int:
        return sum(lot.remaining for lot in self.free(owner, now))

    def add_lot(self, owner: str, origin: str, amount: int, **more: object) -> Lot:
        lot = Lot(len(self.lots), owner, origin, amount, amount, **more)  # type: ignore[arg-type]
        self.lots.append(lot)
        return lot

    def hold(self, owner: str, amount: int, now: datetime) -> dict[int, int] | None:
        """Set tokens aside and return them by lot, or None where there are too few."""
        if self.spendable(owner, now) < amount:
            return None
        held: dict[int, int] = {}
        for lot in self.free(owner, now):
            part = min(amount, lot.remaining)
            if part:
                lot.remaining -= part
                lot.held += part
                held[lot.number] = part
                amount -= part
        return held

    def release(self, owner: str, held: dict[int, int], now: datetime) -> None:
        for number, amount in held.items():
            self.lots[number].held -= amount
            if amount:
                self.lots[number].take_back(amount, now)
        held.clear()
        self.pay_debt(owner, now)

    def sell(
        self,
        payer: str,
        payee: str,
        amount: int,
        now: datetime,
        available_at: datetime,
        held: dict[int, int] | None = None,
    ) -> Sale | None:
        """Pay a creator, from what is held first; None where there is too little."""
        free = self.free(payer, now)
        if sum((held or {}).values()) + sum(lot.remaining for lot in free) < amount:
            return None
        uses, left = [], amount
        for lot in sorted((self.lots[number] for number in held or {}), key=Lot.place):
            part = min(left, (held or {})[lot.number])
            if part:
                lot.held -= part
                (held or {})[lot.number] -= part
                uses.append((lot, part))
                left -= part
        for lot in free:
            part = min(left, lot.remaining)
            if part:
                lot.remaining -= part
                uses.append((lot, part))
                left -= part
        fee = amount * FEE_BP // 10_000
        granted = sum(part for lot, part in uses if lot.origin == "grant")
        granted_share = granted - (2 * fee * granted + amount) // (2 * amount)
        sale = Sale(payer, payee, amount, fee, uses, granted_share, available_at)
        self.granted[payee] += granted_share
        self.sales.append(sale)
        return sale

    def give_back(self, sale: Sale, amount: int, now: datetime, *, only: Lot | None = None) -> Reversal:
        """Return a part of a sale to its lots; the creator gives what is there, and owes the rest (PAY-4)."""
        by_lot, left = [], amount
        for lot, paid in sale.left_of():
            if left and (only is None or lot is only):
                part = min(left, paid)
                by_lot.append((lot, part))
                left -= part
        fee = min(amount, max(0, sale.fee * (sale.returned + amount) // sale.amount - sale.fee_returned))
        share = amount - fee
        for lot, part in by_lot:
            sale.back_by_lot[lot.number] += part
        of_grants = sum(part for lot, part in sale.uses if lot.origin == "grant")
        back_of_grants = sum(
            sale.back_by_lot[lot.number] for lot in {id(u): u for u, _ in sale.uses}.values() if lot.origin == "grant"
        )
        back_granted = sale.granted_share * back_of_grants // of_grants - sale.back_granted if of_grants else 0
        back_earned = min(share - min(share, max(0, back_granted)), sale.earned - sale.back_earned)
        back_granted = share - back_earned
        from_granted = min(self.granted[sale.payee], back_granted)
        from_earned = back_earned if not sale.is_settled else min(self.available[sale.payee], back_earned)
        self.granted[sale.payee] -= from_granted
        if sale.is_settled:
            self.available[sale.payee] -= from_earned
        self.owed[sale.payee] += share - from_granted - from_earned
        sale.returned += amount
        sale.fee_returned += fee
        sale.back_granted += back_granted
        sale.back_earned += back_earned
        for lot, part in by_lot:
            lot.take_back(part, now)
        self.pay_debt(sale.payer, now)
        return Reversal(sale, amount, fee, by_lot, back_granted, back_earned, from_granted)

    def pay_debt(self, owner: str, now: datetime) -> None:
        for lot in self.mine(owner):
            if self.debt[owner] and lot.origin != "grant" and lot.is_alive(now):
                part = min(self.debt[owner], lot.remaining)
                lot.remaining -= part
                self.debt[owner] -= part

    # ── a purchase ──

    def settle(self, bought: Purchase, now: datetime, expires_at: datetime) -> None:
        """Bring tokens and sales to what is kept of the money now (LEDGER-8)."""
        kept = max(0, bought.minor - bought.refunded - bought.disputed)
        most = bought.worth(max(kept, bought.minor - bought.refunded))
        target = bought.worth(kept)
        at_stake = {origin: most[origin] - target[origin] for origin in most}
        taken: Counter[str] = Counter()
        for each in bought.reversals:
            taken[each.by_lot[0][0].origin] += each.amount
        if any(taken[origin] > at_stake[origin] for origin in at_stake):
            self._credit(bought, {"purchase": bought.tokens, "bonus": bought.bonus}, now, expires_at)
            for each in reversed(bought.reversals):
                self._restore(each)
            bought.reversals = []
            taken.clear()
        if bought.disputed:
            for lot in sorted(bought.lots.values(), key=lambda lot: lot.number):
                need = min(
                    bought.credited[lot.origin] - target[lot.origin] - lot.remaining,
                    at_stake[lot.origin] - taken[lot.origin],
                )
                for sale in reversed(self.sales):
                    left = sum(amount for of, amount in sale.left_of() if of is lot)
                    if need > 0 and left and not sale.is_settled and sale.earned:
                        part = min(need, left)
                        bought.reversals.append(self.give_back(sale, part, now, only=lot))
                        need -= part
        if self._credit(bought, target, now, expires_at):
            self.pay_debt(bought.owner, now)

    def _credit(self, bought: Purchase, target: dict[str, int], now: datetime, expires_at: datetime) -> bool:
        changed = False
        for origin, wanted in target.items():
            delta = wanted - bought.credited[origin]
            lot = bought.lots.get(origin)
            changed = changed or bool(delta)
            if delta < 0 and lot is not None:
                part = min(-delta, lot.remaining)
                out = max(0, lot.granted - lot.remaining - lot.expired)
                self.debt[bought.owner] += min(-delta - part, out)
                lot.remaining -= part
            elif delta > 0 and lot is None:
                ends = expires_at if origin == "bonus" else None
                bought.lots[origin] = self.add_lot(bought.owner, origin, delta, expires_at=ends, purchase=bought)
            elif delta > 0 and lot is not None:
                lot.granted += delta - min(delta, lot.granted - lot.remaining - lot.held)
                lot.take_back(delta, now)
            bought.credited[origin] = wanted
        for lot in bought.lots.values():
            lot.is_disputed = bought.is_open
        return changed

    def _restore(self, each: Reversal) -> None:
        sale, payee = each.sale, each.sale.payee
        for lot, part in each.by_lot:
            lot.remaining -= part
            sale.back_by_lot[lot.number] -= part
        sale.returned -= each.amount
        sale.fee_returned -= each.fee
        sale.back_granted -= each.back_granted
        sale.back_earned -= each.back_earned
        self.granted[payee] += each.from_granted
        self.available[payee] += each.back_granted - each.from_granted + (each.back_earned if sale.is_settled else 0)
        self.pay_creator_debt(payee)

    # ── a creator ──

    def pending(self, creator: str) -> int:
        return sum(sale.waiting for sale in self.sales if sale.payee == creator)

    def pay_creator_debt(self, creator: str) -> None:
        part = min(self.available[creator], self.owed[creator])
        self.available[creator] -= part
        self.owed[creator] -= part

    def pass_time(self, now: datetime) -> None:
        """Release what is due, after what is owed; let promotional tokens expire (PAY-1, LEDGER-13)."""
        for creator in {sale.payee for sale in self.sales}:
            ripe = [s for s in self.sales if s.payee == creator and not s.is_settled and s.available_at <= now]
            total = sum(sale.waiting for sale in ripe)
            for sale in ripe:
                sale.is_settled = True
            part = min(total, self.owed[creator])
            self.owed[creator] -= part
            self.available[creator] += total - part
        for lot in self.lots:
            if not lot.is_alive(now):
                lot.expired += lot.remaining
                lot.remaining = 0
