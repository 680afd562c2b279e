"""Tips: from a creator's page, in a sheet or on a page of its own, once, and to whom they may go."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts import services as accounts
from digis.core import clock, registry
from digis.core.errors import NotFound, ValidationFailed
from economy import selectors, services
from economy.errors import PriceChanged
from economy.models import Gift, Tip
from tests import make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def value_of(name, response):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    return found[1] if found else ""


def send(client, handle, confirmed=None, **typed):
    """Fill the form of the tip's page as a browser does and send it."""
    path = f"/@{handle}/tip/"
    page = client.get(path)
    data = {"pick": "100", "quantity": "1", "said": value_of("said", page), **typed}
    data["idempotency_key"] = data.get("idempotency_key") or value_of("idempotency_key", page)
    if confirmed:
        data |= {"confirmed": confirmed, "said": confirmed}
    return client.post(path, data)


def tip(payer, payee, amount=20, **options):
    return services.send_tip(payer=payer, payee=payee, amount=amount, key=options.pop("key", str(uuid4())), **options)


@pytest.fixture
def rich(fan):
    make.buy_tokens(fan, 1_000)
    return fan


@pytest.fixture
def known(rich, creator):
    """A fan who has paid this creator before, so that small tips are not asked about."""
    tip(rich, creator, 10)
    return rich


def test_the_page_offers_amounts_with_money_and_names_the_chosen_one(rich, fan_client, creator):
    words = text_of(fan_client.get("/@creator/tip/"))
    assert "Tip Creator · 100 tokens ≈ $5.00" in words
    assert "10 tokens $0.50" in words
    assert "from 5" in fan_client.get("/@creator/tip/").content.decode()
    assert "Lighthouse" in words


def test_the_creators_page_leads_to_it(rich, fan_client, creator, client, creator_client):
    page = fan_client.get("/@creator/").content.decode()
    assert page.count('hx-get="/@creator/tip/"') == 2
    assert "/@creator/tip/" not in creator_client.get("/@creator/").content.decode()
    assert "/sign-in/?next=" in client.get("/@creator/tip/")["Location"]


def test_the_first_tip_is_asked_about_once_more_and_then_paid(rich, fan_client, creator):
    """screens.md 3.2: a second step at the first purchase from a creator; then a receipt and a row in the history."""
    asked = send(fan_client, "creator", message="Bowl 6 was the one")
    assert asked.status_code == 200
    assert "first time you pay Creator" in text_of(asked)
    assert "Tip Creator · 100 tokens ≈ $5.00" in text_of(asked)
    assert not Tip.objects.exists()
    key = value_of("idempotency_key", asked)
    paid = send(fan_client, "creator", confirmed="100", message="Bowl 6 was the one", idempotency_key=key)
    made = Tip.objects.get()
    assert (paid.status_code, paid["Location"]) == (303, f"/wallet/receipts/{made.transaction_id}/")
    receipt = text_of(fan_client.get(paid["Location"]))
    assert "Creator has your tip of 100 tokens." in receipt
    assert "Tip to Creator" in receipt
    assert "Tip to Creator" in text_of(fan_client.get("/wallet/history/?kind=spent"))
    assert made.message == "Bowl 6 was the one"
    assert made.transaction.fee == 20
    assert selectors.get_balance(rich).spendable == 900
    assert selectors.get_earnings(creator).pending == 80


def test_the_double_click_and_the_resubmitted_form_pay_once(known, fan_client, creator):
    """LEDGER-4: one charge and the same result page."""
    page = fan_client.get("/@creator/tip/")
    key = value_of("idempotency_key", page)
    first, again = (send(fan_client, "creator", idempotency_key=key) for _click in range(2))
    assert first["Location"] == again["Location"]
    assert Tip.objects.count() == 2, "the one before, and this"
    other = send(fan_client, "creator", idempotency_key=key, pick="50", confirmed="50")
    assert other.status_code == 422
    assert "already used for something else" in text_of(other)


def test_without_a_script_the_button_never_lies(known, fan_client, creator):
    """The button named 100 and another tile was ticked: the amount is asked about, and the next button names it."""
    asked = send(fan_client, "creator", pick="10")
    assert "Tip Creator · 10 tokens ≈ $0.50" in text_of(asked)
    assert Tip.objects.count() == 1
    assert send(fan_client, "creator", pick="10", confirmed="10").status_code == 303


def test_a_large_tip_is_asked_about_even_when_the_creator_is_known(known, fan_client, creator):
    """Above the person's own threshold, 500 unless they chose another."""
    assert send(fan_client, "creator", own="500", said="500").status_code == 303
    asked = send(fan_client, "creator", own="400", said="400")
    assert asked.status_code == 303
    services.set_limits(person=known, limits={}, confirm_above=30)
    asked = send(fan_client, "creator", own="31", said="31")
    assert asked.status_code == 200
    assert "Look at the amount once more" in text_of(asked)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"own": "4", "said": "4"}, "between 5 and 20,000"),
        ({"own": "20001", "said": "20001"}, "between 5 and 20,000"),
        ({"pick": "", "own": ""}, "Choose an amount"),
        ({"pick": "gift:x:y"}, "Choose an amount"),
        ({"message": "x" * 201}, "200 characters"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(known, fan_client, creator, typed, sentence):
    confirmed = typed.get("own") or None
    answer = send(fan_client, "creator", confirmed=confirmed, **typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Tip.objects.count() == 1


def test_too_few_tokens_turn_the_sheet_into_the_top_up_and_lead_back(fan, fan_client, creator):
    """screens.md 3.2: the same sheet becomes the top-up and returns to the act."""
    make.buy_tokens(fan, 40)
    answer = send(fan_client, "creator", confirmed="100", message="Nearly")
    assert answer.status_code == 422
    assert "60 tokens short" in text_of(answer)
    onward = value_of("next", answer).replace("&amp;", "&")
    assert onward.startswith("/@creator/tip/?pick=100")
    assert 'action="/wallet/buy/"' in answer.content.decode()
    back = fan_client.get(onward)
    assert "Nearly" in text_of(back)
    make.buy_tokens(fan, 100)
    assert send(fan_client, "creator", confirmed="100").status_code == 303


def test_the_last_step_says_that_the_tip_is_short_before_it_is_pressed(fan, fan_client, creator):
    """screens.md 3.2: how many are missing; not where adding tokens would not help."""
    make.buy_tokens(fan, 40)
    asked = send(fan_client, "creator")
    assert asked.status_code == 200
    assert "60 tokens short: you can add them next" in text_of(asked)
    assert "1 token short: you can add it next" in text_of(send(fan_client, "creator", pick="", own="41"))
    assert "short" not in text_of(send(fan_client, "creator", pick="", own="40"))
    services.set_limits(person=fan, limits={"day": 60})
    assert "short" not in text_of(send(fan_client, "creator"))


def test_ones_own_limit_is_named_with_the_way_to_it(known, fan_client, creator):
    """LEDGER-10."""
    services.set_limits(person=known, limits={"day": 60})
    answer = send(fan_client, "creator")
    assert answer.status_code == 422
    assert "spending limit leaves 50 tokens" in text_of(answer)
    assert '/wallet/limits/"' in answer.content.decode()


def test_nobody_tips_whom_they_may_not(rich, fan_client, creator, stranger, moderator, moderator_client):
    """MOD-1, ACC-5, ACC-6, ACC-9: blocked either way, suspended, no creator, staff, oneself."""
    for handle in ("stranger", "moderator", "nobody.here"):
        assert fan_client.get(f"/@{handle}/tip/").status_code == 404
    assert moderator_client.get("/@creator/tip/").status_code == 403
    for blocker, blocked in ((rich, creator), (creator, rich)):
        accounts.block(blocker=blocker, blocked=blocked)
        assert fan_client.get("/@creator/tip/").status_code == 404
        assert fan_client.post("/@creator/tip/", {}).status_code == 404
        with pytest.raises(NotFound):
            tip(rich, creator)
        accounts.unblock(blocker=blocker, blocked=blocked)
    suspended = make.make_creator("gone", suspended_at=clock.now())
    with pytest.raises(NotFound):
        tip(rich, suspended)
    with pytest.raises(ValidationFailed):
        tip(creator, creator)
    assert not Tip.objects.exists()


def test_the_unproven_cannot_tip(creator, client):
    person = make.make_person("unproven", verified=False)
    client.force_login(person)
    assert client.post("/@creator/tip/", {"pick": "100"}).status_code in {403, 422}
    assert not Tip.objects.exists()


def test_an_anonymous_tip_names_nobody_anywhere_on_the_creators_side(known, creator, creator_client, moderator):
    """LIVE-6: not in the list, the live word, the inbox, the movements of the API; staff see who it was."""
    made = tip(known, creator, 30, is_anonymous=True, message="From a shy person")
    services.refund_charge(transaction_id=made.transaction_id, key="back", reason="test", amount=10)
    Tip.objects.exclude(pk=made.pk).update(is_anonymous=True)
    page = creator_client.get("/studio/tips/").content.decode()
    assert "Anonymous" in page
    assert "From a shy person" in page
    rows = creator_client.get("/api/v1/tokens/transactions").json()["results"]
    assert {row["counterparty"] for row in rows} == {None}
    inbox = creator_client.get("/notifications/").content.decode()
    assert "tips, 40 tokens together" in inbox
    for text in (page, str(rows), inbox):
        assert "fan" not in re.sub(r"as a fan|fans?[^@\w]", "", text.lower()).replace("fan-", "")
    from economy.events import TipReceived

    assert TipReceived(tip_id=made.pk).context()["line"].name == "Anonymous"
    assert Tip.objects.get(pk=made.pk).payer == known


def test_the_creator_reads_who_gave_what_and_what_can_be_withdrawn(fan, creator, creator_client):
    """LEDGER-9: tips paid with free tokens earn, and the creator sees that they cannot be withdrawn."""
    make.grant_tokens(fan, 50)
    make.buy_tokens(fan, 100)
    tip(fan, creator, 100, message="Well thrown")
    page = text_of(creator_client.get("/studio/tips/"))
    assert "Well thrown" in page
    assert "+$4.00" in page
    assert "$2.00 of it from free tokens, not withdrawable" in page
    line = selectors.present_tips(selectors.list_tips_received(creator))[0]
    assert (line.share, line.withdrawable, line.not_withdrawable) == (80, 40, 40)
    assert "tipped you 100 tokens" in text_of(creator_client.get("/notifications/"))


def test_only_creators_have_a_list_of_tips(fan_client):
    assert fan_client.get("/studio/tips/").status_code == 403


def test_a_gift_is_a_tip_with_a_drawing(known, fan_client, creator, creator_client):
    gift = Gift.objects.get(name="Star")
    answer = send(fan_client, "creator", pick=f"gift:{gift.pk}:50", quantity="2", confirmed="100")
    assert answer.status_code == 303
    made = Tip.objects.order_by("-id").first()
    assert (made.gift, made.quantity, made.amount) == (gift, 2, 100)
    assert "Star × 2" in text_of(creator_client.get("/studio/tips/"))
    assert "Star × 2 for Creator" in text_of(fan_client.get("/wallet/"))


def test_a_gift_costs_what_the_page_showed_or_is_shown_again(known, fan_client, creator):
    """LEDGER-7."""
    gift = Gift.objects.get(name="Star")
    Gift.objects.filter(pk=gift.pk).update(tokens=60)
    answer = send(fan_client, "creator", pick=f"gift:{gift.pk}:50", confirmed="50")
    assert answer.status_code == 422
    assert "It is now 60 tokens" in text_of(answer)
    with pytest.raises(PriceChanged):
        tip(known, creator, 50, gift=services.GiftChoice(gift.pk))
    Gift.objects.filter(pk=gift.pk).update(is_offered=False)
    with pytest.raises(ValidationFailed):
        tip(known, creator, 60, gift=services.GiftChoice(gift.pk))


def test_the_sheet_is_a_part_of_the_page_and_thanks_in_place(known, fan_client, creator):
    sheet = fan_client.get("/@creator/tip/", headers=HTMX)
    assert sheet.content.decode().lstrip().startswith('<dialog class="sheet" id="tip-sheet"')
    data = {"pick": "100", "said": "100", "quantity": "1", "idempotency_key": value_of("idempotency_key", sheet)}
    done = fan_client.post("/@creator/tip/", data, headers=HTMX)
    assert done.status_code == 200
    assert "<html" not in done.content.decode()
    assert "Creator has your tip of 100 tokens" in text_of(done)


def test_a_tip_in_a_context_pays_its_owner_and_tells_it(known, creator, monkeypatch):
    """The payable contexts: the thing is found for the payer, pays this creator, and hears of it inside the transaction."""
    heard = []
    owners = {"mine": creator, "other": make.make_creator("other")}

    def find(viewer, name):
        if name not in owners:
            raise NotFound
        return name

    monkeypatch.setitem(
        registry.payable_contexts._entries,
        "room",
        registry.PayableContext(
            "room", find=find, payee=owners.get, after=lambda thing, made: heard.append((thing, made))
        ),
    )
    made = tip(known, creator, context=services.Context("room", "mine"))
    assert heard == [("mine", made)]
    assert (made.context_type, made.context_id) == ("room", "mine")
    assert list(selectors.list_tips_in(context_type="room", context_id="mine")) == [made]
    for context, refusal in (
        (services.Context("room", "other"), ValidationFailed),
        (services.Context("room", "none"), NotFound),
        (services.Context("nowhere", "1"), ValidationFailed),
    ):
        with pytest.raises(refusal):
            tip(known, creator, context=context)
    assert len(heard) == 1


def test_what_a_context_refuses_takes_the_tip_back(known, creator, monkeypatch):
    """LIVE-6: debit and effect are one transaction."""

    def refuse(_thing, _made):
        raise NotFound

    entry = registry.PayableContext("room", find=lambda _v, name: name, payee=lambda _t: creator, after=refuse)
    monkeypatch.setitem(registry.payable_contexts._entries, "room", entry)
    before = selectors.get_balance(known)
    with pytest.raises(NotFound):
        tip(known, creator, context=services.Context("room", "1"))
    assert selectors.get_balance(known) == before


def test_the_ledger_remembers_a_key_longer_than_its_record(known, creator):
    """api.md: the ledger key derived from it never expires."""
    from digis.core.models import IdempotencyRecord

    first = tip(known, creator, 20, key="once")
    IdempotencyRecord.objects.all().delete()
    again = tip(known, creator, 20, key="once")
    assert again == first
    assert again.is_replay
    assert not first.is_replay


def test_the_fee_of_the_day_is_the_tips(known, creator):
    from economy.models import FeeRule

    FeeRule.objects.create(kind="tip", fee_bp=1_000, starts_at=clock.now() - timedelta(days=1), reason="test")
    assert tip(known, creator, 100).transaction.fee == 10


def test_a_list_that_looks_again_gets_itself(creator_client):
    """The page takes its part out of the answer, so the part must be in it."""
    for path, part in (("/studio/tips/", "tip-list"), ("/studio/payouts/", "payouts-box")):
        assert f'id="{part}"' in creator_client.get(path, headers=HTMX).content.decode()
