"""Tipping a creator, in a sheet or on a page of its own; and what a creator was tipped."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import require_creator, require_not_staff, require_signed_in
from digis.core.errors import IdempotencyConflict, LimitReached, ValidationFailed
from digis.core.htmx import render_page, wants_part
from digis.core.http import redirect
from digis.core.idempotency import form_key
from digis.core.limits import count_request, limited
from digis.core.pagination import cursor_page
from economy import selectors, services
from economy.errors import InsufficientTokens, PriceChanged
from economy.forms import BuyForm, TipForm
from economy.models import Tip

TEMPLATE = "economy/tip.html"
KEPT = ("pick", "own", "quantity", "message", "anonymous")  # what an address carries through a top-up and back


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def tip(request: HttpRequest, handle: str) -> HttpResponse:
    """Show the tip sheet; on POST ask once more where that is due, pay, or turn into the top-up and lead back."""
    payer = _payer(request)
    payee, moved_to = selectors.find_payee(payer, handle)
    if request.method != "POST":
        if moved_to is not None:
            return HttpResponseRedirect(reverse("economy:tip", kwargs={"handle": moved_to}))
        return _open(request, payer, payee)
    form = TipForm(request.POST)
    if not form.is_valid():
        return _show(request, payer, payee, form, status=422)
    if _is_to_be_asked(payer, payee, form):
        return _show(request, payer, payee, form, step="confirm")
    count_request(request, "payments")
    return _pay(request, payer, payee, form)


def _pay(request: HttpRequest, payer: User, payee: User, form: TipForm) -> HttpResponse:
    is_limited = False
    try:
        made = _send(payer, payee, form)
    except InsufficientTokens as refusal:
        return _show(request, payer, payee, form, step="short", refusal=refusal, status=422)
    except ValidationFailed as refusal:
        names = {"amount": "own", "gift": "own"}
        for name, lines in refusal.fields.items():
            form.add_error(names.get(name, name if name in form.fields else None), lines)
    except (PriceChanged, LimitReached, IdempotencyConflict) as refusal:
        form.add_error(None, str(refusal))
        form.renew(key=form_key())
        is_limited = isinstance(refusal, LimitReached)
    else:
        return _done(request, payer, payee, made)
    return _show(request, payer, payee, form, is_limited=is_limited, status=422)


@never_cache
@require_safe
def tips(request: HttpRequest) -> HttpResponse:
    """List a creator's tips: who, or that they hide it, what they said, what it brings and how much of it can be withdrawn."""
    creator = require_signed_in(request.user)
    require_creator(creator)
    page = cursor_page(selectors.list_tips_received(creator), request=request, order="-id")
    context = {"page": page, "lines": selectors.present_tips(page.items), "earnings": selectors.get_earnings(creator)}
    part = "more" if "cursor" in request.GET else None  # else the page looks again: it takes its own part out of all
    return render_page(request, "economy/tips.html", context, part=part)


def _payer(request: HttpRequest) -> User:
    payer = require_signed_in(request.user)
    require_not_staff(payer)
    return payer


def _is_to_be_asked(payer: User, payee: User, form: TipForm) -> bool:
    """Say whether the amount is asked about once more: it is large, the first, or not the one the button named."""
    amount = form.amount
    if form.cleaned_data["confirmed"] == amount:
        return False
    return form.cleaned_data["said"] != amount or selectors.needs_confirmation(payer, payee, amount)


def _send(payer: User, payee: User, form: TipForm) -> Tip:
    gift = services.GiftChoice(form.gift_id, form.count) if form.gift_id else None
    return services.send_tip(
        payer=payer,
        payee=payee,
        amount=form.amount,
        message=form.cleaned_data["message"],
        is_anonymous=form.cleaned_data["anonymous"],
        key=form.cleaned_data["idempotency_key"],
        gift=gift,
    )


def _open(request: HttpRequest, payer: User, payee: User) -> HttpResponse:
    """Show the sheet as it opens; an address may carry wishes, and ask for the step that confirms them."""
    wishes = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    if request.GET.get("confirm"):
        form = TipForm({**wishes, "idempotency_key": form_key()})
        if form.is_valid():
            return _show(request, payer, payee, form, step="confirm")
    return _show(request, payer, payee, TipForm(initial=wishes))


def _show(
    request: HttpRequest,
    payer: User,
    payee: User,
    form: TipForm,
    *,
    step: str = "choose",
    refusal: InsufficientTokens | None = None,
    is_limited: bool = False,
    status: int = 200,
) -> HttpResponse:
    spendable = selectors.get_spendable(payer)
    context: dict[str, Any] = {
        "payee": payee,
        "form": form,
        "step": step,
        "balance": selectors.get_balance(payer),
        "spendable": spendable,
        "is_limited": is_limited,
        "in_sheet": wants_part(request),
        "tip_url": reverse("economy:tip", kwargs={"handle": payee.username}),
        "is_first": step == "confirm" and selectors.is_first_purchase(payer, payee),
    }
    if step == "choose":
        context |= selectors.get_tip_shelf(picked=str(form["pick"].value() or ""), own=form["own"].value())
    else:
        context |= {"amount": form.amount, "wishes": form.wishes, "after": spendable - form.amount}
        context["short"] = _count_short(payer, form.amount, context["balance"])
        context["back_url"] = f"{context['tip_url']}?{urlencode(form.wishes)}"
        if form.gift_id:
            context["gift"] = selectors.find_gift(form.gift_id)
    if refusal is not None:
        context |= _top_up(payer, refusal, context["back_url"])
    part = "sheet" if request.method != "POST" else "body"
    return render_page(request, TEMPLATE, context, part=part, status=status)


def _count_short(payer: User, amount: int, balance: selectors.Balance) -> int:
    """Return how many tokens adding would make good: none where a debt or the payer's own limits stand in the way."""
    left = selectors.get_limit_left(payer.pk)
    if balance.debt or (left is not None and left < amount):
        return 0
    return max(0, amount - balance.spendable)


def _top_up(payer: User, refusal: InsufficientTokens, onward: str) -> dict[str, Any]:
    """Return what the sheet shows when it has turned into the top-up: packs, with the way back to the act."""
    shelf = selectors.get_shelf_for(payer)
    short = refusal.data["needed"] - refusal.data["covered"]
    buying = BuyForm(next_path=onward, default_pack=shelf.suggest(short), initial={"shown": shelf.version})
    return {"refusal": refusal, "short": short, "buy_form": buying, "packs": shelf.packs, "limits": shelf}


def _done(request: HttpRequest, payer: User, payee: User, made: Tip) -> HttpResponse:
    words = {"name": payee.display_name, "tokens": number_format(made.amount, force_grouping=True)}
    if wants_part(request):
        context = {
            "payee": payee,
            "tip": made,
            "in_sheet": True,
            "step": "done",
            "balance": selectors.get_balance(payer),
        }
        return render_page(request, TEMPLATE, context, part="body")
    if not made.is_replay:
        messages.success(request, _("%(name)s has your tip of %(tokens)s tokens.") % words)
    return redirect(request, "economy:receipt", made.transaction_id)
