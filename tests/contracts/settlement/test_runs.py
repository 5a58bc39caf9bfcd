"""Runs of settlement: what a process remembers between them, how one ends early, and chunks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from payments.platform.values.money import AmountsByCurrency
from payments.settlement import closing, due_store, waiting_store
from payments.settlement.closing import Progress, SettleReport, settle_due
from tests.contracts.settlement.selling import DAY, NEXT, NOON, batches, captured, check, left, post, sell, settle
from tests.moments import always


def test_the_ledger_is_read_once_a_day(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    real = waiting_store.waiting

    def waiting(connection: object, first: int) -> object:
        reads.append(first)
        return real(connection, first)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting_store, "waiting", waiting)
    sell(engine, 100)
    progress = Progress()
    assert settle(engine, NEXT, progress=progress) == SettleReport(closed=1, items=1)
    assert (progress.until, len(reads)) == (NEXT, 1)
    sell(engine, 70, at=NEXT)
    assert settle(engine, NEXT + timedelta(hours=11), progress=progress) == SettleReport()
    assert len(reads) == 1
    assert settle(engine, NEXT + timedelta(hours=12), progress=progress) == SettleReport(closed=1, items=1)
    assert len(reads) == 2
    settle(engine, NEXT + DAY, progress=Progress())
    assert len(reads) == 3  # another process does not know


def two_steps() -> Callable[[float], bool]:
    """A pause that ends a run after two steps."""
    answers = iter([False, False])
    return lambda _seconds: next(answers, True)


def test_a_run_ends_early_and_the_next_one_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_store, "PAYMENTS", 2)
    for number in range(5):
        captured(engine, 100 + number)
    post(engine, NOON)
    progress, runs = Progress(), 0
    while progress.until is None:
        settle_due(engine, always(NEXT), AmountsByCurrency(0, {}), timedelta(), two_steps(), progress)
        check(engine)
        runs += 1
    assert runs > 2
    assert [(each.batch.items, each.batch.gross) for each in batches(engine)] == [(5, 510)]


def test_what_failed_is_looked_for_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sell(engine, 100)
    progress = Progress()
    with monkeypatch.context() as patch:
        patch.setattr(closing, "finish", _fails)
        with pytest.raises(closing.NotAllSettled, match=r"M1 KRW .the disk"):
            settle(engine, progress=progress)
    assert progress.until is None
    assert settle(engine, progress=progress) == SettleReport(closed=1, items=1)


def _fails(*_: object) -> None:
    raise LookupError("the disk")


def test_chunks_are_of_any_size(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_store, "PAYMENTS", 1)
    monkeypatch.setattr(waiting_store, "PIECE", 2)
    for number in range(4):
        captured(engine, 100 + number, "M1")
        captured(engine, 10 + number, "M2")
    post(engine, NOON)
    assert settle(engine) == SettleReport(closed=2, items=8)
    assert left(engine) == []
    check(engine)
