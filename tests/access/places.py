"""Every page in each of its states, and what its forms are filled with: walked without scripts and looked at by axe.

A place is a function that makes what its page is about and says who opens it where. Each makes people of its own, so
that places stand beside each other in one database.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts import services as accounts
from accounts.models import Category, CreatorApplication
from accounts.permissions import CONFIRMED_KEY
from calls import services as calls
from calls.models import Call
from digis.core import clock, outbox
from digis.core.mail import list_stored
from economy import services as economy
from economy.models import (
    ExchangeRate,
    Pack,
    PackPrice,
    Payout,
    PayoutAccount,
    PlaceEvidence,
    Purchase,
    PurchasePlace,
    SavedCard,
    Statement,
    TopUpPlan,
    VoucherCode,
)
from economy.services.payouts import note_step, open_payout
from notifications import bounces
from notifications import services as telling
from notifications import unsubscribe as unsubscribing
from notifications.models import PushSubscription
from tests import make
from tests.calls import cast
from tests.calls_ui import scenes
from tests.plain_browser import PlainBrowser, forms_of

ADDRESS = "/settings/notifications/address/"
PASSWORD = "seven green bottles"
LONG = "Maximiliane-Wilhelmina von Donaudampfschifffahrtsgesellschaft"
_number = count(1)


@dataclass
class Visit:
    """A page about to be opened: by whom, where, with which answers to its forms, and what is pressed once it stands."""

    browser: PlainBrowser
    path: str
    typed: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    script: str = ""  # for a browser with scripts: opens what is folded


Open = Callable[[Any], Visit]  # takes a clock that can be moved
PLACES: dict[str, Open] = {}


def place(make_visit: Open) -> Open:
    """Keep a place under the name of its function."""
    PLACES[make_visit.__name__.strip("_")] = make_visit
    return make_visit


# ── People and things ───────────────────────────────────────────────────────────────────────


def fan(*, tokens: int = 0, password: str | None = None, **fields: Any) -> Any:
    return cast.make_person("reader", tokens=tokens, password=password, **fields)


def creator(*, video: int | None = 20, voice: int | None = 12, name: str = "", **more: Any) -> Any:
    person = cast.make_creator("maker", video=video, voice=voice, **more)
    if name:
        person.display_name = name
        person.save(update_fields=["display_name"])
    return person


def categories() -> None:
    for position, (slug, name) in enumerate([("craft", "Craft"), ("music", "Music"), ("languages", "Languages")]):
        Category.objects.get_or_create(slug=slug, defaults={"name": name, "position": position})


def crowd() -> list[Any]:
    """Some creators as Explore shows them: free, away, without a rate, with a name that does not fit."""
    categories()
    people = [creator(), creator(video=None), creator(is_available=False), creator(name=LONG)]
    for person in people:
        person.creator.categories.set(Category.objects.filter(slug__in=["craft", "music"]))
        accounts.note_presence(user=person)
    return people


def signed_in(person: Any, *, fresh: bool = False) -> PlainBrowser:
    """Return a browser of a person; `fresh` when they have just proven who they are (ACC-3)."""
    browser = PlainBrowser()
    browser.sign_in(person, **({CONFIRMED_KEY: clock.now().isoformat()} if fresh else {}))
    return browser


def post(browser: PlainBrowser, path: str, **typed: Any) -> None:
    """Send the form of a page that posts to this very path."""
    page = browser.get(path)
    form = next(form for form in forms_of(page) if form.method == "post" and path.endswith(form.action))
    answer = browser.submit(page, form, **typed)
    assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text[:500]}"


def letter_to(address: str) -> Any:
    return make.mail_to(address)[-1]


def talk(moving: Any, call: Call, *, seconds: int) -> None:
    """Let both be heard for so long, as seldom as a call allows."""
    scenes.beat_both(call)
    while seconds > 0:
        moving.advance(seconds=min(seconds, 14))
        scenes.beat_both(call)
        seconds -= 14


def talked(moving: Any, *, seconds: int = 100, person: Any = None, **kinds: Any) -> Call:
    """A call that is over and was paid."""
    call = scenes.call(person or fan(tokens=3_000), creator(), **kinds)
    talk(moving, call, seconds=seconds)
    return calls.hang_up(person=call.fan, call_id=call.pk)


def running(moving: Any, *, call_type: str = "video", person: Any = None) -> Call:
    """A call both are in, a minute old."""
    found = scenes.call(person or fan(tokens=3_000), creator(), call_type=call_type)
    talk(moving, found, seconds=65)
    return found


def bought(person: Any, status: str = "paid", **fields: Any) -> Purchase:
    if status == "paid":
        make.buy_tokens(person, 500, bonus=15, minor=2_500)
        return Purchase.objects.get(person=person)
    return Purchase.objects.create(
        person=person,
        tokens=500,
        bonus_tokens=15,
        amount_minor=2_500,
        currency="USD",
        status=status,
        key=f"place:{uuid4()}",
        quote_expires_at=clock.now() + timedelta(minutes=10),
        **fields,
    )


def picture() -> tuple[str, bytes, str]:
    file = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(file, "PNG")
    return ("me.png", file.getvalue(), "image/png")


# ── Public pages ────────────────────────────────────────────────────────────────────────────


@place
def front_page(_: Any) -> Visit:
    crowd()
    return Visit(PlainBrowser(), "/")


@place
def home(_: Any) -> Visit:
    person = fan(tokens=900)
    for other in crowd():
        accounts.follow(follower=person, followed=other)
    return Visit(signed_in(person), "/", script="document.querySelector('details[data-menu]').open = true")


@place
def home_of_a_newcomer(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/")


@place
def explore(_: Any) -> Visit:
    crowd()
    return Visit(PlainBrowser(), "/explore/", script="document.querySelector('details.filters').open = true")


@place
def explore_narrowed(_: Any) -> Visit:
    crowd()
    return Visit(signed_in(fan()), "/explore/?now=on&least=5&most=50&speaks=en&sort=new")


@place
def explore_without_a_match(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/explore/?least=9000")


@place
def category(_: Any) -> Visit:
    crowd()
    return Visit(PlainBrowser(), "/explore/craft/")


@place
def search(_: Any) -> Visit:
    crowd()
    return Visit(PlainBrowser(), "/search/?q=maker")


@place
def search_empty(_: Any) -> Visit:
    crowd()
    return Visit(signed_in(fan()), "/search/")


@place
def search_in_vain(_: Any) -> Visit:
    crowd()
    return Visit(PlainBrowser(), "/search/?q=zzqqxx")


@place
def help_page(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/help/")


@place
def legal(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/legal/")


@place
def legal_terms(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/legal/terms/")


@place
def legal_privacy(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/legal/privacy/")


@place
def components(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/dev/components/")


@place
def creator_page_signed_out(_: Any) -> Visit:
    return Visit(PlainBrowser(), f"/@{crowd()[0].username}/")


@place
def creator_page(_: Any) -> Visit:
    other = crowd()[0]
    return Visit(
        signed_in(fan(tokens=900)),
        f"/@{other.username}/",
        script="document.querySelector('div[popover]').showPopover()",
    )


@place
def creator_page_followed(_: Any) -> Visit:
    person, other = fan(tokens=900), crowd()[2]
    accounts.follow(follower=person, followed=other)
    return Visit(signed_in(person), f"/@{other.username}/")


@place
def creator_page_calls(_: Any) -> Visit:
    return Visit(signed_in(fan(tokens=900)), f"/@{crowd()[3].username}/calls/")


@place
def creator_page_about(_: Any) -> Visit:
    return Visit(signed_in(fan()), f"/@{crowd()[1].username}/about/")


@place
def creator_page_own(_: Any) -> Visit:
    own = creator()
    return Visit(signed_in(own), f"/@{own.username}/")


# ── In and out ──────────────────────────────────────────────────────────────────────────────


@place
def sign_in(_: Any) -> Visit:
    person = fan(password=PASSWORD)
    return Visit(PlainBrowser(), "/sign-in/", {"login": person.email, "password": PASSWORD})


@place
def sign_in_with_a_wrong_password(_: Any) -> Visit:
    return Visit(
        PlainBrowser(), "/sign-in/?next=/wallet/", {"login": fan(password=PASSWORD).email, "password": PASSWORD}
    )


@place
def sign_in_code(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/sign-in/code/", {"email": fan().email})


@place
def sign_in_confirm(_: Any) -> Visit:
    person, browser = fan(), PlainBrowser()
    post(browser, "/sign-in/code/", email=person.email)
    return Visit(browser, "/sign-in/code/enter/", {"code": make.code_in(letter_to(person.email))})


@place
def sign_in_link(_: Any) -> Visit:
    person, browser = fan(), PlainBrowser()
    post(browser, "/sign-in/code/", email=person.email)
    return Visit(browser, make.path_in(letter_to(person.email)))


@place
def sign_in_link_used(_: Any) -> Visit:
    path = reverse("accounts:sign_in_link", args=[uuid4(), "no-such-secret-at-all"])
    return Visit(PlainBrowser(), path, status=410)


@place
def sign_up(_: Any) -> Visit:
    handle = f"newcomer{next(_number)}"
    return Visit(PlainBrowser(), "/sign-up/", {"handle": handle, "email": f"{handle}@example.com"})


@place
def two_factor(_: Any) -> Visit:
    person, browser = fan(password=PASSWORD), PlainBrowser()
    secret = make.give_second_factor(person)
    post(browser, "/sign-in/", login=person.email, password=PASSWORD)
    return Visit(browser, "/2fa/", {"code": make.totp_code(secret)})


@place
def recover(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/recover/", {"email": fan().email})


@place
def recover_sent(_: Any) -> Visit:
    browser = PlainBrowser()
    post(browser, "/recover/", email=fan().email)
    return Visit(browser, "/recover/?sent=1")


@place
def recover_set(_: Any) -> Visit:
    person, browser = fan(), PlainBrowser()
    post(browser, "/recover/", email=person.email)
    return Visit(browser, make.path_in(letter_to(person.email)))


@place
def verify(_: Any) -> Visit:
    person = fan(verified=False)
    accounts.send_verify_code(person=person)
    return Visit(signed_in(person), "/verify/", {"code": make.code_in(letter_to(person.email))})


@place
def reauthenticate(_: Any) -> Visit:
    return Visit(signed_in(fan(password=PASSWORD)), "/reauthenticate/", {"password": PASSWORD})


@place
def reauthenticate_by_mail(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/reauthenticate/?by=mail")


@place
def reauthenticate_by_mail_sent(_: Any) -> Visit:
    person = fan()
    accounts.send_step_up_code(person=person)
    code = make.code_in(letter_to(person.email))
    return Visit(signed_in(person), "/reauthenticate/?by=mail&sent=1", {"code": code})


@place
def reauthenticate_by_app(_: Any) -> Visit:
    person = fan()
    secret = make.give_second_factor(person)
    return Visit(signed_in(person), "/reauthenticate/", {"code": make.totp_code(secret)})


@place
def welcome(_: Any) -> Visit:
    return Visit(signed_in(fan(verified=False)), "/welcome/")


# ── Settings ────────────────────────────────────────────────────────────────────────────────


@place
def settings_profile(_: Any) -> Visit:
    person = fan()
    page = Visit(signed_in(person), "/settings/profile/", {"avatar": picture(), "banner": picture()})
    post(page.browser, page.path, **page.typed)
    return page


@place
def settings_profile_of_a_creator(_: Any) -> Visit:
    categories()
    return Visit(
        signed_in(creator()), "/settings/profile/", {"categories": ["craft"], "headline": "Paints small boats"}
    )


@place
def settings_account(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/settings/account/", {"handle": f"renamed{next(_number)}"})


@place
def settings_email(_: Any) -> Visit:
    return Visit(signed_in(fan(), fresh=True), "/settings/account/email/", {"email": f"new{next(_number)}@example.com"})


@place
def settings_email_code(_: Any) -> Visit:
    browser, address = signed_in(fan(), fresh=True), f"moved{next(_number)}@example.com"
    page = browser.get("/settings/account/email/")
    form = next(form for form in forms_of(page) if ("act", "start") in form.presses)
    assert browser.submit(page, form, ("act", "start"), email=address).status_code == 303
    return Visit(browser, "/settings/account/email/", {"code": make.code_in(letter_to(address))})


@place
def undo_email(_: Any) -> Visit:
    person, address = fan(), f"thief{next(_number)}@example.com"
    old = person.email
    accounts.start_email_change(person=person, email=address)
    accounts.confirm_email_change(person=person, email=address, code=make.code_in(letter_to(address)))
    return Visit(PlainBrowser(), make.path_in(letter_to(old)))


@place
def settings_security(_: Any) -> Visit:
    typed = {"current": PASSWORD, "password": "eight brown bottles"}
    return Visit(signed_in(fan(password=PASSWORD)), "/settings/security/", typed)


@place
def settings_security_without_a_password(_: Any) -> Visit:
    person = fan()
    make.give_second_factor(person)
    return Visit(signed_in(person, fresh=True), "/settings/security/")


@place
def settings_totp(_: Any) -> Visit:
    person, secret = fan(), accounts.start_totp()
    browser = PlainBrowser()
    browser.sign_in(person, **{CONFIRMED_KEY: clock.now().isoformat(), "totp_secret": secret})
    return Visit(browser, "/settings/security/app/", {"code": make.totp_code(secret)})


@place
def settings_totp_off(_: Any) -> Visit:
    person = fan()
    make.give_second_factor(person)
    return Visit(signed_in(person, fresh=True), "/settings/security/app/off/")


@place
def settings_recovery_codes(_: Any) -> Visit:
    person = fan()
    make.give_second_factor(person)
    return Visit(signed_in(person, fresh=True), "/settings/security/codes/")


@place
def settings_sessions(_: Any) -> Visit:
    person = fan(password=PASSWORD)
    for browser in (browsers := [PlainBrowser(), PlainBrowser()]):
        browser.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        post(browser, "/sign-in/", login=person.email, password=PASSWORD)
        browser.get("/settings/sessions/")
    return Visit(browsers[0], "/settings/sessions/")


@place
def settings_privacy(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/settings/privacy/")


@place
def settings_blocks(_: Any) -> Visit:
    person = fan()
    accounts.block(blocker=person, blocked=fan())
    return Visit(signed_in(person), "/settings/blocks/", {"handle": fan().username})


@place
def settings_blocks_none(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/settings/blocks/", {"handle": fan().username})


@place
def settings_appearance(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/settings/appearance/")


@place
def settings_privacy_of_a_creator(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/settings/privacy/")


@place
def settings_export(_: Any) -> Visit:
    return Visit(signed_in(fan(), fresh=True), "/settings/export/")


# ── Notifications ───────────────────────────────────────────────────────────────────────────


def told(person: Any, count: int = 1) -> Any:
    """Tell a person of so many followers on as many days, and of a purchase."""
    for number in range(count):
        with clock.at(clock.now() - timedelta(days=2 * (count - number))):
            accounts.follow(follower=creator(), followed=person)
    telling.notify(
        kind="economy.purchase_paid",
        person=person,
        key=uuid4().hex,
        target=person,
        data={"tokens": 515, "minor": 2_500, "currency": "USD", "card": "Visa ···· 4242", "refunded": 0, "kept": 515},
    )
    return person


@place
def notifications(_: Any) -> Visit:
    return Visit(signed_in(told(fan(), 32)), "/notifications/")


@place
def notifications_unread(_: Any) -> Visit:
    return Visit(signed_in(told(fan(), 2)), "/notifications/?tab=unread&category=followers")


@place
def notifications_none(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/notifications/")


@place
def notifications_none_of_a_kind(_: Any) -> Visit:
    return Visit(signed_in(told(fan())), "/notifications/?category=calls")


@place
def settings_notifications(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/settings/notifications/", {"starts": "22:00", "ends": "07:00"})


@place
def settings_notifications_with_quiet_hours(_: Any) -> Visit:
    person = fan()
    telling.set_quiet_hours(person=person, starts=time(22), ends=time(7))
    telling.set_digest(person=person, rhythm="weekly", at=time(8), weekday=5)
    bounces.suppress(address=person.email, reason=bounces.Reason.HARD_BOUNCE, since=clock.now())
    return Visit(signed_in(person), "/settings/notifications/")


# ── Suspended ───────────────────────────────────────────────────────────────────────────────

WORD = "It was somebody else on my phone, and I have changed the password since."


def suspended_person() -> Any:
    person = fan()
    accounts.suspend(person=person, staff=make.make_staff(), reason="Asked people to pay elsewhere.")
    person.refresh_from_db()
    return person


@place
def suspended(_: Any) -> Visit:
    return Visit(signed_in(suspended_person()), "/suspended/", {"text": WORD})


@place
def suspended_with_an_appeal(_: Any) -> Visit:
    person = suspended_person()
    accounts.send_appeal(person=person, text=WORD)
    return Visit(signed_in(person), "/suspended/")


@place
def suspended_and_declined(_: Any) -> Visit:
    person = suspended_person()
    appeal = accounts.send_appeal(person=person, text=WORD)
    accounts.answer_appeal(
        appeal_id=appeal.pk, staff=make.make_staff(), is_granted=False, answer="Three people say so."
    )
    return Visit(signed_in(person), "/suspended/", {"text": WORD})


@place
def suspended_export(_: Any) -> Visit:
    return Visit(signed_in(suspended_person(), fresh=True), "/settings/export/")


@place
def suspended_and_reading_the_terms(_: Any) -> Visit:
    return Visit(signed_in(suspended_person()), "/legal/terms/")


# ── Becoming a creator ──────────────────────────────────────────────────────────────────────

STORY = "People bring a piece of clay and an idea; they leave with a bowl that holds water."


def application(step: str) -> CreatorApplication:
    categories()
    begun = accounts.start_application(person=fan(birth_date=cast.BORN))
    if step != "work":
        accounts.save_application(application=begun, headline="Turns bowls", categories=["craft"])
    if step not in {"work", "about"}:
        accounts.save_application(application=begun, about=STORY, links="")
    if step in {"pending", "refused"}:
        accounts.submit_application(application=begun)
    if step == "refused":
        accounts.refuse_application(application=begun, staff=make.make_staff(), reason="Tell us more about the calls.")
    begun.refresh_from_db()
    return begun


@place
def apply_start(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/become-a-creator/")


@place
def apply_work(_: Any) -> Visit:
    typed = {"headline": "Turns bowls", "categories": ["craft"]}
    return Visit(signed_in(application("work").user), "/become-a-creator/?step=work", typed)


@place
def apply_about(_: Any) -> Visit:
    return Visit(signed_in(application("about").user), "/become-a-creator/?step=about", {"about": STORY})


@place
def apply_send(_: Any) -> Visit:
    return Visit(signed_in(application("send").user), "/become-a-creator/?step=send")


@place
def apply_pending(_: Any) -> Visit:
    return Visit(signed_in(application("pending").user), "/become-a-creator/")


@place
def apply_refused(_: Any) -> Visit:
    return Visit(signed_in(application("refused").user), "/become-a-creator/")


@place
def apply_again(moving: Any) -> Visit:
    refused = application("refused")
    moving.advance(days=31)
    return Visit(signed_in(refused.user), "/become-a-creator/")


# ── Money ───────────────────────────────────────────────────────────────────────────────────


@place
def wallet(moving: Any) -> Visit:
    person = fan(tokens=900)
    bought(person)
    talked(moving, person=person)
    return Visit(signed_in(person), "/wallet/")


@place
def wallet_of_a_newcomer(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/")


@place
def wallet_in_euros(_: Any) -> Visit:
    """Some packs priced in euros, the others in dollars."""
    ExchangeRate.objects.get_or_create(
        currency="EUR", day=clock.today(), defaults={"micros": 862_801, "source": "staff"}
    )
    pack = Pack.objects.get(tokens=500)
    PackPrice.objects.get_or_create(pack=pack, currency="EUR", defaults={"amount_minor": 2_290})
    return Visit(signed_in(fan(tokens=900, currency="EUR")), "/wallet/")


@place
def wallet_with_a_hold(moving: Any) -> Visit:
    return Visit(signed_in(running(moving).fan), "/wallet/")


@place
def buy(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/buy/?need=15&next=/explore/")


@place
def tax_place(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/place/?next=/explore/", {"place": "DE"})


@place
def purchase_paid(_: Any) -> Visit:
    return purchase("paid")


@place
def purchase_waiting(_: Any) -> Visit:
    return purchase("created", stripe_session_id="")


@place
def purchase_failed(_: Any) -> Visit:
    return purchase("failed")


@place
def purchase_left(_: Any) -> Visit:
    return purchase("created", query="?left=1")


@place
def purchase_expired(_: Any) -> Visit:
    return purchase("expired")


def purchase(status: str, *, query: str = "", **fields: Any) -> Visit:
    person = fan()
    made = bought(person, status, **{name: value for name, value in fields.items() if value})
    return Visit(signed_in(person), reverse("economy:purchase", args=[made.pk]) + query)


def tipping(*, tokens: int = 900, query: str = "") -> Visit:
    return Visit(signed_in(fan(tokens=tokens)), f"/@{creator().username}/tip/{query}")


@place
def tip(_: Any) -> Visit:
    return tipping()


@place
def tip_asked_about(_: Any) -> Visit:
    return tipping(query="?confirm=1&own=600&message=Bowl%206%20was%20the%20one.")


@place
def tip_beyond_the_balance(_: Any) -> Visit:
    return tipping(tokens=20, query="?own=200&anonymous=on")


@place
def tip_sheet(_: Any) -> Visit:
    other = crowd()[0]
    return Visit(
        signed_in(fan(tokens=900)),
        f"/@{other.username}/",
        script="document.querySelector('.actionbar [hx-target=\"#sheets\"]').click()",
    )


@place
def tips_received(_: Any) -> Visit:
    other = creator()
    for number, anonymous in enumerate((False, True)):
        economy.send_tip(
            payer=fan(tokens=900), payee=other, amount=50, message=LONG, is_anonymous=anonymous, key=f"place {number}"
        )
    return Visit(signed_in(other), "/studio/tips/")


@place
def tips_none(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/tips/")


def payee(tokens: int = 2_000, **account: Any) -> Any:
    """A creator whose payouts are set up."""
    person = creator()
    make.certify_taxes(person)
    given = {"bank_name": "STRIPE TEST BANK", "bank_last4": "6789", "bank_currency": "USD", "bank_fingerprint": "one"}
    PayoutAccount.objects.create(
        creator=person,
        account_id=f"acct_{uuid4().hex}",
        country="US",
        currency="USD",
        is_submitted=True,
        can_receive=True,
        can_pay_out=True,
        **{**given, **account},
    )
    make.earn_available(person, tokens)
    return person


def payout(state: str, person: Any = None, **fields: Any) -> Payout:
    """A payout of theirs in a state that tokens rest in."""
    made = open_payout(creator=person or payee(), tokens=800, kind=Payout.Kind.MANUAL, key=f"place:{next(_number)}")
    made.state = state
    if state in {"transferred", "failed"}:
        made.transfer_id = f"tr_{uuid4().hex}"
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    note_step(made)
    return made


def own_payout(state: str, **fields: Any) -> Visit:
    made = payout(state, **fields)
    return Visit(signed_in(made.creator), reverse("economy:payout", args=[made.pk]))


@place
def earnings(_: Any) -> Visit:
    person = payee()
    for number, anonymous in enumerate((False, True)):
        economy.send_tip(payer=fan(tokens=900), payee=person, amount=50, is_anonymous=anonymous, key=f"e {number}")
    payout("in_review", person)
    return Visit(signed_in(person), "/studio/earnings/")


def disputed_earnings() -> Any:
    """A creator whose sale a dispute took back, and one that came back."""
    person = payee()
    for number, is_open in enumerate((True, False)):
        buyer = fan(tokens=0)
        bought = make.buy_tokens(buyer, 300)
        economy.send_tip(payer=buyer, payee=person, amount=120, key=f"d {number}")
        minor = bought.amount_minor
        economy.post_purchase(purchase_id=bought.pk, kept_minor=0, disputed_minor=minor, is_disputed=True)
        if not is_open:
            economy.post_purchase(purchase_id=bought.pk, kept_minor=minor)
    return person


@place
def earnings_disputed(_: Any) -> Visit:
    return Visit(signed_in(disputed_earnings()), "/studio/earnings/")


@place
def disputes(_: Any) -> Visit:
    return Visit(signed_in(disputed_earnings()), "/studio/disputes/")


@place
def studio_statements(_: Any) -> Visit:
    person = payee()
    economy.send_tip(payer=fan(tokens=900), payee=person, amount=50, key=f"st {person.pk}")
    with_closed_month(person)
    return Visit(signed_in(person), "/studio/statements/")


@place
def studio_statements_none(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/statements/")


@place
def studio_statement(_: Any) -> Visit:
    person = disputed_earnings()
    return Visit(signed_in(person), f"/studio/statements/{clock.now():%Y-%m}/")


@place
def statements(_: Any) -> Visit:
    person = fan(tokens=0)
    make.buy_tokens(person, 500, bonus=15)
    with_closed_month(person)
    economy.issue_invoices()
    return Visit(signed_in(person), "/wallet/statements/")


@place
def return_purchase(_: Any) -> Visit:
    person = fan(tokens=0)
    bought = make.buy_tokens(person, 500, bonus=15)
    Purchase.objects.filter(pk=bought.pk).update(stripe_payment_intent_id=f"pi_{bought.pk}", card="Visa ···· 4242")
    return Visit(signed_in(person), f"/wallet/purchases/{bought.pk}/return/")


@place
def return_purchase_none(_: Any) -> Visit:
    person = fan(tokens=0)
    return Visit(signed_in(person), f"/wallet/purchases/{make.buy_tokens(person, 500).pk}/return/")


@place
def top_up_without_card(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/top-up/")


@place
def top_up_off(_: Any) -> Visit:
    person = fan()
    with_card(person)
    return Visit(signed_in(person), "/wallet/top-up/", typed={"agreed": "on"})


@place
def top_up_on(_: Any) -> Visit:
    person = fan(tokens=900)
    with_card(person)
    pack = Pack.objects.get(tokens=500)
    economy.turn_on_top_up(person=person, threshold=100, pack_id=pack.pk, month_cap=2_000)
    return Visit(signed_in(person), "/wallet/top-up/")


@place
def top_up_stopped(_: Any) -> Visit:
    person = fan(tokens=900)
    with_card(person, expires_on=date(2020, 1, 31))
    pack = Pack.objects.get(tokens=500)
    TopUpPlan.objects.create(
        person=person, threshold=100, pack=pack, amount_minor=2_500, currency="USD", month_cap=2_000, stop="card"
    )
    return Visit(signed_in(person), "/wallet/top-up/")


def with_card(person: Any, *, expires_on: date = date(2034, 12, 31)) -> None:
    """A card that Stripe keeps."""
    SavedCard.objects.create(
        person=person,
        method_id=f"pm_{person.pk}",
        title="Visa ···· 4242",
        expires_on=expires_on,
        set_up_at=clock.now(),
    )


@place
def statements_none(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/statements/")


@place
def statement(_: Any) -> Visit:
    person = fan(tokens=900)
    economy.send_tip(payer=person, payee=creator(), amount=50, key=f"st {person.pk}")
    return Visit(signed_in(person), f"/wallet/statements/{clock.now():%Y-%m}/")


@place
def statement_empty(_: Any) -> Visit:
    return Visit(signed_in(fan()), f"/wallet/statements/{clock.now():%Y-%m}/")


def with_closed_month(person: Any) -> None:
    """A month long ago that is closed."""
    role = "creator" if person.is_approved_creator else "fan"
    facts = {"opening": 0, "change": 0, "closing": 0, "lines": 0, "payout_micros": 50_000}
    Statement.objects.create(person=person, role=role, month=date(2020, 1, 1), **facts)


@place
def give_back(_: Any) -> Visit:
    person = payee()
    tip = economy.send_tip(payer=fan(tokens=900), payee=person, amount=50, key=f"gb {person.pk}")
    return Visit(signed_in(person), f"/studio/earnings/{tip.transaction_id}/back/", typed={"tokens": "20"})


@place
def give_back_shown(_: Any) -> Visit:
    person = payee()
    tip = economy.send_tip(payer=fan(tokens=900), payee=person, amount=50, key=f"gs {person.pk}")
    return Visit(signed_in(person), f"/studio/earnings/{tip.transaction_id}/back/?tokens=20&reason=My%20line%20broke")


@place
def disputes_none(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/disputes/")


@place
def earnings_none(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/earnings/")


@place
def payouts_not_set_up(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/payouts/")


@place
def payouts_held_up(_: Any) -> Visit:
    due = ["individual.verification.document"]
    person = payee(300, stopped_reason=LONG, due=due, destination_changed_at=clock.now())
    return Visit(signed_in(person), "/studio/payouts/")


@place
def payouts_to_be_asked_for(_: Any) -> Visit:
    return Visit(signed_in(payee()), "/studio/payouts/")


@place
def payouts_so_far(_: Any) -> Visit:
    made = payout("failed", failure_code="account_closed")
    return Visit(signed_in(made.creator), "/studio/payouts/")


@place
def payout_in_review(_: Any) -> Visit:
    return own_payout("in_review")


@place
def payout_on_its_way(_: Any) -> Visit:
    return own_payout("transferred", stripe_payout_id="po_1", arrives_at=clock.now() + timedelta(days=2))


@place
def payout_refused(_: Any) -> Visit:
    return own_payout("failed", failure_code="account_closed")


@place
def payout_with_a_fault(_: Any) -> Visit:
    return own_payout("transferring", fault="2 transfers for one payout")


@place
def payout_setup(_: Any) -> Visit:
    return Visit(signed_in(creator(), fresh=True), "/studio/payouts/setup/", {"country": "DE"})


TAXES = {"tax_form": "w9", "legal_name": "Cora Creates", "country": "US", "tin": "123-45-6789", "is_certified": "on"}


@place
def tax(_: Any) -> Visit:
    return Visit(signed_in(creator(), fresh=True), "/studio/tax/", TAXES)


@place
def tax_certified(_: Any) -> Visit:
    return Visit(signed_in(payee(), fresh=True), "/studio/tax/", TAXES)


@place
def staff_payout(_: Any) -> Visit:
    path = reverse("admin:economy_payout_change", args=[payout("in_review", review_reason="first").pk])
    return Visit(staff(), path, {"reason": "The name is not theirs."})


@place
def staff_payout_with_a_fault(_: Any) -> Visit:
    path = reverse("admin:economy_payout_change", args=[payout("transferring", fault="2 transfers").pk])
    return Visit(staff(), path, {"reason": "One of them was ours."})


@place
def staff_tax_rates(_: Any) -> Visit:
    staff_tax_rate(_)
    return Visit(staff(), "/admin/economy/taxrate/")


@place
def staff_tax_rate(_: Any) -> Visit:
    number = next(_number)
    economy.save_tax_rate(
        staff=make.make_staff(),
        country="US",
        region=f"US-{number % 1_000}",
        name="sales tax",
        rate_ppm=88_750,
        is_inclusive=False,
        starts_on=clock.today() + timedelta(days=number),
        reason="The county decided so.",
    )
    typed = {"country": "DE", "name": "VAT", "percent": "19", "reason": "As the law says."}
    return Visit(staff(), "/admin/economy/taxrate/add/", typed)


@place
def staff_tax_report(_: Any) -> Visit:
    person = fan(tokens=100)
    economy.send_tip(payer=person, payee=creator(), amount=40, key=f"t{next(_number)}")
    economy.issue_invoices()
    return Visit(staff(), "/admin/economy/taxrate/report/")


@place
def staff_place_of_supply(_: Any) -> Visit:
    bought = make.buy_tokens(fan(), 200)
    for kind, country in (("card", "DE"), ("billing", "GB")):
        PlaceEvidence.objects.create(purchase=bought, kind=kind, country=country)
    PurchasePlace.objects.create(purchase=bought, state="open")
    path = reverse("admin:economy_purchaseplace_change", args=[bought.pk])
    return Visit(staff(), path, {"reason": "Their letter says so."})


@place
def staff_payouts(_: Any) -> Visit:
    payout("in_review", review_reason="first")
    return Visit(staff(), "/admin/economy/payout/")


@place
def staff_payout_account(_: Any) -> Visit:
    path = reverse("admin:economy_payoutaccount_change", args=[payee().pk])
    return Visit(staff(), path, {"reason": "Two people share this name."})


@place
def staff_stopped_payout_account(_: Any) -> Visit:
    path = reverse("admin:economy_payoutaccount_change", args=[payee(stopped_reason="We ask.").pk])
    return Visit(staff(), path, {"reason": "All is well."})


def giver() -> Any:
    person = fan()
    bought(person)
    person.created_at = clock.now() - timedelta(days=30)
    person.save(update_fields=["created_at"])
    return person


@place
def give(_: Any) -> Visit:
    return Visit(signed_in(giver()), "/wallet/give/", typed={"to": fan().username})


@place
def give_asked_about(_: Any) -> Visit:
    return Visit(signed_in(giver()), f"/wallet/give/?confirm=1&tokens=50&to={fan().username}&note=For%20a%20call")


@place
def redeem(_: Any) -> Visit:
    code = economy.save_code(staff=make.make_staff(), code=VoucherCode(amount=25, note="For the walk"))
    return Visit(signed_in(fan()), "/wallet/redeem/", typed={"code": code.code})


@place
def limits(_: Any) -> Visit:
    person = fan(tokens=900)
    economy.set_limits(person=person, limits={"day": 100, "week": 300})
    economy.set_limits(person=person, limits={"day": 200})
    return Visit(signed_in(person), "/wallet/limits/")


@place
def invite(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/invite/")


@place
def token_history(moving: Any) -> Visit:
    person = fan(tokens=900)
    bought(person)
    talked(moving, person=person)
    return Visit(signed_in(person), "/wallet/history/")


@place
def token_history_empty(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/wallet/history/?kind=spent")


@place
def receipt_of_a_purchase(_: Any) -> Visit:
    from economy.selectors import list_history

    person = fan()
    bought(person)
    line = list_history(person)[0]
    return Visit(signed_in(person), reverse("economy:receipt", args=[line.pk]))


@place
def receipt_of_a_call(moving: Any) -> Visit:
    from economy.selectors import list_history

    person = talked(moving).fan
    line = list_history(person, "spent")[0]
    return Visit(signed_in(person), reverse("economy:receipt", args=[line.pk]))


# ── Calls ───────────────────────────────────────────────────────────────────────────────────


def prepare_with(other: Any, *, tokens: int = 900, kind: str = "") -> Visit:
    path = reverse("calls:prepare", args=[other.username])
    return Visit(signed_in(fan(tokens=tokens)), path + kind, {"message": "A glaze that cracks"})


@place
def prepare(_: Any) -> Visit:
    return prepare_with(creator())


@place
def prepare_voice(_: Any) -> Visit:
    return prepare_with(creator(name=LONG), kind="?type=voice")


@place
def prepare_short_of_tokens(_: Any) -> Visit:
    return prepare_with(creator(), tokens=5)


@place
def prepare_with_somebody_away(_: Any) -> Visit:
    return prepare_with(creator(is_available=False))


@place
def prepare_with_somebody_without_rates(_: Any) -> Visit:
    return prepare_with(make.make_creator(birth_date=cast.BORN))


@place
def ring_as_caller(_: Any) -> Visit:
    ringing = scenes.ring(fan(tokens=900), creator())
    return Visit(signed_in(ringing.fan), reverse("calls:ring", args=[ringing.pk]))


@place
def ring_as_called(_: Any) -> Visit:
    ringing = scenes.ring(fan(tokens=900), creator(), message="A glaze that cracks, and a question about kilns")
    return Visit(signed_in(ringing.creator), reverse("calls:ring", args=[ringing.pk]))


@place
def ring_sheet(_: Any) -> Visit:
    ringing = scenes.ring(fan(tokens=900), creator(), message="A glaze that cracks, and a question about kilns")
    return Visit(signed_in(ringing.creator), "/studio/")


@place
def ring_declined(_: Any) -> Visit:
    ringing = scenes.ring(fan(tokens=900), creator())
    calls.decline_ring(creator=ringing.creator, invitation_id=ringing.pk)
    return Visit(signed_in(ringing.fan), reverse("calls:ring", args=[ringing.pk]))


@place
def ring_missed(moving: Any) -> Visit:
    ringing = scenes.ring(fan(tokens=900), creator())
    moving.advance(seconds=31)
    calls.expire_due_rings()
    return Visit(signed_in(ringing.fan), reverse("calls:ring", args=[ringing.pk]))


@place
def room_as_fan(moving: Any) -> Visit:
    call = running(moving)
    return Visit(signed_in(call.fan), reverse("calls:room", args=[call.pk]))


@place
def room_as_creator(moving: Any) -> Visit:
    call = running(moving)
    return Visit(
        signed_in(call.creator),
        reverse("calls:room", args=[call.pk]),
        script="document.querySelector('#call-side details').open = true",
    )


@place
def room_by_voice(moving: Any) -> Visit:
    call = running(moving, call_type="voice")
    return Visit(signed_in(call.fan), reverse("calls:room", args=[call.pk]))


@place
def room_asked_for_video(moving: Any) -> Visit:
    call = running(moving, call_type="voice")
    calls.ask_for_video(person=call.fan, call_id=call.pk)
    return Visit(signed_in(call.creator), reverse("calls:room", args=[call.pk]))


@place
def room_nearly_out_of_tokens(moving: Any) -> Visit:
    call = running(moving, person=fan(tokens=60))
    return Visit(signed_in(call.fan), reverse("calls:room", args=[call.pk]))


@place
def room_paused(moving: Any) -> Visit:
    call = running(moving)
    calls.leave_call(person=call.creator, call_id=call.pk)
    return Visit(signed_in(call.fan), reverse("calls:room", args=[call.pk]))


@place
def elsewhere_during_a_call(moving: Any) -> Visit:
    return Visit(signed_in(running(moving).fan), "/help/")


@place
def summary_as_fan(moving: Any) -> Visit:
    call = talked(moving)
    return Visit(signed_in(call.fan), reverse("calls:summary", args=[call.pk]))


@place
def summary_as_creator(moving: Any) -> Visit:
    call = talked(moving, call_type="voice")
    return Visit(signed_in(call.creator), reverse("calls:summary", args=[call.pk]))


@place
def summary_of_a_free_call(moving: Any) -> Visit:
    call = talked(moving, seconds=10)
    return Visit(signed_in(call.fan), reverse("calls:summary", args=[call.pk]))


@place
def calls_made(moving: Any) -> Visit:
    return Visit(signed_in(talked(moving).fan), "/calls/")


@place
def calls_made_none(_: Any) -> Visit:
    return Visit(signed_in(fan()), "/calls/")


@place
def studio(moving: Any) -> Visit:
    return Visit(
        signed_in(talked(moving).creator), "/studio/", script="document.querySelector('main details').open = true"
    )


@place
def studio_of_a_new_creator(_: Any) -> Visit:
    return Visit(signed_in(make.make_creator(birth_date=cast.BORN)), "/studio/")


@place
def studio_calls(moving: Any) -> Visit:
    return Visit(signed_in(talked(moving).creator), "/studio/calls/")


@place
def studio_calls_none(_: Any) -> Visit:
    return Visit(signed_in(creator(is_available=False)), "/studio/calls/")


@place
def studio_rates(_: Any) -> Visit:
    return Visit(signed_in(creator()), "/studio/calls/rates/", {"video_rate": "25", "voice_rate": "10"})


# ── Staff ───────────────────────────────────────────────────────────────────────────────────


def staff() -> PlainBrowser:
    """A superuser's browser that has shown its second factor."""
    client = make.sign_in_staff(Client(), make.make_staff(is_superuser=True))
    browser = PlainBrowser()
    for name, morsel in client.cookies.items():
        browser.set_cookie(name, morsel.value)
    return browser


@place
def staff_index(_: Any) -> Visit:
    application("pending")
    return Visit(staff(), "/admin/")


@place
def staff_people(_: Any) -> Visit:
    fan()
    return Visit(staff(), "/admin/accounts/user/")


@place
def staff_person(_: Any) -> Visit:
    return Visit(
        staff(), reverse("admin:accounts_user_change", args=[fan().pk]), {"reason": "Sells what is not theirs"}
    )


@place
def staff_suspended_person(_: Any) -> Visit:
    person = fan()
    accounts.suspend(person=person, staff=make.make_staff(is_superuser=True), reason="Spam")
    return Visit(staff(), reverse("admin:accounts_user_change", args=[person.pk]), {"reason": "A mistake of ours"})


@place
def staff_application(_: Any) -> Visit:
    path = reverse("admin:accounts_creatorapplication_change", args=[application("pending").pk])
    return Visit(staff(), path, {"reason": "Tell us more about the calls."})


@place
def staff_appeals(_: Any) -> Visit:
    accounts.send_appeal(person=suspended_person(), text=WORD)
    return Visit(staff(), "/admin/accounts/appeal/")


@place
def staff_appeal(_: Any) -> Visit:
    appeal = accounts.send_appeal(person=suspended_person(), text=WORD)
    path = reverse("admin:accounts_appeal_change", args=[appeal.pk])
    return Visit(staff(), path, {"reason": "Three people told us the same."})


@place
def staff_categories(_: Any) -> Visit:
    categories()
    return Visit(staff(), "/admin/accounts/category/")


@place
def staff_new_category(_: Any) -> Visit:
    number = next(_number)
    return Visit(staff(), "/admin/accounts/category/add/", {"name": f"Gardens {number}", "slug": f"gardens-{number}"})


@place
def staff_call(moving: Any) -> Visit:
    return Visit(staff(), reverse("admin:calls_call_change", args=[talked(moving).pk]))


@place
def staff_parked_promise(_: Any) -> Visit:
    entry = outbox.enqueue(kind="core.mail", payload={}, key=f"place:{uuid4()}")
    entry.parked_at = clock.now()
    entry.save(update_fields=["parked_at"])
    return Visit(staff(), reverse("admin:core_outboxentry_change", args=[entry.pk]))


# ── Development, and refusals ───────────────────────────────────────────────────────────────


def store_letter() -> str:
    """Put a letter into development's mailbox and return its id."""
    letter = EmailMultiAlternatives("A letter", "Good day.", "hello@digis.test", ["reader@example.com"])
    letter.attach_alternative(
        "<!doctype html><html lang=en><title>A letter</title><p>Good day.</p></html>", "text/html"
    )
    get_connection("digis.core.mail.StoredMailBackend").send_messages([letter])
    return str(list_stored()[0].id)


@place
def mailbox(_: Any) -> Visit:
    store_letter()
    return Visit(PlainBrowser(), "/dev/mail/")


@place
def mailbox_mail(_: Any) -> Visit:
    return Visit(PlainBrowser(), f"/dev/mail/{store_letter()}/")


@place
def mailbox_html(_: Any) -> Visit:
    return Visit(PlainBrowser(), f"/dev/mail/{store_letter()}/html/")


@place
def api_docs(_: Any) -> Visit:
    return Visit(PlainBrowser(), reverse("api:docs"))


def refused(path: str, status: int) -> Open:
    return lambda _: Visit(signed_in(fan()), path, status=status)


PLACES |= {
    f"error_{status}": refused(f"/probe/page/{status}/", status) for status in (400, 403, 404, 410, 429, 500, 503)
}
PLACES |= {
    f"refused_{code.lower()}": refused(f"/probe/refuse/{code}/", status)
    for code, status in {"FORBIDDEN": 403, "INSUFFICIENT_TOKENS": 402, "EMAIL_UNVERIFIED": 403}.items()
}
PLACES["nowhere"] = lambda _: Visit(PlainBrowser(), "/no/such/page/", status=404)
PLACES["crashed"] = lambda _: Visit(PlainBrowser(), "/probe/crash/", status=500)


# ── Out of mail ─────────────────────────────────────────────────────────────────────────────


@place
def unsubscribe(_: Any) -> Visit:
    token = unsubscribing.make_token(fan().pk, "followers")
    return Visit(PlainBrowser(), f"/notifications/unsubscribe/{token}/")


@place
def unsubscribe_with_half_a_link(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/notifications/unsubscribe/half-a-link/", status=404)


@place
def mail_comes_back(_: Any) -> Visit:
    person = fan()
    bounces.suppress(address=person.email, reason=bounces.Reason.HARD_BOUNCE, since=clock.now())
    accounts.send_verify_code(person=person)
    return Visit(signed_in(person), ADDRESS, {"code": make.code_in(letter_to(person.email))})


@place
def offline(_: Any) -> Visit:
    return Visit(PlainBrowser(), "/offline/")


@place
def push_is_on(_: Any) -> Visit:
    person = fan()
    for number, label in enumerate(("Firefox on Linux", "Safari on iPhone")):
        PushSubscription.objects.create(
            person=person,
            endpoint=f"https://push.example.com/{person.pk}/{number}",
            p256dh="p",
            auth="a",
            session_key=f"{number}" * 32,
            label=label,
        )
    return Visit(signed_in(person), "/settings/notifications/")
