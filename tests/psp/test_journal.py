"""The journal: its pages in both directions, of one reference and of all; each takes an index."""

from collections.abc import Iterator

import pytest

from psp import journal
from psp.operations import Command, Kind
from tests.psp.in_memory import InMemory


@pytest.fixture
def psp() -> Iterator[InMemory]:
    """Five authorizations, and three enquiries about the second."""
    made = InMemory()
    for number in range(5):
        made.acquirer.operate(Command(Kind.AUTHORIZATION, f"a{number}", 100, "USD", token="tok_approved"))
    for _ in range(3):
        made.acquirer.enquire("a1")
    yield made
    made.close()


def walked(psp: InMemory, reference: str | None, *, newest: bool) -> list[int]:
    """The seqs of all pages of two entries."""
    seqs: list[int] = []
    after: int | None = 0
    while after is not None:
        page = journal.page(psp.connection, reference, after, 2, newest=newest)
        assert len(page["entries"]) == 2 or page["next"] is None
        seqs, after = seqs + [entry["seq"] for entry in page["entries"]], page["next"]
    return seqs


def test_pages_have_every_entry_once(psp: InMemory) -> None:
    assert walked(psp, None, newest=False) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert walked(psp, None, newest=True) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert walked(psp, "a1", newest=False) == [2, 6, 7, 8]
    assert walked(psp, "a1", newest=True) == [8, 7, 6, 2]
    assert walked(psp, "nobody", newest=False) == []


@pytest.mark.parametrize("reference", [None, "a1"])
@pytest.mark.parametrize("newest", [False, True])
def test_a_page_reads_no_more_than_it_shows(psp: InMemory, reference: str | None, newest: bool) -> None:
    statements: list[str] = []
    psp.connection.set_trace_callback(statements.append)
    journal.page(psp.connection, reference, 0, 2, newest=newest)
    psp.connection.set_trace_callback(None)
    plan = [str(row["detail"]) for row in psp.connection.execute(f"EXPLAIN QUERY PLAN {statements[0]}")]
    assert [step for step in plan if step.startswith("SCAN")] == [], plan
