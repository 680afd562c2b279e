"""Small pieces of HTML; every value from outside passes `text`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_currency

from digis.sandbox.stripe.rates import ZERO_DECIMAL
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.world import World

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Visit:
    """One request for a page; `id` and `secret` are of its path."""

    world: World
    id: str = ""
    secret: str = ""
    query: Fields = field(default_factory=dict)
    form: Fields = field(default_factory=dict)


def text(value: Any) -> str:
    return escape(str(value), quote=True)


def money(amount: int, currency: str) -> str:
    value = Decimal(amount) if currency in ZERO_DECIMAL else Decimal(amount) / 100
    return format_currency(value, currency.upper(), locale="en_US")


@cache
def countries() -> list[tuple[str, str]]:
    names = Locale("en").territories
    known = [
        (code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    ]
    return sorted(known, key=lambda pair: pair[1])


_NOT_COUNTRIES = frozenset(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"])


def origin(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def policy(*, targets: Iterable[str] = (), pictures: Iterable[str] = ()) -> str:
    """Allow our own style sheet and forms; a form may end at the merchant's addresses."""
    forms = " ".join(sorted({"'self'", *filter(None, targets)}))
    images = " ".join(sorted({"'self'", *filter(None, pictures)}))
    return (
        f"default-src 'none'; style-src 'self'; img-src {images}; form-action {forms}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def page(
    title: str,
    body: str,
    *,
    status: int = 200,
    targets: Iterable[str] = (),
    pictures: Iterable[str] = (),
    part: str = "Checkout",
) -> Reply:
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="robots" content="noindex">\n'
        f"<title>{text(title)} · Stand-in for Stripe {part}</title>\n"
        '<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="/assets/checkout.css">\n</head>\n<body>\n'
        '<a class="skip" href="#main">Skip to content</a>\n'
        f'<header class="band"><p><strong>Stand-in for Stripe {part}:</strong> no real money</p></header>\n'
        f"{body}\n</body>\n</html>\n"
    )
    headers = {
        "Content-Security-Policy": policy(targets=targets, pictures=pictures),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Reply(html.encode(), status, "text/html; charset=utf-8", headers)


def redirect(url: str) -> Reply:
    return Reply(b"", 303, "text/plain; charset=utf-8", {"Location": url, "Cache-Control": "no-store"})


def plain(title: str, sentence: str, *, link: str = "", label: str = "") -> str:
    onward = f'<p><a class="button" href="{text(link)}">{text(label)}</a></p>' if link else ""
    return f'<main id="main" class="alone"><h1>{text(title)}</h1><p class="lead">{text(sentence)}</p>{onward}</main>'


def labelled(name: str, label: str, control: str, *, error: str = "", hint: str = "") -> str:
    """Wrap a control with its label, hint and error; the control refers to them by id."""
    help_ = f'<p class="hint" id="{name}-hint">{text(hint)}</p>' if hint else ""
    return (
        f'<div class="field"><label for="{name}">{text(label)}</label>{help_}{control}'
        f"{problem(name, error) if error else ''}</div>"
    )


def problem(name: str, error: str) -> str:
    """Say what is wrong with a control, which refers to this by id."""
    return f'<p class="problem" id="{name}-error">{ICON_ALERT}<span>{text(error)}</span></p>'


def choices(name: str, legend: str, options: Mapping[str, str], *, chosen: str) -> str:
    """Lay out radio buttons under a question."""
    rows = "".join(
        f'<label class="choice"><input type="radio" name="{name}" id="{name}-{value}" value="{value}"'
        f"{' checked' if value == chosen else ''}><span>{text(label)}</span></label>"
        for value, label in options.items()
    )
    return f'<fieldset class="group"><legend>{text(legend)}</legend>{rows}</fieldset>'


def alert(title: str, problems: Mapping[str, str], labels: Mapping[str, str], *, sentence: str = "") -> str:
    """Say above a form what is wrong with it, each problem a link to its field."""
    links = "".join(
        f'<li><a href="#{name}">{text(labels[name])}</a>: {text(problem)}</li>' for name, problem in problems.items()
    )
    more = f"<ul>{links}</ul>" if links else f"<p>{text(sentence)}</p>"
    return f'<div class="alert" role="alert">{ICON_ALERT}<div><p><strong>{text(title)}</strong></p>{more}</div></div>'


def text_input(
    name: str, *, value: str, error: str, has_focus: bool, attributes: Mapping[str, str], has_hint: bool = False
) -> str:
    given = {"id": name, "name": name, "type": "text", "value": value, "required": "", **attributes}
    given |= describing(name, error=error, has_hint=has_hint)
    if has_focus:
        given["autofocus"] = ""
    return f"<input {render(given)}>"


def describing(name: str, *, error: str, has_hint: bool) -> dict[str, str]:
    refers = [f"{name}-hint"] * has_hint + [f"{name}-error"] * bool(error)
    found = {"aria-describedby": " ".join(refers)} if refers else {}
    return {**found, "aria-invalid": "true"} if error else found


def render(attributes: Mapping[str, str]) -> str:
    return " ".join(
        f'{name}="{text(value)}"' if value or name == "value" else name for name, value in attributes.items()
    )


def icon(shape: str) -> str:
    return (
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{shape}</svg>'
    )


ICON_ALERT = icon('<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.5v.01"/>')
ICON_BACK = icon('<path d="M19 12H5M11 6l-6 6 6 6"/>')
ICON_LOCK = icon('<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>')
ICON_SHIELD = icon('<path d="M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6z"/><path d="M9 12l2 2 4-4"/>')
