"""Form-encoded nested parameters: `line_items[0][price]=price_1&expand[]=customer`."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from digis.sandbox.stripe.errors import invalid_parameter

Params = dict[str, Any]  # parsed from the wire: strings, and lists and dicts of them

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_MAX_INDEX = 500


def decode(*encoded: str) -> Params:
    pairs: list[tuple[str, str]] = []
    for text in encoded:
        pairs += parse_qsl(text, keep_blank_values=True, max_num_fields=2_000)
    return nest(pairs)


def nest(pairs: Iterable[tuple[str, str]]) -> Params:
    root: Params = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise invalid_parameter(f"Invalid parameter name: {key}", key)
        parts = [match[1], *_PART.findall(match[2])]
        _put(root, parts, value)
    return {key: _settle(value) for key, value in root.items()}


def _put(root: Params, parts: list[str], value: str) -> None:
    node = root
    for part in parts[:-1]:
        name = part or str(len(node))
        child = node.setdefault(name, {})
        if not isinstance(child, dict):
            raise invalid_parameter(f"Invalid parameter: {parts[0]} is both a value and an object", parts[0])
        node = child
    node[parts[-1] or str(len(node))] = value


def _settle(value: Any) -> Any:
    """Turn dicts whose keys are 0, 1, 2… into lists."""
    if not isinstance(value, dict):
        return value
    settled = {key: _settle(child) for key, child in value.items()}
    if settled and all(key.isdigit() and int(key) < _MAX_INDEX for key in settled):
        return [settled[key] for key in sorted(settled, key=int)]
    return settled


def is_true(value: Any) -> bool:
    return value in {True, "true", "True", "1"}
