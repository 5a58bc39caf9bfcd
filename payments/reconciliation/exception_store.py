"""What a run writes into `recon_exception`: what did not agree, and what is not missing any more.

How an exception ends otherwise is operators' affair.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from payments.platform.tables.reconciliation import recon_exception
from payments.platform.writing import Insert, as_text, write
from payments.reconciliation.match_store import Unfounded
from payments.reconciliation.rules import WAIT, ExceptionClass, ExceptionState, Fee, ReconException
from payments.reconciliation.tally import suspense_of, weight_of

ACTOR: Final = "reconciliation"
"""Who has ended an exception that a file has ended."""
_COLUMNS: Final = (
    *("exception_class", "state", "connector", "file_id", "number", "operation_id", "missing_operation_id"),
    *("payment_id", "currency", "suspense", "weight", "opened_at", "opens_at"),
)
_AGAIN: Final = ("ended_at", "actor", "reason")
_WITHOUT_PROPOSAL: Final = {"proposal": None, "proposed_by": None, "proposed_reason": None}
_PART: Final = 1000
_NOT_ENDED: Final = (ExceptionState.WAITING.value, ExceptionState.OPEN.value)


def add_of_lines(
    connection: Connection, file_id: int, connector: str, found: Sequence[ReconException], fee: Fee, now: datetime
) -> None:
    """Write exceptions about lines of a file."""
    opened = as_text(now)
    for start in range(0, len(found), _PART):
        rows = []
        for each in found[start : start + _PART]:
            assert each.line is not None
            ours = (None, None) if each.operation is None else (each.operation.operation_id, each.operation.payment_id)
            amounts = (each.line.currency, suspense_of(each, fee), weight_of(each, fee))
            of_line = (each.exception_class.value, each.state.value, connector, file_id, each.line.number)
            rows.append((*of_line, ours[0], None, ours[1], *amounts, opened, None))
        write(connection, Insert(recon_exception.name, _COLUMNS, rows))


def add_unmatched(connection: Connection, connector: str, match: Unfounded, now: datetime) -> None:
    """Write the exception about a line whose match is undone."""
    place = (ExceptionClass.UNKNOWN_TO_US.value, ExceptionState.OPEN.value, connector, match.file_id, match.number)
    amounts = (match.currency, match.net, abs(match.net))
    row = (*place, match.operation_id, None, match.payment_id, *amounts, as_text(now), None)
    write(connection, Insert(recon_exception.name, _COLUMNS, [row]))


def change_fee(connection: Connection, exception_id: int, net: int, now: datetime) -> bool:
    """Make a FEE one about its whole line, whose match is undone; False when somebody has ended it meanwhile."""
    about = {"exception_class": ExceptionClass.UNKNOWN_TO_US.value, "suspense": net, "weight": abs(net)}
    query = update(recon_exception).where(
        recon_exception.c.exception_id == exception_id, recon_exception.c.state.in_(_NOT_ENDED)
    )
    return connection.execute(query.values({**about, "opened_at": now, **_WITHOUT_PROPOSAL})).rowcount == 1


def add_missing(
    connection: Connection, connector: str, found: Sequence[ReconException], fee: Fee, now: datetime
) -> None:
    """Write exceptions about operations that no file names. One that a file had ended is open again."""
    rows: list[tuple[Any, ...]] = []
    for each in found:
        operation = each.operation
        assert operation is not None
        opens_at = as_text(operation.at + WAIT) if each.state is ExceptionState.WAITING else None
        ids = (operation.operation_id, operation.operation_id, operation.payment_id)
        amounts = (operation.currency, suspense_of(each, fee), weight_of(each, fee))
        of_class = (each.exception_class.value, each.state.value, connector, None, None)
        rows.append((*of_class, *ids, *amounts, as_text(now), opens_at, *[None] * len(_AGAIN)))
    changed = ("state", "opened_at", "opens_at", *_AGAIN)
    write(connection, Insert(recon_exception.name, (*_COLUMNS, *_AGAIN), rows, ("missing_operation_id",), changed))


def end_missing(connection: Connection, exception_ids: Sequence[int], file_id: int, now: datetime) -> bool:
    """End what a file names after all; False when somebody else has ended one of them meanwhile."""
    ending = {"state": ExceptionState.RESOLVED.value, "ended_at": now, "actor": ACTOR}
    values = {**ending, **_WITHOUT_PROPOSAL, "reason": f"File {file_id} names it."}
    ended = 0
    for start in range(0, len(exception_ids), _PART):
        ids = exception_ids[start : start + _PART]
        query = update(recon_exception).where(
            recon_exception.c.exception_id.in_(ids), recon_exception.c.state.in_(_NOT_ENDED)
        )
        ended += connection.execute(query.values(values)).rowcount
    return ended == len(exception_ids)


def open_overdue(connection: Connection, now: datetime, limit: int) -> int:
    """Make at most `limit` of what has waited long enough OPEN; returns how many."""
    state = recon_exception.c.state
    overdue = (
        select(recon_exception.c.exception_id)
        .where(state == ExceptionState.WAITING.value, recon_exception.c.opens_at <= now)
        .order_by(recon_exception.c.exception_id)
        .limit(limit)
    )
    ids = list(connection.execute(overdue).scalars())
    if not ids:
        return 0
    # its state again: an operator may have ended it since
    query = update(recon_exception).where(
        recon_exception.c.exception_id.in_(ids), state == ExceptionState.WAITING.value
    )
    return connection.execute(query.values(state=ExceptionState.OPEN.value)).rowcount
