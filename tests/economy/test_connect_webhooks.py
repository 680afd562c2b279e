"""Events of connected accounts: a door of their own, with a secret of its own."""

import pytest
from django.core.management import call_command
from djstripe.models import Event, WebhookEndpoint

from digis.core.ids import uuid7
from digis.core.models import OutboxEntry
from economy import gateway
from tests import make, stripe_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(hooked):
    """A connected account whose making, and nothing else, was told so far."""
    hooked.hold("*")
    made = gateway.create_account(person_id=uuid7(), email="cora@digis.test", country="US")
    hooked.onboard(made.id)
    return made


def event_of(sandbox, kind):
    return sandbox.events(kind)[-1]["id"]


def test_a_connected_accounts_event_comes_by_its_own_door(account, hooked):
    """LEDGER-5: stored once with the account it happened in."""
    told = event_of(hooked, "account.updated")
    assert hooked.replay(told, copies=3) == [200, 200, 200]
    assert Event.objects.get().stripe_data["account"] == account.id
    assert OutboxEntry.objects.filter(kind="economy.stripe_event").count() == 1
    make.handle_outbox()
    assert not OutboxEntry.objects.filter(parked_at__isnull=False).exists()


def test_the_platforms_secret_opens_only_the_platforms_door(account, hooked):
    """LEDGER-5."""
    assert hooked.replay(event_of(hooked, "account.updated"), secret=stripe_sandbox.WEBHOOK_SECRET) == [400]
    assert not Event.objects.exists()


def test_a_secret_is_changed_without_losing_an_event(account, hooked, live_server, settings):
    """LEDGER-5: while Stripe rolls a secret over it signs with both, so either side may change first."""
    door = f"{live_server.url}/stripe/webhook/{settings.STRIPE_CONNECT_WEBHOOK_UUID}/"
    both = ["whsec_thenextone", stripe_sandbox.CONNECT_SECRET]
    told = event_of(hooked, "account.updated")
    hooked.endpoint(door, secrets=both, endpoint_id="we_tests_connect", connect=True)
    assert hooked.replay(told) == [200]
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = "whsec_thenextone"
    call_command("ensure_stripe_webhook", verbosity=0)
    assert hooked.replay(told) == [200]
    hooked.endpoint(door, secrets=both[:1], endpoint_id="we_tests_connect", connect=True)
    assert hooked.replay(told) == [200]
    hooked.endpoint(door, secrets=both[1:], endpoint_id="we_tests_connect", connect=True)
    assert hooked.replay(told) == [400]


def test_without_a_secret_there_is_no_door(hooked, settings):
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = ""
    call_command("ensure_stripe_webhook", verbosity=0)
    assert [str(row.djstripe_uuid) for row in WebhookEndpoint.objects.all()] == [settings.STRIPE_WEBHOOK_UUID]
