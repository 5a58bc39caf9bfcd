"""What a file decides: operations that a line was matched with and whose outcome was not known.

All that are matched and undecided are looked for, whichever file it was: so a crash in between loses nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Engine, bindparam, or_, select

from payments.acquiring.rules import Learned, State, Told
from payments.payment.commands import Command, conclude
from payments.payment.execution import execute
from payments.platform.clock import Clock
from payments.platform.operators import note_action
from payments.platform.tables.acquirer import acquirer_operation as operation
from payments.platform.tables.reconciliation import recon_file, recon_line
from payments.reconciliation.exception_store import ACTOR
from payments.reconciliation.rules import UNDECIDED, FileState

DECIDE_SECONDS: Final = 2.0
"""For one batch, retries included. What is not stored by then is decided in the next round."""
BATCH: Final = 50
NAMED: Final = 10
_COLUMNS: Final = (
    operation.c.operation_id,
    operation.c.payment_id,
    operation.c.merchant_id,
    operation.c.reference,
    operation.c.state,
    operation.c.request_id,
    operation.c.headers,
    recon_line.c.acquirer_reference,
    recon_line.c.file_id,
    recon_line.c.number,
)
_MATCHED: Final = (
    select(*_COLUMNS)
    # what is undecided is little; MariaDB may begin with the lines instead
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .with_hint(operation, "FORCE INDEX (ix_acquirer_state)", "mysql")
    .select_from(operation)
    .join(recon_line, recon_line.c.operation_id == operation.c.operation_id)
    .join(recon_file, recon_file.c.file_id == recon_line.c.file_id)
    .where(
        operation.c.state.in_([state.value for state in UNDECIDED]),
        # a contradiction is people's: its payment has moved on
        or_(operation.c.state != State.MANUAL.value, operation.c.decided_at.is_(None)),
        operation.c.operation_id > bindparam("after"),
        recon_file.c.state == FileState.DONE.value,
    )
    .order_by(operation.c.operation_id)
    .limit(bindparam("limit"))
)


class NotAllDecided(Exception):
    """Some could not be stored, and are looked for again; the others were. Names references."""


class _Matched(NamedTuple):
    operation_id: int
    payment_id: int
    merchant_id: str
    reference: str
    state: str
    request_id: str
    headers: str
    acquirer_reference: str
    file_id: int
    number: int


def decide_matched(engine: Engine, clock: Clock, pause: Callable[[float], None]) -> int:
    """Conclude as APPROVED what files have matched and nobody has decided; returns how many. Raises NotAllDecided."""
    decided, failed = 0, list[str]()
    after = 0
    while batch := _read(engine, after):
        results = execute(engine, [_command(each) for each in batch], clock() + DECIDE_SECONDS, clock, pause)
        stored = [each for each, result in zip(batch, results, strict=True) if result.error is None]
        failed += [each.reference for each, result in zip(batch, results, strict=True) if result.error is not None]
        with engine.begin() as connection:
            _note(connection, stored)
        decided += len(stored)
        after = batch[-1].operation_id
    if failed:
        raise NotAllDecided(f"{len(failed)} operations could not be decided: {', '.join(failed[:NAMED])}")
    return decided


def _read(engine: Engine, after: int) -> list[_Matched]:
    with engine.connect().execution_options(reading=True) as connection:
        rows: Sequence[Any] = connection.execute(_MATCHED, {"after": after, "limit": BATCH}).all()
    return [_Matched(*row) for row in rows]


def _command(matched: _Matched) -> Command:
    # of what was given up an enquiry's word would change nothing any more; a file is evidence, as an operator's is
    told = Told(
        matched.reference,
        Learned.APPROVED,
        acquirer_reference=matched.acquirer_reference,
        by_operator=matched.state == State.MANUAL.value,
    )
    return conclude(matched.merchant_id, matched.payment_id, told, matched.request_id, orjson.loads(matched.headers))


def _note(connection: Connection, stored: Sequence[_Matched]) -> None:
    for each in stored:
        target = f"operation {each.operation_id} (payment {each.payment_id})"
        detail = f"APPROVED: line {each.number} of file {each.file_id}"
        note_action(connection, ACTOR, "acquirer.decide", target, detail)
