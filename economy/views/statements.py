"""Months and numbered documents, for reading and to take away."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import require_not_staff, require_signed_in
from digis.core.htmx import render_page
from digis.core.limits import limited
from digis.core.pagination import cursor_page
from economy import documents, selectors, services
from economy.models import Statement

READS = frozenset({"GET"})


@never_cache
@require_safe
def statements(request: HttpRequest, role: str) -> HttpResponse:
    """List a person's months in a role, the present one first, and the documents that belong to it."""
    person = _owner(request, role)
    page = cursor_page(selectors.list_statements(person, role=role), request=request, order="-month", size=12)
    context = {
        "page": page,
        "now": selectors.draw_up(person, role=role, month=selectors.this_month()),
        "invoices": selectors.list_invoices(person, role=role)[:50],
    }
    return _render(request, "economy/statements.html", context, role=role, part="more")


@never_cache
@require_safe
def statement(request: HttpRequest, role: str, month: str) -> HttpResponse:
    """Show one month: what it came to, the balances at its end, and its lines."""
    person = _owner(request, role)
    sheet = selectors.get_sheet(person, role=role, month=selectors.month_of(month))
    page = cursor_page(selectors.list_statement_lines(sheet), request=request, order="-id")
    lines = selectors.present_statement_lines(page.items, sheet=sheet)
    context = {"sheet": sheet, "page": page, "lines": selectors.join_parts(lines)}
    return _render(request, "economy/statement.html", context, role=role, part="more")


@never_cache
@require_safe
@limited("downloads", methods=READS)
def statement_pdf(request: HttpRequest, role: str, month: str) -> HttpResponse:
    """Give a month as a document that prints."""
    sheet = selectors.get_sheet(_owner(request, role), role=role, month=selectors.month_of(month))
    return documents.statement_pdf(sheet, selectors.read_statement_lines(sheet))


@never_cache
@require_safe
@limited("downloads", methods=READS)
def statement_csv(request: HttpRequest, role: str, month: str) -> HttpResponse:
    """Give a month as a table."""
    sheet = selectors.get_sheet(_owner(request, role), role=role, month=selectors.month_of(month))
    return documents.statement_csv(sheet, selectors.read_statement_lines(sheet))


@never_cache
@require_safe
@limited("downloads", methods=READS)
def invoice_pdf(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Give one of the reader's own numbered documents."""
    person = require_signed_in(request.user)
    require_not_staff(person)
    return documents.invoice_pdf(selectors.get_invoice(viewer=person, id=invoice_id))


def _owner(request: HttpRequest, role: str) -> User:
    """Return whose month it is: a creator's earnings are read by the creator, suspended or not (ACC-5, ACC-9)."""
    person = require_signed_in(request.user)
    if role == Statement.Role.CREATOR:
        services.require_payee(creator=person)
    else:
        require_not_staff(person)
    return person


def _render(request: HttpRequest, template: str, context: dict[str, object], *, role: str, part: str) -> HttpResponse:
    is_limited = require_signed_in(request.user).is_suspended
    is_creator = role == Statement.Role.CREATOR
    shown = {
        **context,
        "is_creator": is_creator,
        "is_limited": is_limited,
        "shell": "accounts/shell.html" if is_limited else "base.html",
        "one": "economy:studio_statement" if is_creator else "economy:statement",
    }
    return render_page(request, template, shown, part=part)
