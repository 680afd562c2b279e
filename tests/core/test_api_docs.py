"""The schema and its readable page need nobody's CDN."""

import pytest
import yaml

pytestmark = pytest.mark.django_db


def test_the_schema_is_openapi_31(client):
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.1")


def test_the_page_is_made_here(client):
    page = client.get("/api-docs/").content.decode()
    assert "/api/schema/" in page
    assert "cdn" not in page.lower()
