"""Reads a page of a list in several statements, between which other requests are served."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

PART: Final = 101
"""Rows of one statement: a page of 100, and one more that shows whether there is a next page."""


def page(
    read: Callable[[int | None, int], Sequence[T]],
    members: Callable[[T], dict[str, Any]],
    id_of: Callable[[T], int],
    cursor: int | None,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """At most `limit` items as JSON-ready members, and the id after which the next page begins (None: last page).

    `read(cursor, size)` returns at most `size` items behind that id, in the list's order.
    """
    items: list[dict[str, Any]] = []
    while len(items) <= limit:
        size = min(PART, limit + 1 - len(items))
        found = read(cursor, size)
        if len(items) + len(found) > limit:
            return [*items, *map(members, found[:-1])], id_of(found[-2]) if len(found) > 1 else cursor
        items += map(members, found)
        if len(found) < size:
            break
        cursor = id_of(found[-1])
    return items, None
