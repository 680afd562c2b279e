"""What stands between a creator and a payout, as sentences that say what to do (PAY-3, PAY-7, ACC-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import find_recent_email_change
from accounts.selectors.people import PAYOUT_PAUSE
from digis.core import clock
from digis.core.templatetags.digis import cents
from economy.models import Payout, PayoutAccount, TaxProfile
from economy.selectors.payouts import get_payable
from economy.selectors.standing import get_standing

DOCUMENT: Final = gettext_lazy("a photo of your identity document")
REQUIREMENTS: Final[dict[str, Any]] = {
    "external_account": gettext_lazy("your bank account"),
    "business_type": gettext_lazy("whether you are a person or a company"),
    "individual.dob": gettext_lazy("your date of birth"),
    "individual.first_name": gettext_lazy("your name"),
    "individual.last_name": gettext_lazy("your name"),
    "individual.address": gettext_lazy("your address"),
    "individual.email": gettext_lazy("your e-mail address"),
    "individual.phone": gettext_lazy("your phone number"),
    "individual.id_number": gettext_lazy("your tax or identity number"),
    "individual.ssn_last_4": gettext_lazy("your tax or identity number"),
    "individual.verification": DOCUMENT,
    "tos_acceptance": gettext_lazy("your agreement to Stripe’s terms"),
}


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why nothing is paid out now. `is_setup`: the creator has to do something once, at `url`."""

    code: str
    text: str
    url: str = ""
    act: str = ""  # the words of the link
    until: datetime | None = None
    is_setup: bool = False
    items: tuple[str, ...] = ()


def list_blockers(creator: User, *, kind: Payout.Kind = Payout.Kind.MANUAL) -> list[Blocker]:
    """Return everything that stands against a payout of this kind now, what has to be set up first.

    An empty list means that one may begin. Suspension is no reason: what was earned may be withdrawn (ACC-9).
    """
    account = PayoutAccount.objects.filter(creator=creator).first()
    return [*list_holdups(creator, account), *_moment(creator, kind)]


def list_holdups(creator: User, account: PayoutAccount | None) -> list[Blocker]:
    """Return what stands against money leaving for a creator's bank, whatever the amount; asked before each step."""
    return [*_papers(creator), *_account(account), *_caution(creator, account)]


def list_holdups_of(payout: Payout) -> list[Blocker]:
    """Return what a payout under way waits for, as far as the creator can know or do something about it."""
    if payout.state not in {
        Payout.State.REQUESTED,
        Payout.State.APPROVED,
        Payout.State.TRANSFERRED,
        Payout.State.FAILED,
    }:
        return []
    if (payout.state == Payout.State.TRANSFERRED and payout.stripe_payout_id) or payout.wish == Payout.Wish.RETURN:
        return []  # nothing more leaves
    return list_holdups(payout.creator, PayoutAccount.objects.filter(pk=payout.creator_id).first())


def name_requirements(names: list[str]) -> tuple[str, ...]:
    """Return Stripe's requirements in people's words, each once; what we have no word for is "more about you"."""
    words = (
        next((str(word) for start, word in REQUIREMENTS.items() if name.startswith(start)), _("more details about you"))
        for name in names
    )
    return tuple(dict.fromkeys(words))


def _papers(creator: User) -> Iterator[Blocker]:
    if not TaxProfile.objects.filter(creator=creator).exists():
        yield Blocker(
            "tax",
            _("Your tax details are missing. The law asks for them before the first payout."),
            reverse("economy:tax"),
            _("Give tax details"),
            is_setup=True,
        )


def _account(account: PayoutAccount | None) -> Iterator[Blocker]:
    setup: dict[str, Any] = {"url": reverse("economy:payout_setup"), "is_setup": True}
    if account is None or not account.account_id or account.is_gone:
        text = (
            _("You ended our connection with your Stripe account. Nothing can be paid out without one.")
            if account and account.is_gone and account.account_id  # without: one from before this database
            else _(
                "Stripe pays creators for us, and does not know you yet. It asks who you are and where your bank is."
            )
        )
        yield Blocker("account_missing", text, act=_("Set up payouts"), **setup)
    elif account.disabled_reason.startswith("rejected"):
        yield Blocker("account_rejected", _("Stripe refused your account. Write to us, and we will look into it."))
    elif account.bank_has_refused:
        text = _("Your bank refused a payout to the account ending in %(last4)s. Stripe needs another bank account.")
        yield Blocker("bank_refused", text % {"last4": account.bank_last4}, act=_("Change the bank account"), **setup)
    elif account.due:
        items = name_requirements(account.due)
        yield Blocker("account_due", _("Stripe still needs:"), act=_("Go on at Stripe"), items=items, **setup)
    elif account.checking:
        yield Blocker(
            "account_checking",
            _("Stripe is checking what you gave. That takes minutes as a rule, two days at most."),
        )
    elif not (account.can_receive and account.can_pay_out):
        yield Blocker(
            "account_unable", _("Stripe has not opened your account for payouts yet. We look again by ourselves.")
        )


def _caution(creator: User, account: PayoutAccount | None) -> Iterator[Blocker]:
    if account and account.stopped_reason:
        text = _("Our staff stopped your payouts. The reason they gave: %(reason)s")
        yield Blocker("stopped", text % {"reason": account.stopped_reason})
    if (standing := get_standing(creator)) and standing.stops_payouts:
        text = _(
            "Too many payments to you are disputed: %(disputed)s of %(payments)s in 90 days. Payouts wait until it is less."
        )
        yield Blocker("disputes", text % {"disputed": standing.disputed, "payments": standing.payments})
    if account and (until := account.cools_until):
        text = _("Your bank account changed. To protect you from thieves, nothing is paid out for %(hours)s hours.")
        yield Blocker("cool_off", text % {"hours": settings.PAYOUT_COOL_OFF_HOURS}, until=until)
    if change := find_recent_email_change(creator):
        text = _("Your e-mail address changed. To protect you from thieves, nothing is paid out for 72 hours.")
        yield Blocker("email_changed", text, until=change.created_at + PAYOUT_PAUSE)


def _moment(creator: User, kind: Payout.Kind) -> Iterator[Blocker]:
    """Yield what stands against this payout at this time."""
    living = Payout.objects.filter(creator=creator, state__in=[*Payout.OPEN, Payout.State.FAILED]).order_by("id")
    if found := living.first():
        is_failed = found.state == Payout.State.FAILED
        yield Blocker(
            "failed" if is_failed else "open",
            _("Your bank refused the last payout. First say what becomes of it.")
            if is_failed
            else _("A payout is under way. The next can begin when it is over."),
            reverse("economy:payout", args=[found.pk]),
            _("See it"),
        )
    if kind == Payout.Kind.MANUAL and (last := _asked_today(creator)):
        until = last.created_at + timedelta(days=1)
        yield Blocker("daily", _("You can ask for one payout a day, besides the weekly one."), until=until)
    payable = get_payable(creator)
    if payable.money.minor < settings.PAYOUT_MIN_MINOR:
        text = _("Payouts begin at %(least)s, and %(have)s is available now.")
        least = cents(settings.PAYOUT_MIN_MINOR)
        yield Blocker("minimum", text % {"least": least, "have": cents(payable.money)})


def _asked_today(creator: User) -> Payout | None:
    return (
        Payout.objects.filter(creator=creator, kind=Payout.Kind.MANUAL, created_at__gt=clock.now() - timedelta(days=1))
        .exclude(state=Payout.State.CANCELED)
        .order_by("-id")
        .first()
    )
