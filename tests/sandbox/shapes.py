"""Compare JSON with the types that Stripe's SDK publishes for its objects: names, presence and kinds of values."""

import builtins
import inspect
import sys
import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any

import stripe
from stripe import StripeObject
from stripe._stripe_object import UntypedStripeObject

# What the API still sends though the SDK's types no longer tell of it (dj-stripe and old integrations read them).
UNTYPED = {
    "charge": {"destination", "dispute", "order"},
    "customer": set(),
    "price": set(),
}
SOMETIMES = {"deleted", "line_items", "refunds", "sources", "subscriptions", "tax_ids", "account", "secret"}


class _Names(dict[str, Any]):
    """The names of a module; what it imports for type checkers only is looked up in the SDK's front door."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, None) or getattr(stripe, name, object)


@cache
def hints(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        own = inspect.get_annotations(base)
        names = _Names({**vars(sys.modules[base.__module__]), **vars(base)})
        wanted = {name: hint for name, hint in own.items() if not name.startswith("_") and name != "OBJECT_NAME"}
        found |= typing.get_type_hints(types.SimpleNamespace(__annotations__=wanted), {}, names)
    return found


def mismatches(value: Any, cls: type, path: str = "") -> list[str]:
    """List how an object differs from the SDK's class for it."""
    known = hints(cls)
    extra = UNTYPED.get(str(value.get("object")), set())
    problems = [f"{path}.{name}: unknown" for name in value if known and name not in known and name not in extra]
    for name, hint in known.items():
        here = f"{path}.{name}"
        if name in value:
            problems += _compare(value[name], hint, here)
        elif not _is_optional(hint):
            problems.append(f"{here}: missing")
    return problems


def absent(value: dict[str, Any], cls: type) -> set[str]:
    """Name the optional top-level fields that an object does not carry."""
    return {name for name in hints(cls) if name not in value} - SOMETIMES


def _is_optional(hint: Any) -> bool:
    return hint is Any or type(None) in _arms(hint)


def _arms(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return [arm for part in typing.get_args(hint) for arm in _arms(part)]
    return [hint]


def _compare(value: Any, hint: Any, path: str) -> list[str]:
    arms = _arms(hint)
    if Any in arms or object in arms:
        return []
    if value is None:
        return [] if type(None) in arms else [f"{path}: null"]
    if isinstance(value, dict):
        return _compare_object(value, arms, path)
    if isinstance(value, list):
        inner = next((typing.get_args(arm)[0] for arm in arms if typing.get_origin(arm) is list), None)
        if inner is None:
            return [f"{path}: a list was not expected"]
        return [problem for n, child in enumerate(value) for problem in _compare(child, inner, f"{path}[{n}]")]
    return _compare_scalar(value, arms, path)


def _compare_object(value: dict[str, Any], arms: list[Any], path: str) -> list[str]:
    classes = [typing.get_origin(arm) or arm for arm in arms]
    objects = [cls for cls in classes if isinstance(cls, type) and issubclass(cls, StripeObject)]
    if not objects:
        return [] if dict in classes else [f"{path}: an object was not expected"]
    if objects[0] in {UntypedStripeObject, stripe.ListObject}:
        return []
    return mismatches(value, objects[0], path)


def _compare_scalar(value: Any, arms: list[Any], path: str) -> list[str]:
    literals = [choice for arm in arms if typing.get_origin(arm) is typing.Literal for choice in typing.get_args(arm)]
    if literals:
        return [] if value in literals or int in arms else [f"{path}: {value!r} is not one of {literals}"]
    plain = {arm for arm in arms if isinstance(arm, type)}
    if (
        type(value) in plain
        or (isinstance(value, str) and Decimal in plain)
        or (isinstance(value, int) and float in plain)
    ):
        return []
    return [f"{path}: {value!r} is a {type(value).__name__}"]
