"""Statements, invoices and histories as files: PDF for people, CSV for programs. What they say, selectors have read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from digis.core import clock
from digis.core.money import Money
from digis.core.sheets import Cell, csv_response
from digis.core.templatetags.digis import cents, signed
from digis.core.templatetags.digis import tokens as count
from economy.models import Invoice, PurchaseTax
from economy.selectors.history import Line
from economy.selectors.statements import Sheet, StatementLine, name_pot
from economy.selectors.tax_report import TaxReport
from economy.selectors.taxes import name_place

if TYPE_CHECKING:
    from digis.core.paper import Paper

MOST_LINES: Final = 500  # on paper; the CSV has every one


def statement_pdf(sheet: Sheet, lines: list[StatementLine]) -> HttpResponse:
    """Return a month on paper: what it came to by kind, the balances at its end, and its lines."""
    from digis.core.paper import Paper  # a third of a second to load, which no start has to wait for

    month = date_format(sheet.month, "YEAR_MONTH_FORMAT")
    title = (_("Earnings in %(month)s") if sheet.is_creator else _("Wallet in %(month)s")) % {"month": month}
    state = _("closed on %(day)s") % {"day": date_format(sheet.closed_at, "DATE_FORMAT")} if sheet.closed_at else ""
    paper = Paper(title=title, made_at=sheet.closed_at or clock.now(), foot=f"@{sheet.person.username} · {sheet.name}")
    paper.facts(
        [
            (_("For"), f"{sheet.person.display_name} (@{sheet.person.username})"),
            (_("Statement"), state or _("not closed yet: this is how it stands")),
            (_("Months are"), _("those of UTC")),
        ]
    )
    paper.heading(_("What it came to"))
    paper.table(*_sums(sheet), total=_total(sheet), widths=(5, 1, 2, 2, 2, 2) if sheet.is_creator else (6, 2, 3))
    paper.heading(_("Balance"))
    paper.table(("", _("Tokens")), _balance(sheet), widths=(6, 3), total=(_("At the end"), signed(sheet.closing)))
    if sheet.is_creator:
        worth = cents(Money(sheet.payout_micros // 10_000, settings.TOKEN_CURRENCY))
        paper.note(
            _("Everything is counted in tokens. One is paid out as %(worth)s; sums are cut to the cent.")
            % {"worth": worth}
        )
    if 0 < len(lines) <= MOST_LINES:
        paper.heading(_("Line by line"))
        rows = [
            (
                date_format(line.transaction.created_at, "SHORT_DATETIME_FORMAT"),
                line.title,
                signed(line.net),
                signed(line.balance or 0),
            )
            for line in lines
        ]
        paper.table((_("When (UTC)"), _("What"), _("Tokens"), _("Balance")), rows, widths=(3, 5, 2, 2), words=2, size=8)
    elif lines:
        paper.note(_("Its %(count)s lines are in the CSV of the same month.") % {"count": count(len(lines))})
    return paper.response(name=f"digis-{sheet.role}-{sheet.name}")


def statement_csv(sheet: Sheet, lines: Iterable[StatementLine]) -> HttpResponse:
    """Return every movement of a month with the balance after it; amounts are whole tokens, times are UTC (ISO 8601)."""
    head = [
        "time",
        "what",
        "type",
        "kind",
        "gross_tokens",
        "fee_tokens",
        "net_tokens",
        "balance_tokens",
        "reference",
        "corrects",
    ]
    rows: Iterable[list[Cell]] = (
        [
            line.transaction.created_at.isoformat(timespec="seconds"),
            line.title,
            line.transaction.type,
            line.transaction.kind,
            line.gross,
            line.fee,
            line.net,
            line.balance,
            line.reference,
            line.corrects,
        ]
        for line in lines
    )
    return csv_response(name=f"digis-{sheet.role}-{sheet.name}", head=head, rows=rows)


def tax_csv(report: TaxReport) -> HttpResponse:
    """Return finance's month as a table: money in the smallest unit of its currency, rates in parts per million."""
    head = ["month", "point", "country", "region", "tax", "rate_ppm", "currency", "count", "net_minor", "tax_minor", "gross_minor"]  # fmt: skip
    rows: Iterable[list[Cell]] = (
        [
            report.name,
            point,
            row.place.country if row.place else "",
            row.place.region if row.place else "",
            row.name,
            row.rate_ppm,
            row.currency,
            row.count,
            row.net_minor,
            row.tax_minor,
            row.gross_minor,
        ]
        for point, part in (("bought", report.bought), ("spent", report.spent))
        for row in part
    )
    return csv_response(name=f"digis-tax-{report.name}", head=head, rows=rows)


def history_csv(lines: Iterable[Line]) -> HttpResponse:
    """Return a person's history as it stands on its page, newest first."""
    head = ["time", "what", "with", "tokens", "money", "currency", "note", "receipt"]
    rows: Iterable[list[Cell]] = (
        [
            line.transaction.created_at.isoformat(timespec="seconds"),
            line.title,
            f"@{line.person.username}" if line.person else "",
            line.amount,
            line.money.decimal,
            line.money.currency,
            line.note,
            str(line.transaction.pk),
        ]
        for line in lines
    )
    return csv_response(name="digis-history", head=head, rows=rows)


def invoice_pdf(invoice: Invoice) -> HttpResponse:
    """Return a numbered document on paper (LAW-10)."""
    from digis.core.paper import Paper

    is_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    title = (_("Credit note %(number)s") if is_note else _("Invoice %(number)s")) % {"number": invoice.label}
    paper = Paper(title=title, made_at=invoice.issued_at, foot=f"{', '.join(invoice.issuer)} · {invoice.label}")
    facts = [
        (_("From"), "\n".join(invoice.issuer)),
        (_("To"), invoice.billed_to),
        (_("Date"), date_format(invoice.issued_at, "DATE_FORMAT")),
    ]
    if invoice.corrects is not None:
        facts.append((_("Changes"), invoice.corrects.label))
    if invoice.purchase is not None:
        facts.append((_("Order"), str(invoice.purchase_id)))
        if invoice.purchase.card:
            facts.append((_("Paid with"), invoice.purchase.card))
    paper.facts(facts)
    money = cents(invoice.money)
    paper.table(
        (_("What"), _("Tokens"), _("Amount")),
        [(_invoiced(invoice), signed(invoice.tokens), money)],
        widths=(6, 2, 2),
        total=(_("Total"), "", money),
        size=10,
    )
    if invoice.tax is not None:
        _tax_part(paper, invoice, invoice.tax)
    if invoice.statement is not None:
        paper.note(_("It was kept from your earnings: there is nothing to pay."))
    elif invoice.tax is None:
        paper.note(_("Tokens are a voucher for more than one purpose: tax is due where they are spent."))
    return paper.response(name=f"digis-{invoice.label}")


def _tax_part(paper: Paper, invoice: Invoice, tax: PurchaseTax) -> None:
    """Write what of the total is tax, by which rate, and where."""
    rate = _("%(name)s %(percent)s %%") % {"name": tax.name, "percent": tax.percent} if tax.rate_ppm else _("No tax")
    paper.heading(_("Tax"))
    paper.table(
        (_("Place of supply"), _("Rate"), _("Net"), _("Tax")),
        [(name_place(tax.place), rate, cents(invoice.net_money), cents(invoice.tax_money))],
        widths=(4, 3, 2, 2),
        words=2,
        size=10,
    )


def _invoiced(invoice: Invoice) -> str:
    if invoice.statement is not None:
        month = date_format(invoice.statement.month, "YEAR_MONTH_FORMAT")
        return _("Fees of the platform on your sales in %(month)s") % {"month": month}
    if invoice.corrects is not None and invoice.tax is not None and invoice.tax.source == PurchaseTax.Source.SETTLEMENT:
        return _("Tokens, taxed where they are supplied") if invoice.amount_minor > 0 else _("Tokens given back")
    if invoice.corrects is not None:
        return _("Tokens given back") if invoice.amount_minor < 0 else _("Tokens, paid for after all")
    if invoice.bonus_tokens:
        return _("Tokens, and %(bonus)s bonus tokens for free") % {"bonus": count(invoice.bonus_tokens)}
    return str(_("Tokens"))


def _sums(sheet: Sheet) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    if not sheet.is_creator:
        head: tuple[str, ...] = ("", _("Count"), _("Tokens"))
        return head, [(row.title, count(row.count), signed(row.net)) for row in sheet.rows]
    head = ("", _("Count"), _("Before fees"), _("Fees"), _("Yours"), _("Worth"))
    return head, [
        (row.title, count(row.count), signed(row.gross), signed(-row.fee), signed(row.net), cents(sheet.worth(row.net)))
        for row in sheet.rows
    ]


def _total(sheet: Sheet) -> tuple[str, ...]:
    total = sheet.totals
    if not sheet.is_creator:
        return (_("Together"), "", signed(total.net))
    return (
        _("Together"),
        "",
        signed(total.gross),
        signed(-total.fee),
        signed(total.net),
        cents(sheet.worth(total.net)),
    )


def _balance(sheet: Sheet) -> list[tuple[str, str]]:
    rows = [(_("At the beginning"), signed(sheet.opening)), (_("Moved in the month"), signed(sheet.change))]
    return rows + [
        (_("At the end, %(pot)s") % {"pot": name_pot(kind).lower()}, signed(value))
        for kind, value in sheet.pots.items()
        if value
    ]
