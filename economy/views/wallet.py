"""The wallet: what there is, what it was, and adding to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import require_not_staff, require_signed_in
from digis.core.errors import LimitReached, ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import client_country, next_url, redirect
from digis.core.idempotency import form_key
from digis.core.limits import limited
from digis.core.pagination import cursor_page
from digis.core.signing_in import keeps_choice
from economy import documents, selectors, services
from economy.errors import PaymentsUnavailable, PriceChanged, QuoteExpired
from economy.forms import BuyForm

KINDS = (("all", _("All")), ("added", _("Added")), ("spent", _("Spent")), ("refunds", _("Refunds")))
NEWEST = 8
MOST_ROWS = 20_000  # in one table; a month's statement has all of its own


@never_cache
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the balance by origin, what is held and for what, the packs and the newest history."""
    person = _owner(request)
    kind = _kind(request)
    heads = list(selectors.list_history(person, kind)[:NEWEST])
    context = {
        **_shop(person, BuyForm(next_path="", **_suggested(person))),
        "balance": selectors.get_balance(person),
        "holds": selectors.list_held(person),
        "left": selectors.get_limit_left(person.pk),
        "top_up": selectors.get_top_up(person),
        "next_expiry": selectors.find_next_expiry(person),
        "lines": selectors.present_history(heads, viewer=person),
        "kind": kind,
        "kinds": KINDS,
    }
    return render_page(request, "economy/wallet.html", context, part="live")


@keeps_choice("pack", "tokens", "next")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def buy(request: HttpRequest) -> HttpResponse:
    """Offer packs; on POST store the quote and lead to Stripe's page, or say why not."""
    person = _owner(request)
    onward = next_url(request, "") if _asks_onward(request) else ""
    short = _number(request.GET.get("short") or request.GET.get("need", ""))
    if request.method != "POST":
        chosen = _suggested(
            person, short, pack=request.GET.get("pack", ""), tokens=_number(request.GET.get("tokens", ""))
        )
        return _show_shop(request, person, BuyForm(next_path=onward, **chosen), short)
    form = BuyForm(request.POST, next_path=onward)
    if form.is_valid():
        try:
            purchase = services.start_purchase(
                person=person,
                key=form.cleaned_data["idempotency_key"],
                shown=form.cleaned_data["shown"] or None,
                next_path=onward,
                seen_country=client_country(request),
                **form.order,
            )
        except ValidationFailed as refusal:
            for name, lines in refusal.fields.items():
                form.add_error(name if name in form.fields else None, lines)
        except (PriceChanged, QuoteExpired) as refusal:  # shown again at the present price, with a fresh key
            form.add_error(None, str(refusal))
            form.renew(key=form_key(), shown=selectors.get_shelf_for(person).version)
        except (LimitReached, PaymentsUnavailable) as refusal:
            form.add_error(None, str(refusal))
        else:
            if purchase.is_settled or not purchase.checkout_url:
                return redirect(request, "economy:purchase", purchase.pk)
            return redirect(request, purchase.checkout_url)
    return _show_shop(request, person, form, short, status=422)


@never_cache
@require_safe
def purchase(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """Say how a purchase stands: where Stripe sends people back to. Nothing is credited because they came (LEDGER-6)."""
    person = _owner(request)
    selectors.get_purchase_for(person, id=purchase_id)
    found = services.look_at_purchase(purchase_id=purchase_id)
    context = {
        "purchase": found,
        "tax_words": selectors.say_tax_of(found),
        "left": "left" in request.GET,
        "invoices": selectors.list_invoices_of(found.pk) if found.postings else [],
        "returnable": selectors.find_returnable_part(found),
    }
    return render_page(request, "economy/purchase.html", context, part="state")


@never_cache
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """List everything that happened to a person's tokens."""
    person = _owner(request)
    kind, payees = _kind(request), selectors.list_payees(person)
    handle = _handle(request, payees)
    page = cursor_page(selectors.list_history(person, kind, handle=handle), request=request, order="-id")
    lines = selectors.present_history(page.items, viewer=person)
    context = {"page": page, "lines": lines, "kind": kind, "kinds": KINDS, "handle": handle, "payees": payees}
    return render_page(request, "economy/history.html", context, part="more")


@never_cache
@require_safe
@limited("downloads", methods=frozenset({"GET"}))
def history_csv(request: HttpRequest) -> HttpResponse:
    """Give the history, narrowed as on its page, as a table."""
    person = _owner(request)
    handle = _handle(request, selectors.list_payees(person))
    heads = list(selectors.list_history(person, _kind(request), handle=handle)[:MOST_ROWS])
    return documents.history_csv(selectors.present_history(heads, viewer=person))


@never_cache
@require_safe
def receipt(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Show one movement as a page that prints."""
    line, parts = selectors.get_receipt(viewer=_owner(request), id=transaction_id)
    return render_page(request, "economy/receipt.html", {"line": line, "parts": parts})


def _owner(request: HttpRequest) -> User:
    """Return whose wallet it is; staff have none (ACC-5)."""
    person = require_signed_in(request.user)
    require_not_staff(person)
    return person


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "all")
    return kind if kind in selectors.HISTORY_KINDS else "all"


def _handle(request: HttpRequest, payees: Sequence[User]) -> str:
    """Return whose lines alone are asked for: one of those who were paid, or everybody's."""
    asked = request.GET.get("with", "")
    return asked if any(payee.username == asked for payee in payees) else ""


def _asks_onward(request: HttpRequest) -> bool:
    return bool(request.POST.get("next") or request.GET.get("next"))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _suggested(person: User, short: int = 0, *, pack: str = "", tokens: int = 0) -> dict[str, Any]:
    """Choose beforehand: what somebody had chosen, else the smallest pack that covers what is short, else the usual."""
    shelf = selectors.get_shelf_for(person)
    chosen = next((offered.pk for offered in shelf.packs if str(offered.pk) == pack), None)
    initial = {"shown": shelf.version, **({"tokens": tokens} if tokens else {})}
    return {"default_pack": None if tokens else chosen or shelf.suggest(short), "initial": initial}


def _shop(person: User, form: BuyForm) -> dict[str, Any]:
    shelf = selectors.get_shelf_for(person)
    return {"form": form, "packs": shelf.packs, "limits": shelf}


def _show_shop(request: HttpRequest, person: User, form: BuyForm, short: int, *, status: int = 200) -> HttpResponse:
    context = {**_shop(person, form), "balance": selectors.get_balance(person), "short": short}
    return render_page(request, "economy/buy.html", context, status=status)
