"""New rows are written in one order, whatever order they come in: each is locked until its transaction ends."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from payments.audit import finding_store
from payments.dead_letters import store as dead_letter_store
from payments.ledger.checking import Message
from payments.ledger.posting import post_batch
from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.commands import Key
from tests.contracts.commands import new_payment

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
NUMBERS = (3, 1, 4, 2)
Write = Callable[[Connection, Sequence[int]], object]


def payments(connection: Connection, numbers: Sequence[int]) -> None:
    payment_store.add(connection, [new_payment(f"k{number}", merchant=f"M{number % 2}") for number in numbers])


def keys(connection: Connection, numbers: Sequence[int]) -> None:
    idempotency_store.reserve(connection, {Key(f"M{number % 2}", "capture", f"k{number}"): "d" for number in numbers})


def findings(connection: Connection, numbers: Sequence[int]) -> None:
    same = {"kind": "ledger", "payment_id": None, "subject": "", "detail": ""}
    finding_store.record(connection, [{"identity": f"{number:064}", **same} for number in numbers], NOW)


def inserted(engine: Engine, write: Write, numbers: Sequence[int]) -> tuple[str, Any]:
    """The first INSERT that writes these, with its values; nothing of it stays."""
    sent: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        sent.append((statement, values))

    with engine.connect() as connection, connection.begin() as transaction:
        event.listen(connection, "before_cursor_execute", keep)
        write(connection, numbers)
        transaction.rollback()
    return next(each for each in sent if each[0].startswith("INSERT"))


@pytest.mark.parametrize("write", [payments, keys, findings])
def test_two_that_write_the_same_rows_lock_them_in_one_order(mariadb: Engine, write: Write) -> None:
    assert inserted(mariadb, write, NUMBERS) == inserted(mariadb, write, NUMBERS[::-1])


def test_dead_letters_are_stored_in_the_order_of_their_messages(mariadb: Engine) -> None:
    post_batch(mariadb, [Message("payment.captured", 0, number, 1, None, b"{") for number in NUMBERS], "a cluster")
    with mariadb.connect() as connection:
        newest_first = dead_letter_store.page(
            connection, topic=None, error_type=None, state=None, before=None, limit=len(NUMBERS)
        )
    assert [letter.offset for letter in newest_first] == sorted(NUMBERS, reverse=True)
