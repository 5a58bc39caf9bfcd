"""Calls are counted once, whatever is written when, and whatever fails; what waits is bounded."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.merchants import use
from payments.merchants.use import Uses
from payments.merchants.use_store import Calls

MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)


class Table:
    """What is stored: the sum for each row, and its last call."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, date]] = Counter()
        self.last: dict[tuple[str, date], datetime] = {}
        self.writes: list[int] = []
        self.down = False

    def write(self, batch: Sequence[Calls]) -> None:
        if self.down:
            raise ConnectionError
        assert [row[:2] for row in batch] == sorted({row[:2] for row in batch}), "one order of locks, each row once"
        self.writes.append(len(batch))
        for key_id, day, calls, last in batch:
            self.calls[key_id, day] += calls
            self.last[key_id, day] = max(last, self.last.get((key_id, day), last))


CALL = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(-2, 2))
STEP = st.one_of(st.tuples(st.integers(0, 1), CALL), st.tuples(st.integers(0, 1), st.booleans()))
"""A process counts a call of a key so many seconds from midnight, or flushes while the database is down or not."""


@given(st.lists(STEP))
def test_the_sums_are_exact_however_flushes_and_failures_fall(steps: list[tuple[int, tuple[str, int] | bool]]) -> None:
    table, processes, made = Table(), [Uses(), Uses()], Counter[tuple[str, date]]()
    for process, what in [*steps, (0, False), (1, False)]:
        if isinstance(what, tuple):
            at = MIDNIGHT + timedelta(seconds=what[1])
            processes[process].count(what[0], at)
            made[what[0], at.date()] += 1
            continue
        table.down = what
        try:
            processes[process].flush(table.write)
        except ConnectionError:
            assert table.down
    assert table.calls == made
    assert [uses.unwritten for uses in processes] == [0, 0]


def test_the_last_call_is_the_latest_not_the_last_counted() -> None:
    table, uses = Table(), Uses()
    later = MIDNIGHT + timedelta(hours=2)
    for at in (MIDNIGHT, later, MIDNIGHT + timedelta(hours=1)):
        uses.count("a", at)
    uses.flush(table.write)
    assert table.last == {("a", later.date()): later}


def test_a_flush_ends_although_calls_go_on() -> None:
    uses, table = Uses(), Table()
    uses.count("a", MIDNIGHT)

    def busy(batch: Sequence[Calls]) -> None:
        table.write(batch)
        uses.count("a", MIDNIGHT)

    uses.flush(busy)
    assert (table.writes, uses.unwritten) == ([1], 1)


def test_many_keys_are_written_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "BATCH", 3)
    uses, table = Uses(), Table()
    for number in range(7):
        uses.count(str(number), MIDNIGHT)
    uses.flush(table.write)
    assert table.writes == [3, 3, 1]


def test_what_waits_is_bounded_and_what_has_no_room_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "UNWRITTEN_LIMIT", 2)
    uses, table = Uses(), Table()
    for key_id in ("a", "b", "c", "a", "c"):
        uses.count(key_id, MIDNIGHT)
    assert (uses.unwritten, uses.forget_uncounted(), uses.forget_uncounted()) == (3, 2, 0)
    uses.flush(table.write)
    assert sum(table.calls.values()) == 3
