"""What the first visit costs: HTML, CSS and JavaScript, compressed."""

from __future__ import annotations

import gzip
import re
from os.path import normpath
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

BUDGET = 60_000
PAGES = ["/", "/explore/", "/sign-in/", "/sign-up/"]


def read(name: str) -> bytes:
    path = finders.find(name)
    assert path, f"{name} is linked but not built"
    return Path(path).read_bytes()


def chunks_of(name: str) -> set[str]:
    """Return the shared chunks a module loads at once, whatever they load included."""
    found: set[str] = set()
    folder = Path(name).parent
    for text in re.findall(r'(?:from|import)\s*"(\.[^"]+)"', read(name).decode()):
        chunk = normpath(folder / text)
        if chunk not in found:
            found |= {chunk} | chunks_of(chunk)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_first_load_weighs_at_most_sixty_kilobytes(client: Client, page: str):
    answer = client.get(page)
    assert answer.status_code == 200
    html = answer.content.decode()
    weight = len(gzip.compress(answer.content))
    assets = set(re.findall(r'(?:href|src)="/static/([^"?]+\.(?:css|js))"', html))
    assert any(name.endswith(".css") for name in assets), "the page loads no style sheet: build static/dist first"
    chunks = {chunk for asset in assets if asset.endswith(".js") for chunk in chunks_of(asset)}
    for name in assets | chunks:
        weight += len(gzip.compress(read(name)))
    assert weight <= BUDGET, f"{page} weighs {weight} bytes compressed: {sorted(assets)}"
