"""A page read in parts is the page that one read would give."""

from hypothesis import given
from hypothesis import strategies as st

from payments.platform.paging import PART, page


@given(stored=st.integers(0, 4 * PART), limit=st.integers(1, 3 * PART), cursor=st.none() | st.integers(0, 4 * PART))
def test_in_parts_as_in_one(stored: int, limit: int, cursor: int | None) -> None:
    """Ids 1 to `stored`, oldest first."""
    asked: list[int] = []

    def read(behind: int | None, size: int) -> list[int]:
        asked.append(size)
        return list(range(1, stored + 1))[behind or 0 :][:size]

    items, following = page(read, lambda number: {"id": number}, lambda number: number, cursor, limit)

    wanted = list(range(1, stored + 1))[cursor or 0 :]
    assert [item["id"] for item in items] == wanted[:limit]
    assert following == (wanted[limit - 1] if len(wanted) > limit else None)
    assert max(asked) <= PART
    assert sum(asked) <= limit + 1
