"""The part of a form that asks for a bank account."""

from digis.sandbox.stripe import banks
from digis.sandbox.stripe.pages import markup
from digis.sandbox.stripe.pages.markup import Fields, text


def labels_of(country: str) -> dict[str, str]:
    scheme = banks.scheme_of(country)
    routing = {"routing": scheme.routing_label} if scheme.routing else {}
    return {**routing, "number": scheme.number_label}


def read(fields: Fields, country: str) -> tuple[banks.Bank | None, dict[str, str]]:
    """Take a bank account; errors map field names to what is wrong."""
    scheme = banks.scheme_of(country)
    errors: dict[str, str] = {}
    number = banks.compact(fields.get("number", ""))
    if scheme.routing and banks.compact(fields.get("routing", "")) != scheme.routing:
        errors["routing"] = f"Only the test bank works here: {scheme.routing}."
    found = banks.find(country, number)
    if not number:
        errors["number"] = f"Enter the {_lower(scheme.number_label)}."
    elif found is None:
        errors["number"] = f"Only test accounts work here, such as {scheme.banks[0].number}."
    return found, errors


def _lower(label: str) -> str:
    return label if label.isupper() else label.lower()


def inputs(country: str, values: Fields, errors: Fields, *, focus: str) -> str:
    fields = ""
    for name, label in labels_of(country).items():
        attributes = {"spellcheck": "false", "autocomplete": "off", "maxlength": "34"}
        if label != "IBAN":
            attributes["inputmode"] = "numeric"
        error = errors.get(name, "")
        control = markup.text_input(
            name, value=values.get(name, ""), error=error, has_focus=focus == name, attributes=attributes
        )
        fields += markup.labelled(name, label, control, error=error)
    return fields


def chosen(query: Fields, country: str) -> dict[str, str]:
    """Fill the form with a test account that a link names."""
    scheme = banks.scheme_of(country)
    found = banks.find(country, query.get("bank", ""))
    return {"routing": scheme.routing, "number": found.number} if found else {}


def help_(country: str) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="?bank={bank.number}">{bank.number}</a></th><td>{text(bank.about)}</td></tr>'
        for bank in banks.scheme_of(country).banks
    )
    return (
        '<details class="help"><summary>Test bank accounts</summary>'
        "<p>No real account works here. Choose one to fill it in; it decides how payouts end.</p>"
        '<div class="sheet"><table><caption class="hidden">Test bank accounts and what they do</caption><thead><tr>'
        '<th scope="col">Account</th><th scope="col">What happens</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
