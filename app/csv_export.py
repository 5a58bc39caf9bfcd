"""Answers a list as a CSV file: streamed, each page read in a snapshot of its own and before a deadline of its own.

The first page is read before the answer begins, so its errors are problems. A later error ends the connection without
the last chunk, and a client sees that the file is not whole.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeVar

from flask import Response, g, stream_with_context
from sqlalchemy import Connection

from app.api import csv_rows
from app.http.request_context import ANSWERED_WITHIN
from app.transactions import read_list
from payments.platform.json_types import JsonObject

PAGE: Final = 500
"""Rows of one page."""
ROWS_LIMIT: Final = 100_000
"""Rows of one file; a longer list ends there."""
ABOUT: Final = (
    f"At most {ROWS_LIMIT:,} rows. Cells that a spreadsheet would take for a formula begin with an apostrophe."
    " A file that is not whole ends without the last chunk."
)
"""For the descriptions of operations."""

Position = TypeVar("Position")
Item = TypeVar("Item")
ReadItems = Callable[[Connection, Position | None, int], tuple[Sequence[Item], Position | None]]
ReadPage = ReadItems[Position, JsonObject]
"""`read(connection, position, limit)` → at most `limit` items, and the position of the next page (None: the last)."""


def csv_answer(name: str, columns: Sequence[str], read: ReadPage[Position]) -> Response:
    """A file `name` of the list that `read` reads in pages; a page may have fewer items than its limit, or none.

    `columns` are names of the items' members in JSON. Raises ServiceUnavailable when the first page cannot be read.
    """
    first = read_list(lambda connection: read(connection, None, PAGE))
    return attachment(name, stream_with_context(_file(columns, read, *first)))


def sealed_answer(name: str, parts: Iterator[bytes]) -> Response:
    """A file `name` in parts, the first of which is made before the answer begins: its errors are problems."""
    return attachment(name, stream_with_context(chain([next(parts)], parts)))


def attachment(name: str, data: bytes | Iterator[bytes], content_type: str = "text/csv; charset=utf-8") -> Response:
    """A file that browsers save."""
    response = Response(data, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def all_items(read: ReadItems[Position, Item]) -> Iterator[Item]:
    """Every item of a list that does not change, however many, page by page as they are asked for."""
    items, position = read_list(lambda connection: read(connection, None, PAGE))
    yield from items
    while position is not None:
        items, position = _page(read, position, PAGE)
        yield from items


def _file(
    columns: Sequence[str], read: ReadPage[Position], items: Sequence[JsonObject], position: Position | None
) -> Iterator[bytes]:
    yield csv_rows.header(columns) + csv_rows.lines(items, columns)
    left = ROWS_LIMIT - len(items)
    while position is not None and left > 0:
        items, position = _page(read, position, min(PAGE, left))
        left -= len(items)
        yield csv_rows.lines(items, columns)


def _page(read: ReadItems[Position, Item], position: Position, limit: int) -> tuple[Sequence[Item], Position | None]:
    g.deadline = time.monotonic() + ANSWERED_WITHIN
    return read_list(lambda connection: read(connection, position, limit))
