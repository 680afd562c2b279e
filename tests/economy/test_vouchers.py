"""Codes with caps and windows, bonus tokens from staff, and what invitations bring."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Device, User
from digis.core.errors import Forbidden, ValidationFailed
from digis.core.models import AuditEntry
from economy import selectors, services
from economy.models import Redemption, Referral, TokenLot, VoucherCode
from tests import make

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def key_in(response):
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode())[1]


def code(moderator, **fields):
    made = {"code": "WELCOME", "amount": 40, "note": "Spring fair", **fields}
    return services.save_code(staff=moderator, code=VoucherCode(**made))


def redeem(person, word="WELCOME", **options):
    return services.redeem_code(person=person, code=word, key=options.pop("key", str(uuid4())))


# ── Codes ───────────────────────────────────────────────────────────────────────────────────


def test_a_code_gives_bonus_tokens_with_an_expiry_of_its_own(fan, fan_client, creator, moderator, clock):
    """LEDGER-9: what is earned from them is never withdrawable."""
    code(moderator, expiry_days=10)
    page = fan_client.get("/wallet/redeem/")
    answer = fan_client.post("/wallet/redeem/", {"code": " wel-come ", "idempotency_key": key_in(page)})
    assert answer.status_code == 303
    receipt = text_of(fan_client.get(answer["Location"]))
    assert "40 bonus tokens are yours." in receipt
    assert "Bonus tokens from a code" in receipt
    again = fan_client.post("/wallet/redeem/", {"code": "WELCOME", "idempotency_key": key_in(page)})
    assert again["Location"] == answer["Location"], "the double click shows the same receipt (LEDGER-4)"
    lot = TokenLot.objects.get(owner=fan)
    assert not lot.is_withdrawable
    assert timedelta(days=9, hours=23) < lot.expires_at - lot.created_at <= timedelta(days=10)
    services.send_tip(payer=fan, payee=creator, amount=40, key="t")
    assert selectors.get_earnings(creator).pending == 0
    assert '/wallet/redeem/"' in fan_client.get("/wallet/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"is_active": False}, "not one of ours"),
        ({"starts_at": "later"}, "not one of ours"),
        ({"ends_at": "now"}, "has ended"),
        ({"cap": 1, "used": 1}, "used up"),
    ],
)
def test_a_code_out_of_its_window_or_cap_says_so(fan, fan_client, moderator, clock, fields, sentence):
    now = clock.now()
    moments = {"later": now + timedelta(days=1), "now": now}
    given = {name: moments.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
    made = code(moderator, **{"starts_at": now - timedelta(days=2), **given, "used": 0})
    if fields.get("used"):
        redeem(make.make_person("first"))
    page = fan_client.get("/wallet/redeem/")
    answer = fan_client.post("/wallet/redeem/", {"code": made.code, "idempotency_key": key_in(page)})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Redemption.objects.filter(person=fan).exists()


def test_a_code_counts_for_each_person(fan, stranger, moderator):
    code(moderator, cap_per_person=2, cap=3)
    assert [redeem(fan).number for _time in range(2)] == [1, 2]
    with pytest.raises(ValidationFailed, match="used this code already"):
        redeem(fan)
    redeem(stranger)
    with pytest.raises(ValidationFailed):
        redeem(stranger)
    assert VoucherCode.objects.get().used == 3


def test_guessing_codes_is_slow(fan, fan_client, moderator):
    code(moderator)
    page = fan_client.get("/wallet/redeem/")
    answers = [
        fan_client.post("/wallet/redeem/", {"code": f"GUESS{n}", "idempotency_key": key_in(page)}).status_code
        for n in range(11)
    ]
    assert answers[-1] == 429


@pytest.mark.django_db(transaction=True)
def test_a_crowd_gets_no_more_of_a_code_than_there_is():
    """Oversell is impossible: the code's row is locked."""
    code(make.make_staff("desk"), cap=5, amount=10)
    people = [make.make_person(f"crowd{n}") for n in range(8)]
    gate = Barrier(16)

    def work(number):
        gate.wait(timeout=30)
        try:
            redeem(people[number % 8])
        except ValidationFailed:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 5
    assert VoucherCode.objects.get().used == Redemption.objects.count() == 5
    assert sum(selectors.get_balance(person).spendable for person in people) == 50


def test_staff_make_codes_in_the_admin(moderator, db):
    boss = make.make_staff("boss", is_superuser=True)
    client = make.sign_in_staff(Client(), boss)
    page = client.get("/admin/economy/vouchercode/add/")
    assert page.status_code == 200
    typed = {
        "code": "fair-2026", "kind": "grant", "amount": "30", "cap": "100", "cap_per_person": "1", "expiry_days": "30",
        "starts_at_0": "2026-01-01", "starts_at_1": "12:00", "note": "The fair", "is_active": "on",
    }  # fmt: skip
    answer = client.post("/admin/economy/vouchercode/add/", typed)
    assert answer.status_code in {302, 303}, text_of(answer)
    made = VoucherCode.objects.get()
    assert (made.code, made.created_by) == ("FAIR2026", boss)
    assert AuditEntry.objects.filter(action="economy.code_made", reason="The fair").exists()


# ── From staff ──────────────────────────────────────────────────────────────────────────────


def test_staff_give_bonus_tokens_with_a_reason(fan, moderator):
    """LEDGER-9, and every act in the audit log."""
    grant = services.give_bonus(staff=moderator, person=fan, amount=30, reason="A call that failed", key="b")
    assert services.give_bonus(staff=moderator, person=fan, amount=30, reason="A call that failed", key="b") == grant
    assert selectors.get_balance(fan).promotional == 30
    assert AuditEntry.objects.get(action="economy.bonus").reason == "A call that failed"
    for options in ({"amount": 5_001}, {"amount": 10, "reason": " "}):
        with pytest.raises(ValidationFailed):
            services.give_bonus(**{"staff": moderator, "person": fan, "reason": "x", "key": str(uuid4()), **options})
    with pytest.raises(Forbidden):
        services.give_bonus(staff=fan, person=fan, amount=10, reason="x", key="c")


def test_staff_give_them_in_the_admin(fan):
    client = make.sign_in_staff(Client(), make.make_staff("boss", is_superuser=True))
    page = client.get("/admin/economy/bonusgrant/add/")
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.content.decode())[1]
    typed = {
        "handle": "fan",
        "amount": "30",
        "expiry_days": "30",
        "reason": "A call that failed",
        "idempotency_key": key,
    }
    for _click in range(2):
        answer = client.post("/admin/economy/bonusgrant/add/", typed)
        assert answer.status_code in {302, 303}, text_of(answer)
    assert selectors.get_balance(fan).promotional == 30
    assert client.get("/admin/economy/bonusgrant/").status_code == 200
    wrong = client.post("/admin/economy/bonusgrant/add/", {**typed, "handle": "nobody.here", "idempotency_key": "n"})
    assert "There is nobody of this name" in text_of(wrong)


# ── Invitations ─────────────────────────────────────────────────────────────────────────────


def join(word, name="newcomer"):
    """Sign up by somebody's link, as a browser does."""
    client = Client()
    page = client.get(f"/sign-up/?ref={word}")
    assert f'name="ref" value="{word}"' in page.content.decode()
    answer = client.post(
        "/sign-up/",
        {
            "email": f"{name}@example.com", "display_name": name.capitalize(), "handle": name, "birth_date": "1990-05-01",
            "password": "eight brown bottles", "accepts_terms": "on", "ref": word,
        },
    )  # fmt: skip
    assert answer.status_code == 303, text_of(answer)
    person = User.objects.get(username=name)
    User.objects.filter(pk=person.pk).update(email_verified_at=person.created_at)
    person.refresh_from_db()
    return person


def settle():
    make.handle_outbox("economy.referral")
    make.handle_outbox("economy.referral_reward")


@pytest.fixture
def link(fan, fan_client):
    page = fan_client.get("/wallet/invite/").content.decode()
    return re.search(r"/sign-up/\?ref=(\w+)", page)[1]


def test_both_get_a_bonus_after_the_first_purchase_and_once(fan, fan_client, link, creator):
    person = join(link)
    make.grant_tokens(person, 5)
    settle()
    assert selectors.get_balance(fan).promotional == 0, "joining alone brings nothing"
    make.buy_tokens(person, 100)
    make.buy_tokens(person, 100)
    for _time in range(2):
        settle()
        services.reward_referral(person_id=person.pk)
    assert selectors.get_balance(fan).promotional == 50
    assert selectors.get_balance(person).promotional == 55
    assert not TokenLot.objects.filter(owner=fan, is_withdrawable=True).exists()
    assert "Bonus tokens for an invitation" in text_of(fan_client.get("/wallet/"))
    assert "An invitation brought you 50 bonus tokens" in text_of(fan_client.get("/notifications/"))
    page = text_of(fan_client.get("/wallet/invite/"))
    assert "Joined 1 Rewarded 1 Tokens 50" in page


def test_an_account_made_on_ones_own_device_brings_nothing(fan, link):
    """Self-referral: the two signed in from one browser."""
    person = join(link)
    mine = Device.objects.get(user=person)
    Device.objects.create(user=fan, token_hash=mine.token_hash, label="The same")
    make.buy_tokens(person, 100)
    settle()
    assert Referral.objects.get().outcome == "refused"
    assert selectors.get_balance(fan).spendable == 0
    assert selectors.get_balance(person).promotional == 0


def test_a_month_has_its_cap(fan, link, settings, clock):
    settings.REFERRAL_MONTH_CAP = 1
    first, second = join(link), join(link, "another")
    for person in (first, second):
        make.buy_tokens(person, 100)
        settle()
    assert selectors.get_balance(fan).promotional == 50
    assert selectors.get_balance(second).promotional == 50, "whoever was invited gets theirs all the same"
    assert Referral.objects.get(person=second).outcome == "capped"


def test_a_word_that_is_nobodys_is_passed_over(db):
    join("nobodys")
    assert not Referral.objects.exists()


def test_one_cannot_invite_oneself(fan, link):
    assert services.note_referral(person=fan, code=link) is None
