"""Encodes what a view answers: one JSON object, or a page of a list."""

import json
from typing import Any, TypeVar

import orjson
from flask import Response

from app.api.pages import Page
from app.api.queries import cursor_after
from payments.platform.json_types import JsonObject, encode

T = TypeVar("T")


def answer(value: JsonObject | dict[str, Any], status: int = 200) -> Response:
    """Compact JSON. Sums beyond 64 bits, which orjson refuses, are written as exactly by the standard library."""
    try:
        text = encode(value) if isinstance(value, JsonObject) else orjson.dumps(value)
    except orjson.JSONEncodeError:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(text, status=status, content_type="application/json")


def page(kind: type[Page[T]], items: list[Any], last: int | None) -> Response:
    """A page of a list; `last` is the id after which the next one begins (None: there is none)."""
    return answer(kind(items=items, next_cursor=None if last is None else cursor_after(last)))
