from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import CONNECT_SECRET, StripeSandbox, running


@pytest.fixture(scope="session")
def shop() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def connect_shop() -> Iterator[Receiver]:
    """The endpoint for the connected accounts' events, with a secret of its own."""
    receiver = Receiver(secret=CONNECT_SECRET)
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def running_sandbox(
    shop: Receiver, connect_shop: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StripeSandbox]:
    state: Path = tmp_path_factory.mktemp("stripe")
    with running(state, webhook_url=shop.url, connect_url=connect_shop.url) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: StripeSandbox, shop: Receiver, connect_shop: Receiver) -> StripeSandbox:
    """A stand-in that remembers nothing and sends its webhooks to `shop` and `connect_shop`."""
    running_sandbox.reset()
    shop.clear()
    connect_shop.clear()
    return running_sandbox
