from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import StripeSandbox, running


@pytest.fixture(scope="session")
def shop() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def running_sandbox(shop: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeSandbox]:
    state: Path = tmp_path_factory.mktemp("stripe")
    with running(state, webhook_url=shop.url) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: StripeSandbox, shop: Receiver) -> StripeSandbox:
    """A stand-in that remembers nothing and sends its webhooks to `shop`."""
    running_sandbox.reset()
    shop.clear()
    return running_sandbox
