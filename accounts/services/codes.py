"""Codes and links sent by e-mail (ACC-1, ACC-2).

Whether an address has an account or not, the same rows are written, the same number of mails leaves and the same
answer is given; only the mail itself, which only the owner of the address reads, says more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import LinkOnly, WrongCode
from accounts.models import EmailCode, User
from accounts.selectors import find_by_email
from accounts.services import proofs
from accounts.services.letters import address_of, write
from accounts.services.locks import lock_name
from digis.core import clock
from digis.core.errors import RateLimited

LIFETIME: Final = timedelta(minutes=15)
MAX_TRIES: Final = 5
MAX_SENDS: Final = 5
SENDS_WINDOW: Final = timedelta(hours=1)
MAX_WRONG: Final = 10
WRONG_WINDOW: Final = timedelta(hours=24)
KEPT_FOR: Final = timedelta(days=7)

Purpose = EmailCode.Purpose


@dataclass(frozen=True)
class Proof:
    """A person who proved to hold an address, and whether an older password was dropped for it."""

    person: User
    password_dropped: bool = False


def send_sign_in_code(*, email: str, next_url: str = "") -> None:
    """Mail a code and a link that sign in, or, to an address without an account, a word about that.

    Raises RateLimited at the sixth mail to one address in an hour. Both cases cost and say the same (ACC-1, ACC-2).
    """
    address = email.strip().lower()
    person = find_by_email(address)
    letter = "sign_in_code" if person else "no_account"
    _send(address, Purpose.SIGN_IN, person, letter, link="accounts:sign_in_link", next_url=next_url)


def send_reset_link(*, email: str) -> None:
    """Mail a link that sets a new password, or, to an address without an account, a word about that.

    Raises RateLimited like `send_sign_in_code` (ACC-1, ACC-2).
    """
    address = email.strip().lower()
    person = find_by_email(address)
    _send(address, Purpose.RESET, person, "reset" if person else "no_account", link="accounts:recover_set")


def send_verify_code(*, person: User) -> None:
    """Mail the code that proves a person's address. Raises RateLimited at the sixth mail in an hour (ACC-2)."""
    _send(person.email, Purpose.VERIFY, person, "verify", link="accounts:verify")


def send_step_up_code(*, person: User, next_url: str = "") -> None:
    """Mail a code by which a signed-in person confirms who they are. Raises RateLimited (ACC-2, ACC-3)."""
    _send(person.email, Purpose.STEP_UP, person, "step_up", link="accounts:reauthenticate", next_url=next_url)


def redeem_sign_in_code(*, email: str, code: str) -> Proof:
    """Take a sign-in code and return whose it is. Raises WrongCode or LinkOnly; a wrong try is counted (ACC-2).

    At an account whose address was never proven, whoever chose its password is not known to own the address:
    password, second factor and sessions set up before go, and the owner starts clean.
    """
    return _sign_in(spend_code(email=email.strip().lower(), purpose=Purpose.SIGN_IN, digits=code))


def redeem_sign_in_link(*, link_id: UUID, secret: str) -> Proof:
    """Take the link of a sign-in mail and return whose it is. Raises WrongCode (ACC-2)."""
    return _sign_in(spend_link(link_id=link_id, purpose=Purpose.SIGN_IN, secret=secret))


def redeem_reset_link(*, link_id: UUID, secret: str, password: str) -> User:
    """Set a new password by the link of a reset mail and end every session. Raises WrongCode (ACC-2)."""
    with transaction.atomic():
        code = spend_link(link_id=link_id, purpose=Purpose.RESET, secret=secret)
        person = _owner(code)
        proofs.prove_address(person=person)
        person.set_password(password)
        person.save(update_fields=["password"])
        proofs.end_sessions_of(person=person)
        write(to=person.email, letter="password_changed", person=person, security=address_of(page="accounts:recover"))
    return person


def confirm_verify_code(*, person: User, code: str) -> None:
    """Prove a signed-in person's address by its code; spending opens. Raises WrongCode or LinkOnly (ACC-2)."""
    spent = spend_code(email=person.email, purpose=Purpose.VERIFY, digits=code, person=person)
    with transaction.atomic():
        proofs.prove_address(person=_owner(spent))


def confirm_step_up_code(*, person: User, code: str) -> None:
    """Take a step-up code. Raises WrongCode or LinkOnly (ACC-2, ACC-3)."""
    spend_code(email=person.email, purpose=Purpose.STEP_UP, digits=code, person=person)


def peek_link(*, link_id: UUID, secret: str, purpose: EmailCode.Purpose) -> User:
    """Return whose a link is without using it up, for the page that asks to confirm. Raises WrongCode (ACC-2)."""
    code = _live().filter(pk=link_id, purpose=purpose).select_related("user").first()
    if code is None or code.user is None or not constant_time_compare(code.link_hash, _hash(code, secret)):
        raise WrongCode
    return code.user


def prune_codes() -> int:
    """Delete codes a week old; the sums of ACC-2 need one day."""
    return EmailCode.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()[0]


def spend_code(*, email: str, purpose: EmailCode.Purpose, digits: str, person: User | None = None) -> EmailCode:
    """Use up the newest code for an address, or count a wrong try. Commits either before it returns or raises.

    What a mail's link carries in place of the digits works as well, and goes on working when too many were wrong.
    """
    if "." in digits:
        return _spend_long(email=email, purpose=purpose, text=digits, person=person)
    with transaction.atomic():
        lock_name(kind="code", name=email)
        if _count_wrong(email) >= MAX_WRONG:
            raise LinkOnly
        code = _live().select_for_update().filter(email=email, purpose=purpose, tries_left__gt=0).first()
        digits = "".join(character for character in digits if character.isdecimal())
        right = code is not None and constant_time_compare(code.code_hash, _hash(code, digits))
        if right and code is not None and (person is None or code.user_id == person.pk):
            EmailCode.objects.filter(pk=code.pk).update(used_at=clock.now())
            return code
        if code is not None:
            EmailCode.objects.filter(pk=code.pk).update(tries_left=F("tries_left") - 1)
    raise WrongCode


def spend_link(*, link_id: UUID, purpose: EmailCode.Purpose, secret: str) -> EmailCode:
    """Use up a link. Raises WrongCode; a link has no tries to count, its secret cannot be guessed."""
    with transaction.atomic():
        code = _live().select_for_update(of=("self",)).filter(pk=link_id, purpose=purpose).first()
        if code is None or not constant_time_compare(code.link_hash, _hash(code, secret)):
            raise WrongCode
        EmailCode.objects.filter(pk=code.pk).update(used_at=clock.now())
    return code


def _spend_long(*, email: str, purpose: EmailCode.Purpose, text: str, person: User | None) -> EmailCode:
    name, _dot, secret = text.partition(".")
    try:
        link_id = UUID(name)
    except ValueError:
        raise WrongCode from None
    with transaction.atomic():
        code = spend_link(link_id=link_id, purpose=purpose, secret=secret)
        if code.email != email or (person is not None and code.user_id != person.pk):
            raise WrongCode  # and the link is as it was
    return code


def send_change_code(*, person: User, email: str, taken: bool) -> None:
    """Mail the code that proves a new address; to one that has an account, a word about that instead (ACC-1)."""
    if taken:
        _send(email, Purpose.CHANGE, None, "address_taken")
    else:
        _send(email, Purpose.CHANGE, person, "change_email", link="accounts:settings_email")


@transaction.atomic
def _send(
    email: str, purpose: EmailCode.Purpose, person: User | None, letter: str, *, link: str = "", next_url: str = ""
) -> None:
    """Void the older codes for an address and purpose, write a new one and its mail. Raises RateLimited (ACC-2)."""
    lock_name(kind="code", name=email)
    now = clock.now()
    sent = list(EmailCode.objects.filter(email=email, created_at__gt=now - SENDS_WINDOW).order_by("created_at"))
    if len(sent) >= MAX_SENDS:
        raise RateLimited(retry_after=max(1, int((sent[0].created_at + SENDS_WINDOW - now).total_seconds())))
    EmailCode.objects.filter(email=email, purpose=purpose, used_at=None, voided_at=None).update(voided_at=now)
    digits, secret = f"{secrets.randbelow(1_000_000):06d}", secrets.token_urlsafe(32)
    code = EmailCode(user=person, email=email, purpose=purpose, expires_at=now + LIFETIME, created_at=now)
    code.tries_left, code.code_hash, code.link_hash = MAX_TRIES, _hash(code, digits), _hash(code, secret)
    code.save(force_insert=True)
    write(
        to=email,
        letter=letter,
        person=person,
        code=digits,
        link=_address(code, link, secret, next_url) if link else "",
        minutes=int(LIFETIME.total_seconds() // 60),
        sign_up=address_of(page="accounts:sign_up"),
    )


def _address(code: EmailCode, page: str, secret: str, next_url: str) -> str:
    """Return a mail's link: to a page of its own for who is signed out, else to the page that asked for the code."""
    onward = {"next": next_url} if next_url else {}
    if code.purpose in {Purpose.SIGN_IN, Purpose.RESET}:
        address = address_of(page=page, args=(code.pk, secret))
        return f"{address}?{urlencode(onward)}" if onward else address
    by = {"by": "mail"} if code.purpose == Purpose.STEP_UP else {}
    return f"{address_of(page=page)}?{urlencode({'code': f'{code.pk}.{secret}', **by, **onward})}"


def _sign_in(code: EmailCode) -> Proof:
    with transaction.atomic():
        person = _owner(code)
        return Proof(person, password_dropped=proofs.prove_address(person=person, by_stranger=True))


def _owner(code: EmailCode) -> User:
    """Return the person a spent code belongs to, as long as the address is still theirs."""
    if code.user_id is None:
        raise WrongCode
    person = User.objects.select_for_update().filter(pk=code.user_id, email=code.email, is_active=True).first()
    if person is None:
        raise WrongCode
    return person


def _live() -> QuerySet[EmailCode]:
    return EmailCode.objects.filter(used_at=None, voided_at=None, expires_at__gt=clock.now())


def _count_wrong(email: str) -> int:
    tried = EmailCode.objects.filter(email=email, created_at__gt=clock.now() - WRONG_WINDOW)
    return int(tried.aggregate(wrong=Coalesce(Sum(MAX_TRIES - F("tries_left")), 0))["wrong"])


def _hash(code: EmailCode, secret: str) -> str:
    """Hash a secret with the code's id and the server's key: a stolen table cannot be searched for six digits."""
    return salted_hmac(f"accounts.code.{code.pk}", secret, algorithm="sha256").hexdigest()
