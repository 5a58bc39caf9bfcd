"""Deletes old operational records, a batch in each call: settled dead letters, applied breaker commands, audits, calls.

Never deletes `operator_action`, the log of operators' actions, nor `ledger_halt`, a few rows a year, nor open records.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, delete, exists, func, select, tuple_

from payments.platform.states import DeadLetterState
from payments.platform.tables.breaker import circuit_breaker_command
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.housekeeping import audit_request, audit_run
from payments.platform.tables.merchants import api_key_use


class Record(NamedTuple):
    """A table of records: the condition of finished old rows, and the index that finds them."""

    table: Table
    key: Sequence[Column[Any]]
    finished: Sequence[ColumnElement[bool]]
    by_index: str


_BEFORE: Any = bindparam("before")
_NEWER: Final = api_key_use.alias()
RECORDS: Final = (
    Record(
        dead_letter,
        (dead_letter.c.id,),
        (
            dead_letter.c.state.in_([DeadLetterState.RESOLVED, DeadLetterState.DISCARDED]),
            dead_letter.c.updated_at < _BEFORE,
        ),
        "ix_dead_letter_settled",
    ),
    Record(
        circuit_breaker_command,
        (circuit_breaker_command.c.command_id,),
        (circuit_breaker_command.c.outcome.is_not(None), circuit_breaker_command.c.requested_at < _BEFORE),
        "ix_breaker_command_requested",
    ),
    Record(
        audit_run,
        (audit_run.c.id,),
        # the next audit continues from the newest
        (audit_run.c.at < _BEFORE, audit_run.c.id < select(func.max(audit_run.alias().c.id)).scalar_subquery()),
        "ix_audit_run_at",
    ),
    Record(
        audit_request,
        (audit_request.c.id,),
        (audit_request.c.done_at.is_not(None), audit_request.c.requested_at < _BEFORE),
        "ix_audit_request_at",
    ),
    Record(
        api_key_use,
        (api_key_use.c.key_id, api_key_use.c.day),
        # a key's newest row says when it was used last
        (
            api_key_use.c.last_used_at < _BEFORE,
            exists().where(_NEWER.c.key_id == api_key_use.c.key_id, _NEWER.c.day > api_key_use.c.day),
        ),
        "ix_key_use_last",
    ),
)


def prune(connection: Connection, record: Record, before: datetime, limit: int) -> int:
    """Delete at most `limit` rows of `record` that were finished before `before`; returns how many."""
    due = select(*record.key).where(*record.finished).limit(limit)
    due = due.with_hint(record.table, f"FORCE INDEX ({record.by_index})", "mysql")
    keys = connection.execute(due, {"before": before}).all()
    if not keys:
        return 0
    finished = delete(record.table).where(tuple_(*record.key).in_(keys), *record.finished)
    return connection.execute(finished, {"before": before}).rowcount
