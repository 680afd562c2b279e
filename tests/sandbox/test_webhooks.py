import pytest
import stripe

from tests.sandbox.make import PAID_SEQUENCE, make_payment, make_session
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import WEBHOOK_SECRET, StripeSandbox

COMPLETED = "checkout.session.completed"


def the_event(sandbox: StripeSandbox, event_type: str = COMPLETED) -> str:
    return sandbox.events(event_type)[0]["id"]


def test_a_payment_is_told_in_order_and_signed(sandbox: StripeSandbox, shop: Receiver) -> None:
    make_payment(sandbox)
    sandbox.wait()
    assert shop.types == PAID_SEQUENCE
    letter = shop.letters[3]
    event = stripe.Webhook.construct_event(letter.body, letter.signature, WEBHOOK_SECRET)
    assert event.api_version == "2026-08-26.dahlia"
    assert event.livemode is False
    assert event.data.object["payment_status"] == "paid"
    assert event.data.object["client_reference_id"] == "purchase-1"


def test_an_event_is_a_snapshot_of_its_moment(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    succeeded = sandbox.events("charge.succeeded")[0]["data"]["object"]
    updated = sandbox.events("charge.updated")[0]["data"]
    assert succeeded["balance_transaction"] is None
    assert updated["object"]["balance_transaction"].startswith("txn_")
    assert updated["previous_attributes"] == {"balance_transaction": None}
    assert sandbox.events("payment_intent.created")[0]["data"]["object"]["status"] == "requires_payment_method"
    assert sandbox.client.v1.payment_intents.retrieve(intent).status == "succeeded"


def test_events_can_be_fetched_and_listed(sandbox: StripeSandbox) -> None:
    make_payment(sandbox)
    events = sandbox.client.v1.events
    assert [e.type for e in events.list({"types": [COMPLETED, "charge.succeeded"]}).data] == [
        COMPLETED,
        "charge.succeeded",
    ]
    assert events.retrieve(the_event(sandbox)).type == COMPLETED


def test_a_refused_delivery_is_tried_again_until_it_is_taken(sandbox: StripeSandbox, shop: Receiver) -> None:
    """W6 of the webhook rules: after a 500 the same event comes again."""
    sandbox.drop("charge.*")
    sandbox.drop("payment_intent.*")
    shop.answers += [500, 302]
    make_payment(sandbox)
    sandbox.wait()
    (delivery,) = sandbox.deliveries(COMPLETED)
    assert [attempt["status"] for attempt in delivery["tries"]] == [500, 302, 200]
    assert (delivery["state"], delivery["attempts"]) == ("succeeded", 3)
    assert {letter.event["id"] for letter in shop.letters} == {the_event(sandbox)}
    waits = [shop.letters[n + 1].at - shop.letters[n].at for n in range(2)]
    assert waits[0] > 0.4
    assert waits[1] > waits[0] * 1.5


def test_time_moved_forward_makes_retries_due(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.drop("charge.*")
    sandbox.drop("payment_intent.*")
    shop.answers += [500] * 5
    make_payment(sandbox)
    for number in range(1, 6):
        shop.wait_until(lambda wanted=number: len(shop.letters) >= wanted)
        shop.wait_until(lambda: sandbox.deliveries(COMPLETED)[0]["state"] == "pending")
        sandbox.advance(60)
    sandbox.wait()
    assert len(shop.letters) == 6


def test_held_deliveries_wait_until_they_are_released(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.hold(COMPLETED)
    make_payment(sandbox)
    sandbox.wait()
    assert COMPLETED not in shop.types
    assert sandbox.release() == 1
    sandbox.wait()
    assert shop.types[-1] == COMPLETED


def test_held_deliveries_are_released_in_any_order(sandbox: StripeSandbox, shop: Receiver) -> None:
    """W3: events may arrive in every order."""
    sandbox.hold()
    make_payment(sandbox)
    sandbox.release("newest")
    sandbox.wait()
    assert shop.types == PAID_SEQUENCE[::-1]
    sandbox.reset()
    shop.clear()
    sandbox.hold()
    make_payment(sandbox)
    ids = {event["type"]: event["id"] for event in sandbox.events()}
    order = [PAID_SEQUENCE[n] for n in (2, 0, 4, 1, 3)]
    assert sandbox.release(events=[ids[name] for name in order]) == 5
    sandbox.wait()
    assert shop.types == order


def test_shuffled_releases_repeat_by_their_seed(sandbox: StripeSandbox, shop: Receiver) -> None:
    orders = []
    for seed in (1, 1, 2):
        sandbox.reset()
        shop.clear()
        sandbox.hold()
        make_payment(sandbox)
        sandbox.release("shuffled", seed=seed)
        sandbox.wait()
        orders.append(shop.types)
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(PAID_SEQUENCE)


def test_a_pair_can_change_places(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.reorder("*.succeeded", times=2)
    make_payment(sandbox)
    sandbox.wait()
    only = [name for name in shop.types if name.endswith(".succeeded")]
    assert only == ["payment_intent.succeeded", "charge.succeeded"]


def test_a_dropped_delivery_never_comes(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.drop(COMPLETED, times=1)
    make_payment(sandbox)
    make_payment(sandbox)
    sandbox.wait()
    assert shop.types.count(COMPLETED) == 1
    assert [d["state"] for d in sandbox.deliveries(COMPLETED)] == ["dropped", "succeeded"]


def test_a_delayed_delivery_comes_late(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.delay(0.5, COMPLETED)
    make_payment(sandbox)
    sandbox.wait()
    assert shop.types[-1] == COMPLETED
    assert shop.letters[-1].at - shop.letters[0].at > 0.4


def test_an_event_is_replayed_many_times_at_once(sandbox: StripeSandbox, shop: Receiver) -> None:
    """W1: the same event twenty times in parallel."""
    make_payment(sandbox)
    sandbox.wait()
    shop.clear()
    assert sandbox.replay(the_event(sandbox), copies=20) == [200] * 20
    assert len({letter.body for letter in shop.letters}) == 1
    assert shop.letters[-1].at - shop.letters[0].at < 2


def test_a_stale_signature_is_refused_and_one_from_the_future_can_be_made(
    sandbox: StripeSandbox, shop: Receiver
) -> None:
    """W5: 301 seconds old is too old; what the SDK lets pass from the future is ours to refuse."""
    make_payment(sandbox)
    sandbox.wait()
    event = the_event(sandbox)
    assert sandbox.replay(event, age=301) == [400]
    assert sandbox.replay(event, age=-301) == [200]
    stamps = [int(letter.signature.split(",")[0].removeprefix("t=")) - letter.at for letter in shop.letters[-2:]]
    assert stamps[0] == pytest.approx(-301, abs=3)
    assert stamps[1] == pytest.approx(301, abs=3)


@pytest.mark.parametrize("tamper", ["body", "reserialized", "signature", "none"])
def test_a_forged_delivery_is_refused(sandbox: StripeSandbox, tamper: str) -> None:
    """W4: a body changed by one byte or written anew, and a wrong or missing mark."""
    make_payment(sandbox)
    sandbox.wait()
    assert sandbox.replay(the_event(sandbox), tamper=tamper) == [400]


def test_a_wrong_secret_is_refused(sandbox: StripeSandbox) -> None:
    """W4: another endpoint's secret signs nothing here."""
    make_payment(sandbox)
    sandbox.wait()
    assert sandbox.replay(the_event(sandbox), secret="whsec_somebodyelses") == [400]


def test_an_event_can_be_changed_before_it_is_replayed(sandbox: StripeSandbox, shop: Receiver) -> None:
    """W7: another mode, account, currency or amount, under a genuine signature."""
    make_payment(sandbox)
    sandbox.wait()
    event = the_event(sandbox)
    sandbox.replay(event, patch={"livemode": True, "data": {"object": {"amount_total": 1}}}, is_new=True)
    changed = shop.letters[-1].event
    assert changed["id"] != event
    assert changed["livemode"] is True
    assert changed["data"]["object"]["amount_total"] == 1
    assert changed["data"]["object"]["currency"] == "usd"


def test_both_secrets_sign_while_one_is_changed_for_another(sandbox: StripeSandbox, shop: Receiver) -> None:
    """W8: a receiver that knows only the old or only the new secret accepts."""
    try:
        secrets = [WEBHOOK_SECRET, "whsec_thenextone"]
        sandbox.endpoint(shop.url, secrets=secrets, endpoint_id="we_standin_platform")
        make_payment(sandbox)
        sandbox.wait()
        for letter in shop.letters:
            for secret in secrets:
                assert stripe.Webhook.construct_event(letter.body, letter.signature, secret)
    finally:
        sandbox.endpoint(shop.url, secrets=[WEBHOOK_SECRET], endpoint_id="we_standin_platform")


def test_an_endpoint_hears_only_what_it_asked_for(sandbox: StripeSandbox, shop: Receiver) -> None:
    endpoints = sandbox.client.v1.webhook_endpoints
    other = Receiver()
    other.start()
    try:
        made = endpoints.create({"url": other.url, "enabled_events": ["charge.refunded"]})
        assert made.secret is not None
        other.secret = made.secret
        intent = make_payment(sandbox)
        sandbox.refund(intent)
        sandbox.wait()
        assert other.types == ["charge.refunded"]
        assert other.letters[0].is_genuine
        assert "secret" not in endpoints.retrieve(made.id)
        endpoints.update(made.id, {"disabled": True})
        make_payment(sandbox)
        sandbox.wait()
        assert len(other.letters) == 1
    finally:
        endpoints.delete(made.id)
        other.stop()


def test_any_event_can_be_sent(sandbox: StripeSandbox, shop: Receiver) -> None:
    intent = make_payment(sandbox)
    sandbox.wait()
    sandbox.emit("payment_intent.succeeded", about=intent)
    sandbox.emit("radar.early_fraud_warning.created", data={"id": "issfr_1", "object": "radar.early_fraud_warning"})
    sandbox.wait()
    assert shop.types[-2:] == ["payment_intent.succeeded", "radar.early_fraud_warning.created"]
    assert len({letter.event["id"] for letter in shop.letters}) == len(shop.letters)


def test_an_event_names_the_request_that_caused_it(sandbox: StripeSandbox) -> None:
    session = make_session(sandbox)
    sandbox.client.v1.checkout.sessions.expire(session.id, {}, {"idempotency_key": "expire-1"})
    request = sandbox.events("checkout.session.expired")[0]["request"]
    assert request["id"].startswith("req_")
    assert request["idempotency_key"] == "expire-1"
