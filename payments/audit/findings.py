"""Stores what audits find: opens findings, updates those found again, clears those whose subject is now right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.audit import finding_store
from payments.audit.snapshot import Difference
from payments.platform.database import Failure, classify

LONGEST_DETAIL: Final = 1000
"""Characters that are stored: a broken value may have any length."""
ROUNDS: Final = 4
"""Attempts at a write while another audit writes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Changes of a check: the differences that were not open before, and the number of findings it cleared."""

    opened: list[Difference]
    cleared: int


def keep_of_payments(engine: Engine, checked: Sequence[int], found: Sequence[Difference], at: datetime) -> Kept:
    """Store the differences of the payments `checked`, as of `at`, and clear their other open findings."""

    def known(connection: Connection) -> dict[str, int]:
        return finding_store.open_of_payments(connection, checked)

    return _keep(engine, known, found, at)


def keep_without_payment(
    engine: Engine, checked: Sequence[Difference], found: Sequence[Difference], at: datetime
) -> Kept:
    """Store differences that belong to no payment, as of `at`, and clear those of `checked` that are not in `found`."""
    identities = sorted({difference.identity for difference in (*checked, *found)})

    def known(connection: Connection) -> dict[str, int]:
        return finding_store.open_among(connection, identities)

    return _keep(engine, known, found, at)


def _keep(
    engine: Engine, known: Callable[[Connection], dict[str, int]], found: Sequence[Difference], at: datetime
) -> Kept:
    with engine.connect().execution_options(reading=True) as connection, connection.begin():
        before = known(connection)
    by_identity = {difference.identity: difference for difference in found}
    gone = sorted(number for identity, number in before.items() if identity not in by_identity)
    cleared = _write(engine, by_identity, gone, at) if gone or by_identity else 0
    return Kept([d for identity, d in by_identity.items() if identity not in before], cleared)


def _write(engine: Engine, found: dict[str, Difference], gone: Sequence[int], at: datetime) -> int:
    rows = [_row(identity, difference) for identity, difference in found.items()]
    for _ in range(ROUNDS - 1):
        try:
            return _transaction(engine, rows, gone, at)
        except SQLAlchemyError as error:
            if classify(error) not in (Failure.LOCKED, Failure.BUSY, Failure.DUPLICATE):
                raise
    return _transaction(engine, rows, gone, at)


def _row(identity: str, difference: Difference) -> dict[str, Any]:
    return {
        "identity": identity,
        "kind": difference.kind,
        "payment_id": difference.payment_id,
        "subject": difference.subject,
        "detail": difference.detail[:LONGEST_DETAIL],
    }


def _transaction(engine: Engine, rows: Sequence[dict[str, Any]], gone: Sequence[int], at: datetime) -> int:
    with engine.begin() as connection:
        finding_store.record(connection, rows, at)
        return finding_store.clear(connection, gone, at)
