"""What creators of the demo earned in earlier months: sales, payouts that reached their banks, and payments that were disputed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from accounts.models import User
from digis.core import clock
from discovery.demo.people import DemoTip
from economy import services as economy
from economy.selectors import get_payable
from economy.services import past
from notifications.services import mark_read

Act = tuple[datetime, Callable[[datetime], None]]


@dataclass(frozen=True, slots=True)
class DemoBank:
    """Where a creator was paid, and what they told the tax office. The number is one of nobody's."""

    creator: str
    legal_name: str
    country: str
    number: str
    bank: str
    last4: str


@dataclass(frozen=True, slots=True)
class DemoPayout:
    """A payout of all there was, asked for so many days ago; `took` days to the bank, or still with our staff."""

    creator: str
    days: int
    took: int | None


@dataclass(frozen=True, slots=True)
class DemoDispute:
    """A payment that its buyer's bank took back: which purchase of theirs, when, why, and how it ended."""

    fan: str
    number: int
    case: str
    reason: str
    opened: int
    closed: int
    is_won: bool


TIPS = (
    DemoTip("marta.v", "ana", 166, 600, "For an hour that saved a whole kiln load"),
    DemoTip("marta.v", "ana", 152, 500, gift="Lighthouse"),
    DemoTip("marta.v", "theo.mensah", 148, 400, "The loop is on the wedding playlist."),
    DemoTip("marta.v", "ana", 141, 450),
    DemoTip("bruno.k", "lucia", 128, 500, gift="Lighthouse"),
    DemoTip("marta.v", "ana", 118, 800, "My first commission. You know why."),
    DemoTip("marta.v", "theo.mensah", 110, 450),
    DemoTip("marta.v", "ana", 104, 500, gift="Lighthouse"),
    DemoTip("bruno.k", "lucia", 100, 300, "Got the job, with your three pictures"),
    DemoTip("bruno.k", "sol.adeyemi", 90, 200, is_anonymous=True),
    DemoTip("marta.v", "ana", 88, 700),
    DemoTip("marta.v", "ana", 59, 500, gift="Lighthouse"),
    DemoTip("marta.v", "theo.mensah", 58, 300),
    DemoTip("marta.v", "ana", 52, 300, "Second firing, no cracks"),
    DemoTip("bruno.k", "ana", 46, 120),
    DemoTip("bruno.k", "lucia", 45, 100, gift="Cake"),
    DemoTip("bruno.k", "ana", 32, 200, "Thank you for the slow motion wedge"),
)

BANKS = (
    DemoBank("ana", "Ana Ferreira", "PT", "999999990", "Banco do Tejo", "4417"),
    DemoBank("theo.mensah", "Theo Mensah", "FR", "9999999999999", "Banque du Port", "0832"),
    DemoBank("lucia", "Lucía Ortega", "ES", "99999999R", "Caja del Turia", "6120"),
)  # opened anew at the stand-in for Stripe, where it runs (demo/accounts.py)

PAYOUTS = (
    DemoPayout("ana", 127, 4),
    DemoPayout("ana", 94, 3),
    DemoPayout("theo.mensah", 85, 5),
    DemoPayout("ana", 62, 2),
    DemoPayout("ana", 41, 3),
    DemoPayout("lucia", 1, None),
)

DISPUTES = (
    DemoDispute("bruno.k", 1, "dp_demo_unrecognized", "unrecognized", 43, 25, is_won=False),
    DemoDispute("bruno.k", 2, "dp_demo_not_received", "product_not_received", 30, 12, is_won=True),
)

READ = 26  # so many days ago all of it was old news


def list_acts(found: dict[str, User], *, at: Callable[[float, int], datetime]) -> Iterator[Act]:
    """Yield what happens, each with its moment; `at` tells the moment so many days ago at an hour."""
    for payout in PAYOUTS:
        yield at(payout.days, 9), partial(_ask, found, payout)
        if payout.took is not None:
            yield at(payout.days - payout.took, 9), partial(_arrive, found, payout)
    for bank in BANKS:
        yield at(READ, 8), partial(_read, found[bank.creator])
    for dispute in DISPUTES:
        yield at(dispute.opened, 14), partial(_dispute, found, dispute)
        yield at(dispute.closed, 14), partial(_decide, dispute)


def give_papers(found: dict[str, User], *, at: datetime) -> None:
    """Keep what the tax office asks for, and the banks that payouts went to."""
    with clock.at(at):
        for bank in BANKS:
            creator = found[bank.creator]
            economy.certify_tax_profile(
                creator=creator, legal_name=bank.legal_name, country=bank.country,
                form=past.FOREIGN, tin=bank.number,
            )  # fmt: skip
            past.record_past_account(creator=creator, country=bank.country, bank=bank.bank, last4=bank.last4)


def _ask(found: dict[str, User], payout: DemoPayout, moment: datetime) -> None:
    creator = found[payout.creator]
    with clock.at(moment):
        economy.mature_earnings(creator=creator)
        past.record_past_payout(creator=creator, tokens=get_payable(creator).tokens, key=_key(payout))


def _arrive(found: dict[str, User], payout: DemoPayout, moment: datetime) -> None:
    with clock.at(moment):
        past.settle_past_payout(creator=found[payout.creator], key=_key(payout))


def _read(creator: User, moment: datetime) -> None:
    """Look at everything in the bell."""
    with clock.at(moment):
        mark_read(person=creator, everything=True)


def _key(payout: DemoPayout) -> str:
    return f"demo:{PAYOUTS.index(payout)}"


def _dispute(found: dict[str, User], dispute: DemoDispute, moment: datetime) -> None:
    with clock.at(moment):
        past.record_past_dispute(
            person=found[dispute.fan], key=f"demo:{dispute.fan}:{dispute.number}",
            case=dispute.case, reason=dispute.reason, due_at=moment + timedelta(days=14),
        )  # fmt: skip


def _decide(dispute: DemoDispute, moment: datetime) -> None:
    with clock.at(moment):
        past.settle_past_dispute(case=dispute.case, is_won=dispute.is_won)
