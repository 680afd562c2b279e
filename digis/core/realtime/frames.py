"""Every frame that passes a socket, described once: the consumer reads by it, the API's schema and its page are it.

`CLIENT` holds what a client may send, `SERVER` what it gets, as JSON Schema (2020-12) by the frame's type. A client
needs nothing else: `ticket → open → subscribe → message` follows from these and from `CLOSE_CODES`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from digis.core.errors import ValidationFailed

Schema = dict[str, Any]

MAX_FRAME: Final = 16 * 1024  # bytes of one frame from a client
MAX_TEXT: Final = 120
MAX_TOPICS: Final = 50

CLOSE_SIGNED_OUT: Final = 4401
CLOSE_SUSPENDED: Final = 4403
CLOSE_UNKNOWN: Final = 4404
CLOSE_TOO_MANY: Final = 4429
CLOSE_POLICY: Final = 1008
CLOSE_TOO_BIG: Final = 1009
CLOSE_UNSUPPORTED: Final = 1003
CLOSE_TRY_LATER: Final = 1013

CLOSE_CODES: Final = {
    CLOSE_SIGNED_OUT: "The session behind the socket, or the ticket, is not valid, or no longer. Sign in again.",
    CLOSE_SUSPENDED: "The account is suspended.",
    CLOSE_UNKNOWN: "There is no socket at this path.",
    CLOSE_TOO_MANY: "The person has 20 sockets and this was the oldest, or opens them too quickly. Wait a minute.",
    CLOSE_POLICY: "More than 10 frames a second, after a burst of 60. Wait a minute.",
    CLOSE_TOO_BIG: "A frame was larger than 16 kB.",
    CLOSE_UNSUPPORTED: "A frame was binary.",
    CLOSE_TRY_LATER: "What was sent was not read for 20 seconds. Open the socket again.",
    1012: "The server restarts. Open the socket again in a moment.",
}


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "description": description, **more}


def _frame(kind: str, description: str, needed: dict[str, Schema] | None = None, **optional: Schema) -> Schema:
    """Return the schema of one type of frame."""
    needed = needed or {}
    return {
        "type": "object",
        "description": description,
        "properties": {"type": {"const": kind, "type": "string"}, **needed, **optional},
        "required": ["type", *needed],
    }


TOPIC = _text("What is listened to: a kind and an id, as in `call:<id>`. One's own is `user:<own id>`.")
NAME = _text("What kind of news or message it is, as in `wallet.balance`.")
PERSON = _text("A person's id.", format="uuid")
REFERENCE: Schema = {
    "type": ["string", "integer"],
    "maxLength": MAX_TEXT,
    "description": "The client's own number or name for a frame; the answer to it carries it.",
}
ANYTHING: Schema = {"description": "Whatever this message of this topic carries."}
FACTS: Schema = {"type": "object", "description": "What programs need of the news."}
HTML: Schema = {
    "type": "string",
    "description": "The part of a page that shows the news: each root replaces the element with its id. May be empty.",
}
SEQUENCE: Schema = {
    "type": "integer",
    "minimum": 0,
    "description": "Of two frames with the same topic and name, the one with the higher number tells the later truth.",
}

CLIENT: Final[dict[str, Schema]] = {
    "subscribe": _frame(
        "subscribe",
        "Listen to a topic, or to several. Each is answered by `subscribed`, or by an error that names the topic.",
        topic=TOPIC,
        topics={"type": "array", "items": TOPIC, "minItems": 1, "maxItems": MAX_TOPICS, "description": "Several."},
        since={
            "type": "integer",
            "minimum": 0,
            "description": "When what is known of them was read, in milliseconds since 1970 by our clock (the `Date` of the "
            "answer). If news came after that, `resync` follows.",
        },
        id=REFERENCE,
    )
    | {"anyOf": [{"required": ["topic"]}, {"required": ["topics"]}]},
    "unsubscribe": _frame("unsubscribe", "Listen no longer.", {"topic": TOPIC}, id=REFERENCE),
    "message": _frame(
        "message",
        "Say something on a topic one listens to. With an `id` it is acknowledged.",
        {"topic": TOPIC, "name": NAME},
        data=ANYTHING,
        id=REFERENCE,
    ),
    "typing": _frame(
        "typing",
        "Let the others on a topic know that one is typing; told on at most once in 3 seconds.",
        {"topic": TOPIC},
        id=REFERENCE,
    ),
    "ping": _frame("ping", "Show that one is there, at least every 60 seconds; answered by `pong`.", id=REFERENCE),
}

EVENT = _frame(
    "event",
    "Something is different from now on. The page shows the same after a reload.",
    {"topic": TOPIC, "name": NAME, "html": HTML, "data": FACTS, "seq": SEQUENCE},
)
PRESENCE_DATA: Schema = {
    "type": "object",
    "properties": {
        "person": PERSON,
        "is_online": {"type": "boolean"},
        "is_in_call": {"type": "boolean"},
        "last_seen": {
            "anyOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "properties": {
                        "unit": {"type": "string", "enum": ["hours", "days"]},
                        "count": {"type": "integer", "minimum": 0},
                    },
                    "required": ["unit", "count"],
                },
            ],
            "description": "How long ago, in whole hours or days; null when unknown, hidden or online.",
        },
    },
    "required": ["person", "is_online"],
}

SERVER: Final[dict[str, Schema]] = {
    "subscribed": _frame("subscribed", "The topic is heard from now on.", {"topic": TOPIC}, id=REFERENCE),
    "unsubscribed": _frame(
        "unsubscribed", "The topic is heard no longer: asked for, or no longer allowed.", {"topic": TOPIC}, id=REFERENCE
    ),
    "event": EVENT,
    "signal": _frame(
        "signal",
        "What another person on the topic said just now; it is stored nowhere.",
        {"topic": TOPIC, "name": NAME, "data": ANYTHING},
    ),
    "typing": _frame("typing", "Somebody on the topic is typing.", {"topic": TOPIC, "person": PERSON}),
    "ack": _frame(
        "ack",
        "The frame with this id was carried out.",
        {"id": REFERENCE, "data": {"description": "What the handler returned, or null."}},
        topic=TOPIC,
    ),
    "error": _frame(
        "error",
        "A frame was refused; the socket stays open.",
        {
            "code": {
                "type": "string",
                "pattern": "^[A-Z][A-Z_]*$",
                "description": "As in the API: `NOT_FOUND`, `FORBIDDEN`, `VALIDATION_ERROR`, `INTERNAL_ERROR` and so on.",
            },
            "message": {"type": "string", "description": "One sentence for a person."},
        },
        id=REFERENCE,
        topic={"type": "string", "description": "The topic as it was sent."},
    ),
    "pong": _frame("pong", "The answer to a ping.", id=REFERENCE),
    "resync": _frame("resync", "Something may have been missed: read again by HTTP what is shown."),
    "status": _frame(
        "status",
        "Whether the server hears news itself. While it does not, ask by HTTP; a `resync` says that it does again.",
        {"live": {"type": "boolean"}},
    ),
    "batch": _frame(
        "batch",
        "Events of one topic that came within 50 milliseconds, oldest first.",
        {"frames": {"type": "array", "minItems": 2, "items": EVENT}},
    ),
}

# The news of the topic `presence:<id>` are events like all others; this says what their data holds.
PRESENCE: Final = EVENT | {
    "description": "A person came, left, or is in a call: the event of the topic `presence:<id>`.",
    "properties": EVENT["properties"]
    | {"name": {"const": "presence.changed", "type": "string"}, "data": PRESENCE_DATA},
}

_READERS = {kind: Draft202012Validator(schema) for kind, schema in CLIENT.items()}


def read_frame(text: str) -> dict[str, Any]:
    """Read what a client sent, or raise ValidationFailed that says what is wrong with it."""
    try:
        frame = json.loads(text)
        json.dumps(frame, ensure_ascii=False).encode()  # half a character can be escaped, and never be sent on
    except (ValueError, RecursionError):
        raise ValidationFailed(message=_("A frame is one JSON object.")) from None
    reader = _READERS.get(frame["type"]) if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None
    if reader is None:
        raise ValidationFailed(message=_("A frame is an object with a type we know."))
    fault = next(iter(reader.iter_errors(frame)), None)
    if fault is not None:
        named = next((part for part in fault.absolute_path if isinstance(part, str)), "")
        if named:
            raise ValidationFailed(message=_("This frame's %(name)s is not as it should be.") % {"name": named})
        raise ValidationFailed(message=_("This frame lacks something: see the schema."))
    found: dict[str, Any] = frame
    return found


EXAMPLES: Final[dict[str, Any]] = {
    "topic": "call:0199f1c6-7c1e-7d7e-9a53-5d0c5a1c9f10",
    "topics": ["call:0199f1c6-7c1e-7d7e-9a53-5d0c5a1c9f10"],
    "name": "signal",
    "person": "0199f1c6-7c1e-7d7e-9a53-5d0c5a1c9f11",
    "id": 7,
    "data": {},
    "html": "",
    "seq": 42,
    "code": "NOT_FOUND",
    "message": "There is nothing here.",
    "live": False,
}


def example_of(schema: Schema) -> str:
    """Return one such frame, as short as it may be, as a line of JSON."""
    needed = schema["required"] + (["topic"] if "anyOf" in schema else [])
    frame: dict[str, Any] = {}
    for name in needed:
        field = schema["properties"][name]
        if name == "frames":
            frame[name] = [json.loads(example_of(field["items"]))] * field["minItems"]
        elif name == "data" and field.get("required"):
            frame[name] = {"person": EXAMPLES["person"], "is_online": True, "is_in_call": False, "last_seen": None}
        else:
            frame[name] = field["const"] if "const" in field else EXAMPLES[name]
    return json.dumps(frame)


def schema_name(side: str, kind: str) -> str:
    """Return what a frame's schema is called among the API's: `SocketClientSubscribe`."""
    return f"Socket{side}{kind.title()}"


def add_to_schema(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Put the frames among the components of the API's schema (a hook of drf-spectacular)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    sides = (("Client", CLIENT), ("Server", {**SERVER, "presence": PRESENCE}))
    for side, frames in sides:
        for kind, schema in frames.items():
            schemas[schema_name(side, kind)] = schema
        names = {kind: f"#/components/schemas/{schema_name(side, kind)}" for kind in frames if kind != "presence"}
        schemas[f"Socket{side}Frame"] = {
            "oneOf": [{"$ref": name} for name in names.values()],
            "discriminator": {"propertyName": "type", "mapping": names},
        }
    result["x-websockets"] = {
        "/ws/": {
            "description": "Open `ws_url` with `?ticket=` and the ticket of `POST /api/v1/realtime/token`.",
            "send": {"$ref": "#/components/schemas/SocketClientFrame"},
            "receive": {"$ref": "#/components/schemas/SocketServerFrame"},
            "closeCodes": {str(code): meaning for code, meaning in CLOSE_CODES.items()},
        }
    }
    return result
