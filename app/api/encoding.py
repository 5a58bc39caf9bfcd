"""Encodes answers: one JSON object, or a page of a list."""

from typing import TypeVar

from flask import Response

from app.api.answers import Page
from app.api.queries import cursor_after
from payments.platform.json_types import JsonObject, encode

T = TypeVar("T")


def answer(value: JsonObject, status: int = 200) -> Response:
    """Compact JSON; sums beyond 64 bits are exact."""
    return Response(encode(value), status=status, content_type="application/json")


def page(kind: type[Page[T]], items: list[T], last: int | None) -> Response:
    """A page of a list; `last` is the id after which the next one begins (None: last page)."""
    return answer(kind(items=items, next_cursor=None if last is None else cursor_after(last)))
