"""Makers: plain functions that make what a test is about, through the real services.

Each app has its own part below; nobody is made with a password unless the test signs in by one (hashing costs time).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.core import mail as django_mail

from digis.core import clock, outbox

_number = count(1)

# ── core ────────────────────────────────────────────────────────────────────────────────────


def handle_outbox(*kinds: str) -> int:
    """Do now what the worker would do after the commit: send the mail, converge the purchase."""
    return outbox.relay(kinds=list(kinds) or None)


def mail_to(person: Any) -> list[Any]:
    """Return the mail a person (or an address) got in this test, oldest first; waiting mail is sent before."""
    handle_outbox("core.mail")
    address = person if isinstance(person, str) else person.email
    return [message for message in django_mail.outbox if address in message.to]


# ── accounts ────────────────────────────────────────────────────────────────────────────────


def make_person(name: str = "", *, verified: bool = True, password: str | None = None, **fields: Any) -> Any:
    """Make a fan with a proven address (unless asked otherwise): `fan` is fan@example.com and @fan."""
    from accounts import services

    handle = name or f"person{next(_number)}"
    return services.make_person(
        email=fields.pop("email", f"{handle}@example.com"),
        handle=handle,
        display_name=fields.pop("display_name", handle.capitalize()),
        password=password,
        is_verified=verified,
        **fields,
    )


def make_creator(name: str = "", *, categories: Iterable[str] = (), headline: str = "", **fields: Any) -> Any:
    """Make an approved creator."""
    from accounts import services

    person = make_person(name or f"creator{next(_number)}", **fields)
    services.make_creator(person=person, headline=headline or "Paints small boats", categories=categories)
    return type(person).objects.select_related("creator").get(pk=person.pk)


def make_staff(name: str = "", *, groups: Iterable[str] = (), **fields: Any) -> Any:
    """Make a member of staff, who stands apart from the product's people (ACC-5)."""
    return make_person(name or f"staff{next(_number)}", is_staff=True, groups=groups, **fields)


# ── economy ─────────────────────────────────────────────────────────────────────────────────


def grant_tokens(person: Any, amount: int, **options: Any) -> Any:
    """Give promotional tokens through the real service; earnings from them are not withdrawable."""
    from economy import services

    return services.grant_promotional(
        person=person, amount=amount, key=options.pop("key", f"test-grant:{uuid4()}"), reason="test", **options
    )


def buy_tokens(person: Any, amount: int, *, bonus: int = 0, minor: int | None = None) -> Any:
    """Give bought tokens: a purchase that Stripe confirmed, without a Stripe. Credits by the function that webhooks use."""
    from economy.models import Purchase
    from economy.services.purchases import post_purchase

    purchase = Purchase.objects.create(
        person=person,
        tokens=amount,
        bonus_tokens=bonus,
        amount_minor=minor or amount * 5,
        currency="USD",
        key=f"test-purchase:{uuid4()}",
        quote_expires_at=clock.now() + timedelta(minutes=10),
    )
    return post_purchase(purchase_id=purchase.pk, kept_minor=purchase.amount_minor)


def earn_available(creator: Any, amount: int, *, payer: Any = None) -> Any:
    """Have somebody pay a creator so many tokens that may be paid out at once: no fee, no hold. Returns the charge's id."""
    from economy import services
    from economy.services import Charge

    payer = payer or make_person()
    buy_tokens(payer, amount)
    (outcome,) = services.charge_many(
        charges=[
            Charge(
                key=f"test-earn:{uuid4()}",
                payer_id=payer.pk,
                payee_id=creator.pk,
                amount=amount,
                kind="tip",
                source_type="test",
                source_id=str(uuid4()),
                fee_bp=0,
                hold_days=0,
            )
        ]
    )
    services.mature_earnings(creator=creator)
    return outcome.transaction_id


def certify_taxes(creator: Any) -> Any:
    """Give the tax office what it asks for."""
    from economy import services
    from economy.models import TaxProfile

    return services.certify_tax_profile(
        creator=creator, legal_name="Cora Creates", country="US", form=TaxProfile.Form.W9, tin="123-45-6789"
    )


# ── accounts: mail and second factors ───────────────────────────────────────────────────────


def code_in(message: Any) -> str:
    """Return the six digits of a mail."""
    import re

    found = re.search(r"^\s*(\d{6})\s*$", message.body, re.MULTILINE)
    assert found, message.body
    return found[1]


def path_in(message: Any) -> str:
    """Return the path of our link in a mail."""
    import re
    from urllib.parse import urlsplit

    found = re.search(r"^\s*(https?://\S+)\s*$", message.body, re.MULTILINE)
    assert found, message.body
    parts = urlsplit(found[1])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def give_second_factor(person: Any) -> str:
    """Set up an authenticator app for a person and return its secret."""
    from accounts import services

    secret = services.start_totp()
    services.enroll_totp(user=person, secret=secret)
    return secret


def totp_code(secret: str, *, step: int = 0) -> str:
    """Return what the app shows now, or so many half minutes later."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def sign_in_staff(client: Any, person: Any, *, password: str = "a long staff password") -> Any:
    """Sign staff in as they do: password, then the code of the app. Returns the client."""
    person.set_password(password)
    person.save(update_fields=["password"])
    secret = give_second_factor(person)
    client.post("/sign-in/", {"login": person.email, "password": password})
    answer = client.post("/2fa/", {"code": totp_code(secret)})
    assert answer.status_code == 303, answer.content
    return client
