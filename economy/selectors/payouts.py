"""Payouts, the accounts they go to, and what may be paid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from babel.numbers import get_currency_name
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from digis.core import clock
from digis.core.currencies import EXPONENTS, currency_of_region
from digis.core.errors import NotFound
from digis.core.money import Money, earnings_in_money, exchange_down
from economy.models import LedgerAccount, Payout, PayoutAccount, PayoutStep, TaxProfile
from economy.selectors.balances import get_earnings
from economy.selectors.rates import find_rate
from economy.selectors.standing import sum_reserved

State = Payout.State

FAILURES: Final[dict[str, Any]] = {
    "account_closed": gettext_lazy("Your bank says that the account is closed."),
    "account_frozen": gettext_lazy("Your bank says that the account is frozen."),
    "bank_account_restricted": gettext_lazy("Your bank does not allow such payments into this account."),
    "bank_account_unusable": gettext_lazy("Stripe pays nothing more to this bank account. Give another one."),
    "bank_ownership_changed": gettext_lazy("Your bank’s branch changed hands, and the account with it."),
    "could_not_process": gettext_lazy("Your bank could not take the payment this time."),
    "debit_not_authorized": gettext_lazy("Your bank does not allow such payments into this account."),
    "declined": gettext_lazy("Your bank declined the payment. Ask them why before you try again."),
    "incorrect_account_holder_name": gettext_lazy("The name on the bank account is not the one you gave to Stripe."),
    "invalid_account_number": gettext_lazy("The account number is not right."),
    "invalid_currency": gettext_lazy("The bank account does not take this currency."),
    "no_account": gettext_lazy("Your bank knows no account with these details."),
    "payouts_not_allowed": gettext_lazy("Stripe has not opened your account for payouts."),
    "insufficient_capabilities_for_transfer": gettext_lazy("Your account at Stripe could not take the money."),
    "account_invalid": gettext_lazy("Your account at Stripe is not connected with us any more."),
    "balance_insufficient": gettext_lazy("The money is not in your account at Stripe at the moment."),
    "canceled": gettext_lazy("The payment was called back before it reached your bank."),
}


STEPS: Final[dict[str, Any]] = {
    State.REQUESTED: gettext_lazy("Set aside from your earnings"),
    State.IN_REVIEW: gettext_lazy("Our staff look at it, within two working days"),
    State.APPROVED: gettext_lazy("Approved"),
    State.TRANSFERRING: gettext_lazy("Being sent to your account at Stripe"),
    State.TRANSFERRED: gettext_lazy("In your account at Stripe, on to your bank"),
    State.PAID: gettext_lazy("Taken by your bank"),
    State.FAILED: gettext_lazy("Refused by your bank"),
    State.RETURNED: gettext_lazy("Back in your earnings"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a payout's way, as its page tells it."""

    state: str
    title: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """A payout in a list; `failure` says in a sentence why it did not get through."""

    payout: Payout
    failure: str


@dataclass(frozen=True, slots=True)
class Payable:
    """What a creator may be paid now: available tokens less what they owe and what is held back, and the money they come to.

    PAY-4, PAY-6, PAY-9.
    """

    tokens: int
    owed: int
    in_payout: int
    reserved: int = 0

    @property
    def money(self) -> Money:
        return earnings_in_money(self.tokens)


def get_payable(creator: User) -> Payable:
    """Return what may be paid out to a creator now."""
    kinds = LedgerAccount.Kind
    found = dict(
        LedgerAccount.objects.filter(
            owner=creator, kind__in=[kinds.AVAILABLE, kinds.CREATOR_DEBT, kinds.IN_PAYOUT]
        ).values_list("kind", "balance")
    )
    available, owed = found.get(kinds.AVAILABLE, 0), found.get(kinds.CREATOR_DEBT, 0)
    reserved = min(sum_reserved(creator), max(0, available - owed))
    return Payable(max(0, available - owed - reserved), owed, found.get(kinds.IN_PAYOUT, 0), reserved)


@dataclass(frozen=True, slots=True)
class StudioEarnings:
    """What a creator reads in the top bar of the studio, in tokens: what can be paid out now, and what still waits."""

    available: int
    pending: int


def get_studio_earnings(creator: User) -> StudioEarnings:
    """Return what the top bar of a creator's studio says."""
    return StudioEarnings(get_payable(creator).tokens, get_earnings(creator).pending)


def get_payout_account(creator: User) -> PayoutAccount | None:
    """Return a creator's account at Stripe as last read, if there is one."""
    return PayoutAccount.objects.filter(creator=creator).first()


@dataclass(frozen=True, slots=True)
class AtBank:
    """In which currency a creator's bank is paid, and what an amount would come to there by the rate of a day.

    `about` is an estimate, rounded down: Stripe's rate at the time decides. None in TOKEN_CURRENCY, and without a rate.
    """

    currency: str
    name: str
    is_exchanged: bool
    about: Money | None = None
    day: date | None = None


def present_at_bank(account: PayoutAccount | None, money: Money) -> AtBank | None:
    """Return how an amount would reach a creator's bank; before Stripe said its currency, by the country that was chosen."""
    if account is None or not (currency := account.currency or currency_of_region(account.country)):
        return None
    name = get_currency_name(currency, 2, locale=translation.to_locale(translation.get_language() or "en"))
    if currency == money.currency:
        return AtBank(currency, name, is_exchanged=False)
    rate = find_rate(currency) if currency in EXPONENTS else None
    if rate is None:
        return AtBank(currency, name, is_exchanged=True)
    return AtBank(currency, name, is_exchanged=True, about=exchange_down(money, rate), day=rate.day)


def get_tax_profile(creator: User) -> TaxProfile | None:
    """Return what a creator certified for the tax office, the number still sealed."""
    return TaxProfile.objects.filter(creator=creator).first()


def list_payouts(creator: User) -> QuerySet[Payout]:
    """Return a creator's payouts, newest first."""
    return Payout.objects.filter(creator=creator).order_by("-id")


def get_payout_for(creator: User, *, id: UUID) -> Payout:  # noqa: A002  the house's selectors take `id`
    """Return a creator's own payout. Raises NotFound for anybody else's."""
    found = Payout.objects.filter(pk=id, creator=creator).first()
    if found is None:
        raise NotFound
    return found


def get_payout(*, id: UUID) -> Payout:  # noqa: A002  the house's selectors take `id`
    """Return one payout with its creator."""
    return Payout.objects.select_related("creator").get(pk=id)


def has_payout(creator: User, *, key: str) -> bool:
    """Say whether this key already names a payout of the creator."""
    return Payout.objects.filter(creator=creator, key=key).exists()


def present_payouts(payouts: Sequence[Payout]) -> list[PayoutLine]:
    """Turn payouts into lines of a list, each with what went wrong, if something did."""
    return [PayoutLine(payout, say_failure(payout.failure_code)) for payout in payouts]


def present_steps(payout: Payout) -> list[Step]:
    """Return a payout's way so far, the first step first, as sentences."""
    return [
        Step(step.state, _say_step(step), say_failure(step.failure_code) or step.note, step.created_at)
        for step in payout.steps.order_by("id")
    ]


def _say_step(step: PayoutStep) -> str:
    if step.state == State.CANCELED:
        return _("Not approved") if step.note else _("Could not be sent") if step.failure_code else _("Called off")
    return str(STEPS[step.state])


def say_failure(code: str) -> str:
    """Return the sentence for a failure of Stripe's or a bank's."""
    return str(FAILURES.get(code, _("Your bank did not take the payment."))) if code else ""


def list_due_payouts(*, at: datetime, limit: int = 50) -> list[UUID]:
    """Return the payouts on which there is something to do by now, the longest due first."""
    due = Payout.objects.filter(next_check_at__lte=at).order_by("next_check_at")
    return list(due.values_list("pk", flat=True)[:limit])


def list_due_accounts(*, at: datetime, limit: int = 50) -> list[UUID]:
    """Return the creators whose accounts at Stripe are to be read by now, the longest due first."""
    due = PayoutAccount.objects.filter(next_sync_at__lte=at).order_by("next_sync_at")
    return list(due.values_list("pk", flat=True)[:limit])


def list_weekly_candidates(*, batch_id: UUID) -> list[UUID]:
    """Return the creators who may have enough for a weekly payout and are not in this batch yet, in id order."""
    least = -(-settings.PAYOUT_MIN_MINOR * 10_000 // settings.TOKEN_PAYOUT_MICROS)
    return list(
        LedgerAccount.objects.filter(kind=LedgerAccount.Kind.AVAILABLE, balance__gte=least)
        .filter(owner__payout_account__can_pay_out=True)
        .exclude(Exists(Payout.objects.filter(batch=batch_id, creator=OuterRef("owner"))))
        .order_by("owner_id")
        .values_list("owner_id", flat=True)
    )


def week_of(moment: datetime) -> date:
    """Return the day by which a week's batch is named: the last PAYOUT_WEEKDAY, in UTC."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=(day.weekday() - settings.PAYOUT_WEEKDAY) % 7)


def next_weekly(now: datetime | None = None) -> datetime:
    """Return when the next weekly payouts begin."""
    return datetime.combine(week_of(now or clock.now()) + timedelta(days=7), time.min, UTC)


def find_review_reason(creator: User, *, amount_minor: int) -> str:
    """Return why staff look at a payout of this amount first: "first", the milestone in minor units, or nothing (PAY-3)."""
    sent = Payout.objects.filter(creator=creator).filter(
        Q(state=State.PAID) | Q(state__in=[State.TRANSFERRING, State.TRANSFERRED])
    )
    if not sent.filter(state=State.PAID).exists():
        return "first"
    before = sent.aggregate(total=Sum("amount_minor", default=0))["total"]
    passed = [mark for mark in settings.PAYOUT_REVIEWED_AT_MINOR if before < mark <= before + amount_minor]
    return str(passed[-1]) if passed else ""


def sum_paid_out(creator: User) -> int:
    """Return the tokens a creator was ever paid out."""
    found = Payout.objects.filter(creator=creator, place=Payout.Place.PAYOUTS).aggregate(
        total=Sum(F("tokens"), default=0)
    )
    return int(found["total"])
