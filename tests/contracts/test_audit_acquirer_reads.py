"""What the audit reads of operations at acquirers: those of its chunk, and none where nobody has an acquirer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from payments.acquiring.rules import Learned, Told
from payments.audit import store as audit_store
from payments.payment.commands import conclude
from payments.platform.connectors import ConnectorName
from tests.contracts import commands
from tests.contracts.at_acquirer import AtAcquirer
from tests.contracts.reads import rows_read

CHUNK, EACH = 50, 12
"""Payments in a chunk, and the rows and index entries that MariaDB may read for each."""
DAY = timedelta(days=1)


def decided(engine: Engine, count: int, learned: Learned) -> list[int]:
    """Payments whose authorizations the acquirer has decided."""
    first = [replace(commands.authorize(f"k{n}"), connector=ConnectorName.SIMULATOR.value) for n in range(count)]
    calls = [result.call for result in commands.run(engine, *first)]
    words = [
        conclude("M1", call.payment_id, Told(call.operation.reference, learned), "r", {}) for call in calls if call
    ]
    commands.run(engine, *words)
    return [word.payment_id for word in words]


def test_a_chunk_reads_its_own_operations_alone(mariadb: Engine) -> None:
    ids = decided(mariadb, 8 * CHUNK, Learned.APPROVED)
    with mariadb.connect() as connection:
        before = rows_read(connection)
        chunk = audit_store.read_chunk(connection, ids[CHUNK : 2 * CHUNK], datetime.now(UTC) - DAY)
        reads = rows_read(connection) - before
    assert len(chunk.operations) == CHUNK
    assert {each.answer_status for each in chunk.operations} == {200}
    assert reads <= EACH * CHUNK


@pytest.mark.parametrize("learned", [Learned.APPROVED, Learned.DECLINED])
def test_each_stored_answer_finds_its_operation_by_an_index(mariadb: Engine, learned: Learned) -> None:
    count = 4 * CHUNK
    decided(mariadb, count, learned)
    with mariadb.connect() as connection:
        before = rows_read(connection)
        wrong = list(audit_store.wrong_answers(connection, datetime.now(UTC) - DAY, 2 * DAY))
        reads = rows_read(connection) - before
    assert wrong == []
    assert reads <= 4 * count


def test_operations_are_read_where_they_may_be(engine: Engine) -> None:
    """Of payments without an acquirer only between the first and the last that have one."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    def reads_operations(ids: list[int]) -> bool:
        asked.clear()
        with engine.connect() as connection:
            audit_store.read_chunk(connection, ids, datetime.now(UTC) - DAY)
        return any("acquirer_operation.reference" in statement for statement in asked)

    commands.run(engine, *(commands.authorize(f"before{n}") for n in range(3)))
    event.listen(engine, "before_cursor_execute", note)
    assert not reads_operations([1, 2, 3])
    first = AtAcquirer(engine, "first").payment_id
    commands.run_one(engine, commands.authorize("between"))
    last = AtAcquirer(engine, "last").payment_id
    assert (first, last) == (4, 6)
    assert [reads_operations([each]) for each in range(1, 7)] == [False, False, False, True, True, True]
