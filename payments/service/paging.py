"""Pages of lists: one item more than a page is read, to know whether there is a next one."""


def next_after(ids: list[int], limit: int) -> int | None:
    """The id after which the next page begins; None: this was the last. `ids` may hold one more than `limit`."""
    return ids[limit - 1] if len(ids) > limit else None
