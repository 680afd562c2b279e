"""Comparing our books with Stripe's: what was missed is repaired, what differs is told to staff, nothing is guessed (PAY-10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState
from economy import gateway
from economy.errors import StripeUnavailable
from economy.models import Finding, Payout, Reconciliation
from economy.selectors.purchases import find_purchase_by_intent
from economy.selectors.reconciliation import (
    find_named_payout,
    find_payout_by_transfer,
    list_moved_between,
    list_open_findings,
    list_paid_between,
)
from economy.services.comparing import compare_payout
from economy.services.findings import note_finding, require_other, resolve_gone
from economy.services.looking import (
    ACCOUNT_GONE,
    Look,
    check_payout,
    check_purchase,
    look_again,
    trace_bank_payout,
    trace_charge,
    trace_dispute,
    trace_refund,
    trace_transfer,
)

log = structlog.get_logger(__name__)
Kind = Reconciliation.Kind


class _StripeIsAwayError(Exception):
    """So much failed that asking on is of no use."""


@dataclass(slots=True)
class _Run:
    """A run under way: what it looked at, by subject, and what it found, by key."""

    row: Reconciliation
    seen: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)

    def take(self, look: Look) -> None:
        self.seen.update(look.subjects)
        self.row.repaired += look.is_repaired
        if look.found is not None:
            self.found.add(note_finding(look.found).key)

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        """Let one thing fail by itself: it is noted, and the others go on."""
        try:
            yield
        except gateway.GatewayError as error:
            self.row.failures += 1
            self.row.error = self.row.error or f"{what}: {error}"[:300]
            if self.row.failures >= settings.RECONCILE_MOST_FAILURES:
                raise _StripeIsAwayError from error


def reconcile(*, since: datetime, until: datetime, kind: Reconciliation.Kind) -> Reconciliation:
    """Compare what was made at Stripe, and what we say was paid, from `since` on and before `until`; return the run.

    Purchases and payouts that missed something are brought to what Stripe says by the functions that webhooks use; what
    differs still, or is nobody's, becomes a finding. Repeating it, or running several at once, changes nothing more. When
    Stripe could not be asked about something the run stays unfinished and says so; all else is done.
    """
    run = _Run(Reconciliation.objects.create(kind=kind, since=since, until=until))
    row = run.row
    try:
        _compare_payments(run)
        _compare_payouts(run)
        if kind == Kind.NIGHTLY:
            _compare_open(run)
    except _StripeIsAwayError:
        log.warning("reconciliation_gave_up", run=row.pk, failures=row.failures)
    resolve_gone(subjects=run.seen, still=run.found, since=row.started_at)
    row.found = len(run.found)
    row.finished_at = None if row.failures else clock.now()
    row.save()
    log.info("reconciled", run=row.pk, kind=row.kind, repaired=row.repaired, found=row.found, failures=row.failures)
    return row


def reconcile_recent() -> Reconciliation:
    """Compare the last two hours; what was made in the last minute is left to its webhook."""
    until = clock.now() - timedelta(seconds=settings.RECONCILE_SPARE_SECONDS)
    return reconcile(since=until - timedelta(minutes=settings.RECONCILE_RECENT_MINUTES), until=until, kind=Kind.RECENT)


def reconcile_nightly() -> Reconciliation:
    """Compare the last weeks, and look once more at every open finding, however old."""
    until = clock.now() - timedelta(seconds=settings.RECONCILE_SPARE_SECONDS)
    return reconcile(since=until - timedelta(days=settings.RECONCILE_NIGHTLY_DAYS), until=until, kind=Kind.NIGHTLY)


def look_at_finding(*, finding_id: int, staff: User) -> Finding:
    """Compare again what one open finding is about: it is resolved when its cause is gone, else what it says is brought up to date.

    Raises OwnAccount, InvalidState when it is resolved already, StripeUnavailable when Stripe cannot be asked.
    """
    row = Finding.objects.select_related("purchase", "payout").get(pk=finding_id)
    require_other(row, staff)
    if not row.is_open:
        raise InvalidState
    began = clock.now()
    try:
        look = look_again(row)
    except gateway.GatewayError as error:
        raise StripeUnavailable from error
    still = [note_finding(look.found).key] if look.found is not None else []
    resolve_gone(subjects=look.subjects, still=still, since=began)
    audit.record(actor=staff, action="economy.finding_looked_at", target=row, data={"key": row.key, "still": still})
    row.refresh_from_db()
    return row


def _compare_payments(run: _Run) -> None:
    """Go through charges, refunds and disputes, then through what we say was paid and Stripe did not tell of."""
    row = run.row
    with run.one("charges"):
        for charge in gateway.list_charges(since=row.since, until=row.until):
            row.charges += 1
            with run.one(charge.id):
                run.take(trace_charge(charge))
    with run.one("refunds"):
        for refund in gateway.list_refunds(since=row.since, until=row.until):
            row.refunds += 1
            with run.one(refund.id):
                if not _is_seen(run, refund.intent_id):
                    run.take(trace_refund(refund))
    with run.one("disputes"):
        for dispute in gateway.list_disputes(since=row.since, until=row.until):
            row.disputes += 1
            with run.one(dispute.id):
                if not _is_seen(run, dispute.intent_id):
                    run.take(trace_dispute(dispute))
    for purchase in list_paid_between(row.since, row.until):
        if str(purchase.pk) not in run.seen:
            with run.one(str(purchase.pk)):
                run.take(check_purchase(purchase))


def _is_seen(run: _Run, intent_id: str) -> bool:
    """Tell whether the purchase of a payment was looked at already: a look takes in all of its refunds and disputes."""
    purchase = find_purchase_by_intent(intent_id)
    return purchase is not None and str(purchase.pk) in run.seen


def _compare_payouts(run: _Run) -> None:
    """Go through transfers, through what went to the banks of their accounts, and through our payouts of the time."""
    row = run.row
    payouts = {payout.pk: payout for payout in list_moved_between(row.since, row.until)}
    accounts = {payout.account_id for payout in payouts.values() if payout.account_id}
    sent: dict[UUID, list[gateway.Transfer]] = defaultdict(list)
    banked: dict[UUID, list[gateway.BankPayout]] = defaultdict(list)
    with run.one("transfers"):
        for made in gateway.list_transfers(since=row.since, until=row.until):
            row.transfers += 1
            accounts.add(made.account_id)
            with run.one(made.id):
                run.take(trace_transfer(made))
            own = find_payout_by_transfer(made.id)
            if own is not None:
                payouts[own.pk] = own
                sent[own.pk].append(made)
    gone = set()
    for account_id in sorted(accounts):
        with run.one(account_id):
            try:
                for out in gateway.list_bank_payouts(account_id=account_id, since=row.since, until=row.until):
                    row.bank_payouts += 1
                    run.take(trace_bank_payout(out))
                    own = find_named_payout(out.payout_id)
                    if own is not None and own.account_id == account_id:
                        payouts.setdefault(own.pk, own)
                        banked[own.pk].append(out)
            except gateway.GatewayRefusedError as refusal:
                if refusal.code != ACCOUNT_GONE:  # the creator left: what it paid out stays paid
                    raise
                gone.add(account_id)
    for payout in payouts.values():
        with run.one(str(payout.pk)):
            banks = None if payout.account_id in gone else banked[payout.pk]
            run.take(_check_payout(payout, sent[payout.pk], banks))


def _check_payout(payout: Payout, transfers: list[gateway.Transfer], banks: list[gateway.BankPayout] | None) -> Look:
    """Take what the lists told where that agrees; else, and for what was made before their time, ask."""
    if compare_payout(payout, transfers, banks) is None:
        return Look((str(payout.pk),))
    return check_payout(payout)


def _compare_open(run: _Run) -> None:
    """Look again at every open finding that this run did not come by."""
    for finding in list_open_findings():
        if finding.subject not in run.seen:
            with run.one(finding.key):
                run.take(look_again(finding))
