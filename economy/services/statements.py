"""Closing months, and numbering what was sold (PAY-8, LAW-10). Both derive their work from the tables, and may be repeated."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import User
from digis.core import clock
from economy.kinds import tell_of_statement
from economy.models import ClosedMonth, Invoice, InvoiceSeries, Purchase, PurchaseTax, Statement
from economy.models.purchases import TO_INVOICE
from economy.selectors import statements as reading
from economy.taxing import part_of_tax

log = structlog.get_logger(__name__)

SERIES: Final = "D"
BATCH: Final = 200


def close_months() -> int:
    """Close every month that is over for STATEMENT_CLOSE_HOURS; return how many statements were made.

    A month of somebody is summed in one look at the ledger and written once (PAY-8). What happens later stands in the
    month in which it happens, with a reference. Whoever has lines in it is told once. Stopped half-way, the next run goes on.
    """
    until = (clock.now() - timedelta(hours=settings.STATEMENT_CLOSE_HOURS)).date().replace(day=1)
    made = 0
    for month in reading.find_months_to_close(before=until):
        count = 0
        for person_id, role in reading.find_unstated(month):
            count += _close(person_id=person_id, role=role, month=month)
        made += count
        if reading.find_unstated(month):
            log.error("month_not_closed", month=f"{month:%Y-%m}")
            break  # one after another: the next run goes on from here
        kept = Statement.objects.filter(month=month).count()
        ClosedMonth.objects.get_or_create(month=month, defaults={"statements": kept})
        log.info("month_closed", month=f"{month:%Y-%m}", statements=count)
    return made


def issue_invoices() -> int:
    """Write a document for every purchase whose documents do not say yet what is kept of it; return how many."""
    made = 0
    for purchase_id in Purchase.objects.filter(TO_INVOICE).order_by("id").values_list("id", flat=True)[:BATCH]:
        made += invoice_purchase(purchase_id=purchase_id)
    return made


@transaction.atomic
def invoice_purchase(*, purchase_id: UUID) -> int:
    """Write the documents that a purchase lacks and return how many: the invoice, then a note for each later change.

    An invoice is of the whole price; what was returned or taken back by the bank since the last document is a credit note,
    and what came back after a dispute is an invoice again. Together they are what is kept of the money (LAW-10). Each holds
    its part of the tax: what notes carry back comes to the invoice's once all is returned. Where staff settled another place
    than was taxed, the old documents are taken back whole and written anew for it.
    """
    purchase = Purchase.objects.select_for_update(no_key=True).select_related("person").get(pk=purchase_id)
    if not purchase.postings:
        return 0
    taxes: list[PurchaseTax | None] = [*PurchaseTax.objects.filter(purchase=purchase).order_by("id")] or [None]
    documents = list(Invoice.objects.filter(purchase=purchase).order_by("number"))
    made = 0
    if not documents:
        documents.append(_bill(purchase, taxes[0], since=0, until=purchase.amount_minor, corrects=None))
        made = 1
    kept = max(0, purchase.amount_minor - purchase.refunded_minor - purchase.disputed_minor)
    for tax in taxes:  # what was written down by terms that are not in force any more is taken back first
        stated = sum(row.amount_minor for row in documents if row.tax_id == (tax.pk if tax else None))
        until = kept if tax is taxes[-1] else 0
        if stated != until:
            _bill(purchase, tax, since=stated, until=until, corrects=documents[0])
            made += 1
    Purchase.objects.filter(pk=purchase.pk).update(invoiced_minor=kept, invoices_made=F("invoices_made") + made)
    return made


def _bill(purchase: Purchase, tax: PurchaseTax | None, *, since: int, until: int, corrects: Invoice | None) -> Invoice:
    """Write the step from so much of the price to so much; its tokens and its tax are steps of theirs, so that all sum."""
    whole = purchase.amount_minor
    tokens, bonus = (of * until // whole - of * since // whole for of in (purchase.tokens, purchase.bonus_tokens))
    tax_minor = 0
    if tax is not None:
        tax_minor = part_of_tax(tax.tax_minor, part=until, whole=whole)
        tax_minor -= part_of_tax(tax.tax_minor, part=since, whole=whole)
    return _number(
        person=purchase.person,
        purchase=purchase,
        corrects=corrects,
        amount_minor=until - since,
        currency=purchase.currency,
        tokens=tokens,
        bonus_tokens=bonus,
        tax=tax,
        tax_minor=tax_minor,
    )


@transaction.atomic
def _close(*, person_id: UUID, role: str, month: date) -> int:
    person = User.objects.get(pk=person_id)
    sheet = reading.draw_up(person, role=role, month=month)
    kept, is_new = Statement.objects.get_or_create(
        person=person,
        role=role,
        month=month,
        defaults={
            "opening": sheet.opening,
            "change": sheet.change,
            "closing": sheet.closing,
            "fee": sheet.fee,
            "lines": sheet.lines,
            "sums": [asdict(row) for row in sheet.rows],
            "pots": sheet.pots,
            "payout_micros": sheet.payout_micros,
        },
    )
    if is_new and sheet.is_creator and sheet.fee:
        money = sheet.worth(sheet.fee)
        _number(person=person, statement=kept, amount_minor=money.minor, currency=money.currency, tokens=sheet.fee)
    if is_new and sheet.lines:
        tell_of_statement(kept)
    return int(is_new)


def _number(
    *,
    person: User,
    amount_minor: int,
    currency: str,
    tokens: int,
    bonus_tokens: int = 0,
    purchase: Purchase | None = None,
    statement: Statement | None = None,
    corrects: Invoice | None = None,
    tax: PurchaseTax | None = None,
    tax_minor: int = 0,
) -> Invoice:
    """Write a document under the next number. The series stays locked until the caller commits: no number is lost."""
    InvoiceSeries.objects.get_or_create(name=SERIES)
    series = InvoiceSeries.objects.select_for_update(no_key=True).get(name=SERIES)
    series.last += 1
    series.save(update_fields=["last"])
    return Invoice.objects.create(
        series=series,
        number=series.last,
        kind=Invoice.Kind.INVOICE if amount_minor >= 0 else Invoice.Kind.CREDIT_NOTE,
        person=person,
        purchase=purchase,
        statement=statement,
        corrects=corrects,
        tokens=tokens,
        bonus_tokens=bonus_tokens,
        amount_minor=amount_minor,
        currency=currency,
        tax=tax,
        tax_minor=tax_minor,
        issuer=list(settings.INVOICE_ISSUER),
        billed_to=f"{person.display_name} (@{person.username})",
    )
