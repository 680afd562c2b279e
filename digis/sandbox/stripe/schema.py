"""Parameters are checked against the typed dictionaries that Stripe's own SDK publishes for each request.

So an unknown, missing or misspelled parameter is refused here as Stripe refuses it, by a source that we did not write.
"""

import sys
import types
import typing
from functools import cache
from importlib import import_module
from typing import Any

from typing_extensions import is_typeddict

from digis.sandbox.stripe.errors import invalid_parameter, missing_parameter, unknown_parameter
from digis.sandbox.stripe.forms import Params

_TRANSPORT = frozenset(
    [
        "api_key",
        "stripe_account",
        "stripe_version",
        "stripe_context",
        "idempotency_key",
        "headers",
        "max_network_retries",
        "content_type",
    ]
)
_BOOLEANS = frozenset(["true", "false", "True", "False"])


def check(params: Params, shape: str) -> None:
    """Refuse parameters that `stripe.params.<shape>` does not have or needs and does not get."""
    module, _, name = f"stripe.params.{shape}".rpartition(".")
    _check_object(params, getattr(import_module(module), name), "")


def warm() -> None:
    """Load the largest shape before the first caller waits for it."""
    _hints(import_module("stripe.params.checkout").SessionCreateParams)


@cache
def _hints(shape: Any) -> dict[str, Any]:
    own = {name: hint for name, hint in shape.__annotations__.items() if name not in _TRANSPORT}
    holder = types.SimpleNamespace(__annotations__=own)
    return typing.get_type_hints(holder, globalns=vars(sys.modules[shape.__module__]))


def _check_object(value: Params, shape: Any, path: str) -> None:
    hints = _hints(shape)
    for name, child in value.items():
        inner = f"{path}[{name}]" if path else name
        if name not in hints:
            raise unknown_parameter(inner)
        _check_value(child, hints[name], inner)
    for name in sorted(shape.__required_keys__ & hints.keys()):
        if name not in value:
            raise missing_parameter(f"{path}[{name}]" if path else name)


def _check_value(value: Any, hint: Any, path: str) -> None:
    arms = _arms(hint)
    if isinstance(value, dict):
        _check_dict(value, arms, path)
    elif isinstance(value, list):
        _check_list(value, arms, path)
    else:
        _check_scalar(value, arms, path)


def _arms(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return [arm for part in typing.get_args(hint) for arm in _arms(part)]
    return [hint]


def _check_dict(value: Params, arms: list[Any], path: str) -> None:
    shapes = [arm for arm in arms if is_typeddict(arm)]
    if shapes:
        _check_object(value, shapes[0], path)
    elif not any(typing.get_origin(arm) is dict for arm in arms):
        raise invalid_parameter(f"Invalid value for {path}: an object was not expected", path)


def _check_list(value: list[Any], arms: list[Any], path: str) -> None:
    lists = [arm for arm in arms if typing.get_origin(arm) is list]
    if not lists:
        raise invalid_parameter(f"Invalid array for {path}: an array was not expected", path)
    (inner,) = typing.get_args(lists[0])
    for place, child in enumerate(value):
        _check_value(child, inner, f"{path}[{place}]")


def _check_scalar(value: str, arms: list[Any], path: str) -> None:
    if value == "":
        return  # an empty value unsets
    literals = [choice for arm in arms if typing.get_origin(arm) is typing.Literal for choice in typing.get_args(arm)]
    choices = [choice for choice in literals if choice]
    if choices:
        if value not in choices and int not in arms and not (bool in arms and value in _BOOLEANS):
            raise invalid_parameter(f"Invalid {path}: must be one of {', '.join(map(str, choices))}", path)
        return
    if int in arms and not value.lstrip("-").isdigit():
        raise invalid_parameter(f"Invalid integer: {value}", path, "parameter_invalid_integer")
    if arms == [bool] and value not in _BOOLEANS:
        raise invalid_parameter(f"Invalid boolean: {value}", path)
    if all(is_typeddict(arm) or typing.get_origin(arm) in {list, dict} for arm in arms):
        raise invalid_parameter(f"Invalid {'array' if typing.get_origin(arms[0]) is list else 'object'}", path)
