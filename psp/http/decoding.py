"""Reads requests: JSON bodies, query strings, bearer tokens. Raises Refused with a sentence that repeats no value."""

import hmac
import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from psp.errors import Refused

Model = TypeVar("Model", bound=BaseModel)
LARGEST_BODY: Final = 64 * 1024


def body(model: type[Model]) -> Model:
    """The JSON body as `model`. Raises Refused."""
    if request.mimetype != "application/json":
        raise Refused("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    try:
        value = json.loads(_bytes(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused("VALIDATION_FAILED", "The body must be JSON, with each name once.") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused("VALIDATION_FAILED", _sentence(error)) from None


def query(**allowed: type[int] | type[str] | type[bool]) -> dict[str, Any]:
    """The values of the query string that are given, by name; each at most once. Raises Refused."""
    unknown = set(request.args) - set(allowed)
    if unknown or any(len(values) > 1 for _, values in request.args.lists()):
        raise Refused("VALIDATION_FAILED", f"The query may have each of {', '.join(allowed)} once.")
    return {name: _value(name, text, allowed[name]) for name, text in request.args.items()}


def bearer() -> str:
    """The token of the request; empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def is_one_of(token: str, accepted: Iterable[str]) -> bool:
    """Whether the token is one of these, compared in constant time."""
    equal = [hmac.compare_digest(token.encode(), one.encode()) for one in accepted]  # all, whichever matches
    return any(equal)


def _bytes() -> bytes:
    try:
        return request.get_data(cache=False)
    except OSError:
        raise Refused("VALIDATION_FAILED", "The body was truncated.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _value(name: str, text: str, kind: type[int] | type[str] | type[bool]) -> Any:
    if kind is str:
        return text
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind is int and text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise Refused("VALIDATION_FAILED", f"{name} must be {'true or false' if kind is bool else 'a whole number'}.")


def _sentence(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:5]
    said = [(".".join(map(str, one["loc"])) or "The body", one["msg"].removeprefix("Value error, ")) for one in found]
    return "; ".join(f"{name}: {text}" for name, text in said) + "."
