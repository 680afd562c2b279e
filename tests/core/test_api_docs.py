"""The schema and its readable page need nobody's CDN."""

import json

import jsonschema
import pytest
import yaml

from digis.core.errors import ValidationFailed
from digis.core.realtime import frames

pytestmark = pytest.mark.django_db


def test_the_schema_is_openapi_31(client):
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.1")


def test_the_page_is_made_here(client):
    page = client.get("/api-docs/").content.decode()
    assert "/api/schema/" in page
    assert "cdn" not in page.lower()


def test_every_frame_of_the_socket_is_in_the_schema_and_on_the_page(client):
    schema = yaml.safe_load(client.get("/api/schema/").content)
    page = client.get("/api-docs/").content.decode()
    for side, kinds in (("Client", frames.CLIENT), ("Server", {**frames.SERVER, "presence": frames.PRESENCE})):
        for kind, source in kinds.items():
            published = schema["components"]["schemas"][frames.schema_name(side, kind)]
            assert published == json.loads(json.dumps(source))
            jsonschema.Draft202012Validator.check_schema(published)
            jsonschema.validate(json.loads(frames.example_of(source)), published)
            assert f'id="socket-{"send" if side == "Client" else "get"}-{kind}"' in page
    assert set(schema["x-websockets"]["/ws/"]["closeCodes"]) == {str(code) for code in frames.CLOSE_CODES}


@pytest.mark.parametrize("kind", frames.CLIENT)
def test_the_server_reads_by_what_it_publishes(kind):
    example = json.loads(frames.example_of(frames.CLIENT[kind]))
    assert frames.read_frame(json.dumps(example)) == example
    for name in example:
        with pytest.raises(ValidationFailed):
            frames.read_frame(json.dumps({**example, name: {"not": "a text"}}))
