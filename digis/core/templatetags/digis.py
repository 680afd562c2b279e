"""Tags and filters every template has without loading them: icons, money, time, faces and form fields.

Amounts are tokens (`int`) or minor units of money; nothing here rounds or computes what the ledger should (LEDGER-1).
`money`, `price` and `pay_label` are in the reader's currency; `cents` and `earned` are real amounts, in their own.
Whatever comes from a person is escaped.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField, widgets
from django.forms.boundfield import BoundWidget
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from typing_extensions import override

from digis.core import clock as house_clock
from digis.core import currencies
from digis.core import money as house_money

register = template.Library()

SVG_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800


# ── Icons ───────────────────────────────────────────────────────────────────────────────────
def icon_files() -> list[Path]:
    """Return where icons lie: the build's folder, and the npm package for pages seen before a build."""
    base: Path = settings.BASE_DIR
    return [base / "static" / "dist" / "icons", base / "node_modules" / "lucide-static" / "icons"]


@cache
def _drawing(name: str) -> str:
    for folder in icon_files():
        path = folder / f"{name}.svg"
        if path.is_file() and (found := SVG_INSIDE.search(path.read_text(encoding="utf-8"))):
            return " ".join(found[1].split())
    return ""


@register.simple_tag
def icon(name: str, **attributes: str) -> SafeString:
    """Draw a Lucide icon inline, hidden from screen readers: the words beside it speak."""
    drawing = _drawing(str(name))
    if not drawing:
        _drawing.cache_clear()  # the build may still be running
    extra = attributes.get("class", "")
    return format_html(
        '<svg class="{}" aria-hidden="true" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">{}</svg>',
        f"icon {extra}".strip(),
        mark_safe(drawing),  # our own build's file, never a person's
    )


# ── Tokens and money ────────────────────────────────────────────────────────────────────────
COIN = mark_safe('<span class="coin" aria-hidden="true"></span>')


@register.simple_tag
def coin() -> SafeString:
    """Draw the token."""
    return COIN


MOST_WRITTEN = 10**15  # no balance comes near it; a field may hold anything


def _whole(amount: Any) -> int | None:
    """Return a number of tokens, or None for what somebody typed into a field that wanted one."""
    try:
        value = int(amount or 0)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < MOST_WRITTEN else None


@register.filter
def tokens(amount: Any) -> str:
    """Write a number of tokens, grouped: 1,240. What is no number, as a field may give it back, is left out."""
    value = _whole(amount)
    return "" if value is None else formats.number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True)


@register.filter
def signed(amount: int, turned: str = "") -> str:
    """Write a number of tokens with a minus that reads as one: −1,240. With "-" it is turned round first."""
    value = -amount if turned else amount
    return f"\u2212{tokens(-value)}" if value < 0 else tokens(value)


def _write_money(amount: house_money.Money) -> str:
    text: str = format_currency(
        Decimal(amount.minor).scaleb(-currencies.exponent_of(amount.currency)),
        amount.currency,
        locale=translation.to_locale(translation.get_language() or "en"),
    )
    return text


@register.filter
def money(amount: Any) -> str:
    """Write the list price of so many tokens in the reader's currency: $1.25 (LEDGER-11). What is no number is left out."""
    value = _whole(amount)
    return "" if value is None else _write_money(house_money.shown_price(value))


@register.simple_tag
def shown_terms() -> house_money.ShownTerms:
    """Give a script what it needs to write money beside the tokens somebody types, as `money` would."""
    return house_money.get_shown_terms()


@register.simple_tag
def rates_day() -> date | None:
    """Return of which day the rate is that this page shows money by; None where none is needed."""
    rate = currencies.get_shown_rate()
    return None if rate is None else rate.day


@register.filter
def earned(amount: Any) -> str:
    """Write what a creator is paid for so many earned tokens: $1.25 (PAY-9). What is no number is left out."""
    value = _whole(amount)
    return "" if value is None else _write_money(house_money.earnings_in_money(value))


@register.filter
def cents(amount: house_money.Money | int | None, currency: str = "") -> str:
    """Write minor units of money, or a `Money`, as people do: $12.50."""
    if isinstance(amount, house_money.Money):
        return _write_money(amount)
    return _write_money(house_money.Money(int(amount or 0), currency or settings.TOKEN_CURRENCY))


@register.filter
def tenths(amount: int, currency: str) -> str:
    """Write tenths of a currency's smallest unit: what one of many tokens comes to."""
    text: str = format_currency(
        Decimal(amount).scaleb(-1 - currencies.exponent_of(currency)),
        currency,
        locale=translation.to_locale(translation.get_language() or "en"),
        decimal_quantization=False,
    )
    return text


@register.simple_tag
def price(amount: int | None, unit: str = "") -> SafeString:
    """Write an amount as coin, tokens, unit and money. Without a unit the word “tokens” is written."""
    value = _whole(amount) or 0
    number = format_html("{}<b>{}</b>", COIN, tokens(value))
    if unit:
        word = ngettext("token", "tokens", value)
        number = format_html('{}<span class="sr-only"> {}</span> <span>{}</span>', number, word, unit)
    else:
        number = format_html("{} <span>{}</span>", number, ngettext("token", "tokens", value))
    return format_html('<span class="price">{} <span class="price-money">≈ {}</span></span>', number, money(value))


@register.simple_tag
def pay_label(words: str, amount: int | None) -> SafeString:
    """Write the inside of a gold button: coin, what happens, the whole amount in tokens and money."""
    value = int(amount or 0)
    counted = ngettext("%(count)s token", "%(count)s tokens", value) % {"count": tokens(value)}
    return format_html(
        '{} <span>{} · {} <span class="was-money">≈ {}</span></span>', COIN, words, counted, money(value)
    )


# ── Time ────────────────────────────────────────────────────────────────────────────────────
def _relative(seconds: int) -> str:
    span, late = abs(seconds), seconds >= 0
    if span < MINUTE:
        return gettext("just now") if late else gettext("in a moment")
    if span < HOUR:
        count = span // MINUTE
        text = (
            ngettext("%(n)s minute ago", "%(n)s minutes ago", count)
            if late
            else ngettext("in %(n)s minute", "in %(n)s minutes", count)
        )
    elif span < DAY:
        count = span // HOUR
        text = (
            ngettext("%(n)s hour ago", "%(n)s hours ago", count)
            if late
            else ngettext("in %(n)s hour", "in %(n)s hours", count)
        )
    else:
        count = span // DAY
        text = (
            ngettext("%(n)s day ago", "%(n)s days ago", count)
            if late
            else ngettext("in %(n)s day", "in %(n)s days", count)
        )
    return text % {"n": count}


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Write a moment relative to now in a `<time>` whose title is absolute; after four weeks, the date itself."""
    if moment is None:
        return ""
    seconds = int((house_clock.now() - moment).total_seconds())
    local = localtime(moment)
    text = _relative(seconds) if abs(seconds) < 4 * WEEK else formats.date_format(local, "DATE_FORMAT")
    absolute = f"{formats.date_format(local, 'DATETIME_FORMAT')} {local:%Z}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.astimezone(UTC).isoformat(timespec="seconds"), absolute, text
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Write a moment absolutely, with its zone, in a `<time>`."""
    if value is None:
        return ""
    local = localtime(value)
    text = f"{formats.date_format(local, 'DATETIME_FORMAT')} {local:%Z}"
    return format_html('<time datetime="{}">{}</time>', value.astimezone(UTC).isoformat(timespec="seconds"), text)


@register.filter
def clock(seconds: int | None) -> str:
    """Write a length of time as a meter does: 07:42, or 1:07:42 from an hour on."""
    whole = max(0, int(seconds or 0))
    hours, rest = divmod(whole, HOUR)
    minutes, left = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes:02d}:{left:02d}"


@register.filter
def language(code: str) -> str:
    """Write a language in its own words: Português."""
    try:
        name = Locale.parse(str(code).replace("-", "_")).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return str(code)
    return name[:1].upper() + name[1:]


# ── People ──────────────────────────────────────────────────────────────────────────────────
def initials(name: str) -> str:
    """Return one or two letters that stand for a name without a picture."""
    words = [word for word in name.split() if word[:1].isalnum()]
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()


@register.simple_tag
def face(user: Any, size: str = "", alt: str = "") -> SafeString:
    """Show a person's face in the D cut: their picture, or their initials. Sizes: sm, lg, xl, 2xl."""
    name = getattr(user, "display_name", "") or getattr(user, "username", "")
    classes = f"face face-{size}" if size else "face"
    avatar = getattr(user, "avatar", None)
    if avatar:
        return format_html(
            '<img class="{}" src="{}" alt="{}" width="144" height="144" decoding="async">', classes, avatar.url, alt
        )
    if alt:
        return format_html(
            '<span class="{} face-letters" role="img" aria-label="{}">{}</span>', classes, alt, initials(name)
        )
    return format_html('<span class="{} face-letters" aria-hidden="true">{}</span>', classes, initials(name))


register.filter("initials", initials)


# ── Forms ───────────────────────────────────────────────────────────────────────────────────
def _kind(widget: widgets.Widget) -> str:
    """Return which of the look's controls a widget is."""
    kinds: list[tuple[type[widgets.Widget] | tuple[type[widgets.Widget], ...], str]] = [
        (widgets.HiddenInput, "hidden"),
        (widgets.Textarea, "textarea"),
        ((widgets.RadioSelect, widgets.CheckboxSelectMultiple), "choices"),
        (widgets.CheckboxInput, "checkbox"),
        (widgets.Select, "select"),
        (widgets.FileInput, "file-input"),
    ]
    return next((name for kind, name in kinds if isinstance(widget, kind)), "input")


@register.simple_tag
def field(bound: BoundField, **options: Any) -> SafeString:
    """Render a form field whole: label, hint, control, errors.

    Options: label, hint, prefix and suffix (beside the text), toggle=True (a switch), and any other name becomes an
    attribute of the control, underscores as dashes: `inputmode="numeric" data_meter="on"`.
    """
    kind = _kind(bound.field.widget)
    shape = {"label": options.pop("label", bound.label), "hint": options.pop("hint", bound.help_text)}
    shape |= {"prefix": options.pop("prefix", ""), "suffix": options.pop("suffix", "")}
    toggle = bool(options.pop("toggle", False))
    attrs = {name.replace("_", "-"): value for name, value in options.items()}
    base = {"checkbox": "toggle" if toggle else "checkbox", "choices": "radio", "hidden": ""}.get(kind, kind)
    if isinstance(bound.field.widget, widgets.CheckboxSelectMultiple):
        base = "checkbox"
    if kind == "input" and (shape["prefix"] or shape["suffix"]):
        base = ""  # the frame around it is the input
    classes = " ".join(
        part for part in (base, bound.field.widget.attrs.get("class", ""), attrs.get("class", "")) if part
    )
    attrs = {name: value for name, value in attrs.items() if name != "class"} | ({"class": classes} if classes else {})
    described = _described_by(bound, hint=str(shape["hint"] or ""))
    if described and kind != "choices":
        attrs.setdefault("aria-describedby", described)
    return render_to_string(
        "components/forms/control.html",
        {
            "field": bound,
            "kind": kind,
            "attrs": attrs,
            "toggle": toggle,
            "described": described,
            "control": _Control(bound, attrs),
            **shape,
        },
    )


def _described_by(bound: BoundField, *, hint: str) -> str:
    if not bound.auto_id or bound.is_hidden:
        return ""
    parts = [f"{bound.auto_id}_helptext"] if hint else []
    return " ".join([*parts, f"{bound.auto_id}_error"] if bound.errors else parts)


class _Control:
    """A widget with the look's attributes; a group of choices yields its parts, the rest renders whole."""

    def __init__(self, bound: BoundField, attrs: dict[str, Any]) -> None:
        self.bound, self.attrs = bound, attrs

    @override
    def __str__(self) -> SafeString:
        return self.bound.as_widget(attrs=self.attrs)

    def choices(self) -> list[dict[str, Any]]:
        """Return each choice of a group: its control and its label."""
        bound, widget = self.bound, self.bound.field.widget
        attrs = bound.build_widget_attrs({"id": bound.auto_id, **self.attrs}, widget)
        options = widget.subwidgets(bound.html_name, bound.value(), attrs=attrs)
        parts = [BoundWidget(widget, data, bound.form.renderer) for data in options]
        return [{"control": part.tag(), "label": part.choice_label, "id": part.id_for_label} for part in parts]


@register.simple_tag
def error_summary(form: BaseForm, *, focus: bool = True) -> SafeString | str:
    """List a form's errors above it, each linked to its field; nothing when there are none (A11Y-1)."""
    if not form.is_bound or not form.errors:
        return ""
    return render_to_string(
        "components/forms/error_summary.html",
        {"form": form, "count": sum(len(found) for found in form.errors.values()), "focus": focus},
    )


@register.simple_tag
def idempotency_key() -> SafeString:
    """Render the hidden key that makes a money form safe to send twice (LEDGER-4)."""
    from digis.core.idempotency import form_key

    return format_html('<input type="hidden" name="idempotency_key" value="{}">', form_key())


@register.simple_tag
def meter_bar(value: int, maximum: int, label: str = "", *, gold: bool = False) -> SafeString:
    """Draw a bar of so much of so much; the words beside it, or the label, say it too."""
    return format_html(
        '<progress class="bar{}" value="{}" max="{}"{}></progress>',
        " bar-gold" if gold else "",
        max(0, int(value or 0)),
        max(1, int(maximum or 0)),
        format_html(' aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"'),
    )
