"""Reads a page of a list in several statements, between which other requests are served."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

Row = TypeVar("Row")
Item = TypeVar("Item")

PART: Final = 101
"""Rows of one statement: a page of 100, and one more that shows whether there is a next page."""


def page(
    read: Callable[[int | None, int], Sequence[Row]],
    view: Callable[[Row], Item],
    id_of: Callable[[Row], int],
    cursor: int | None,
    limit: int,
) -> tuple[list[Item], int | None]:
    """At most `limit` items as `view` shows them, and the id after which the next page begins (None: last page).

    `read(cursor, size)` returns at most `size` items behind that id, in the list's order.
    """
    items: list[Item] = []
    while len(items) <= limit:
        size = min(PART, limit + 1 - len(items))
        found = read(cursor, size)
        if len(items) + len(found) > limit:
            return [*items, *map(view, found[:-1])], id_of(found[-2]) if len(found) > 1 else cursor
        items += map(view, found)
        if len(found) < size:
            break
        cursor = id_of(found[-1])
    return items, None
