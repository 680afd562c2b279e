"""A second browser, and a browser that has just proven itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import make

PASSWORD = "seven green bottles"


@pytest.fixture
def client_two() -> Client:
    return Client()


@pytest.fixture
def ana(db: None) -> Any:
    return make.make_person("ana", password=PASSWORD)


@pytest.fixture
def ana_client(ana: Any) -> Client:
    """Ana, signed in by her password a moment ago."""
    client = Client()
    answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    assert answer.status_code == 303
    return client
