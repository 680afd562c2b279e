"""The stand-in for Stripe, over real HTTP, for the tests of purchases."""

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client

from economy import services
from economy.services import findings
from tests import make, stripe_sandbox
from tests.economy.payees import play, set_up
from tests.stripe_sandbox import StripeSandbox


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory):
    with stripe_sandbox.running(tmp_path_factory.mktemp("stripe")) as sandbox:
        yield sandbox


@pytest.fixture
def stripe(running_sandbox: StripeSandbox, settings):
    """A stand-in that remembers nothing of other tests; webhooks go nowhere unless a test says where."""
    running_sandbox.reset()
    settings.STRIPE_API_BASE = settings.SANDBOX_URL = running_sandbox.url
    settings.STRIPE_SECRET_KEY = stripe_sandbox.TEST_KEY
    settings.STRIPE_WEBHOOK_SECRET = stripe_sandbox.WEBHOOK_SECRET
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = stripe_sandbox.CONNECT_SECRET
    settings.STRIPE_LIVE_MODE = False
    return running_sandbox


@pytest.fixture
def hooked(stripe: StripeSandbox, live_server, settings):
    """The stand-in delivers its webhooks to a server of ours."""
    settings.SITE_URL = live_server.url
    call_command("ensure_stripe_webhook", verbosity=0)
    stripe.endpoint(
        f"{live_server.url}/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",
        secrets=[stripe_sandbox.WEBHOOK_SECRET],
        endpoint_id="we_tests",
    )
    stripe.endpoint(
        f"{live_server.url}/stripe/webhook/{settings.STRIPE_CONNECT_WEBHOOK_UUID}/",
        secrets=[stripe_sandbox.CONNECT_SECRET],
        endpoint_id="we_tests_connect",
        connect=True,
    )
    yield stripe
    stripe.forget_rules()
    # Nothing may reach the server after this test: it would answer beside others, without a database.
    for name in ("we_tests", "we_tests_connect"):
        stripe.client.v1.webhook_endpoints.update(name, {"disabled": True})
    stripe.reset()
    connections.close_all()


@pytest.fixture
def order(fan, stripe):
    """500 tokens and 15 more for $25.00, on their way to the hosted page."""
    from economy.selectors import list_packs

    return services.start_purchase(person=fan, pack_id=list_packs().get(tokens=500).pk, key="order-1")


@pytest.fixture
def payee_without_money(creator, stripe):
    """A creator who gave all that payouts need; 10,000.00 of ours to pay with."""
    play.stripe = stripe
    stripe.add_funds(1_000_000)
    return set_up(creator, stripe)


@pytest.fixture
def payee(payee_without_money):
    """1,000 tokens may be paid out to them."""
    make.earn_available(payee_without_money, 1_000)
    return payee_without_money


@pytest.fixture
def paid(order, stripe):
    """The order, paid for and credited."""
    stripe.pay(order.stripe_session_id)
    services.converge_purchase(purchase_id=order.pk)
    order.refresh_from_db()
    return order


@pytest.fixture
def alerts(monkeypatch):
    """What reconciliation logged as an error."""
    told = []

    class Log:
        def error(self, event, **said):
            told.append((event, said["key"]))

    monkeypatch.setattr(findings, "log", Log())
    return told


@pytest.fixture
def desk(db):
    return make.make_staff("desk", groups=["finance"])


@pytest.fixture
def staff_client(db):
    """Somebody of finance, at the desk."""
    return make.sign_in_staff(Client(), make.make_staff("cashier", groups=["finance"]))
