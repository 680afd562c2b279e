"""What goes back over the wire."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    body: bytes
    status: int = 200
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False  # the connection breaks instead of answering


def as_json(value: Any, *, status: int = 200) -> Reply:
    return Reply(json.dumps(value, indent=2).encode(), status)
