"""The audit of a large batch rests between its pieces, and may be ended in each of the rests."""

from itertools import count

import pytest
from sqlalchemy import Engine

from payments.audit.finding_store import open_by_kind
from payments.audit.money_out import batch_reads, fee_reads, item_reads
from payments.audit.service import audit
from payments.audit.snapshot import FindingKind
from payments.platform.tables.settlement import fee_schedule
from payments.platform.tasks.throttle import Throttle
from tests.contracts.settled_rows import settled
from tests.contracts.test_audit_settled import KEPT, change, run, subjects


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The rows of `settled`."""
    settled(engine)
    return engine


def ending_after(rests: int) -> Throttle:
    """A process that is to end after so many of them."""
    asked = count()
    return Throttle(lambda _seconds: next(asked) >= rests)


def test_a_large_batch_is_read_with_rests(books: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for reads in (item_reads, fee_reads):
        monkeypatch.setattr(reads, "PIECE", 1)
    rests = []
    with books.connect() as connection:
        batch_reads.batches(connection, [1], lambda: rests.append("a rest"))
    assert len(rests) == 2 + 2  # two items


def test_a_stop_in_one_of_the_rests_ends_the_audit(books: Engine) -> None:
    change(books, fee_schedule, 1000, basis_points=121)
    assert subjects(run(books, full=True)) == ["batch 1"]
    for report in (audit(books, full=True, answers_kept=KEPT, throttle=ending_after(rests)) for rests in count()):
        with books.connect() as connection:
            assert open_by_kind(connection)[FindingKind.SETTLEMENT] == 1
        if report.is_complete:
            assert subjects(report) == ["batch 1"]
            return
