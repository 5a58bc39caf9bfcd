"""The audit: holds payments, outbox, stored answers and ledger against each other. Reads only, chunk by chunk.

A trial balance proves nothing here, for a posting of one row always sums to zero; what each payment's amounts demand
of the ledger does. The rules are in `audit_checks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from payments.adapters import audit_store
from payments.adapters.clock import database_now
from payments.service.audit_checks import Difference, check
from payments.service.pace import AT_ONCE, Pace

CHUNK: Final = 500
"""Payments in one snapshot: few, so that nobody who pays waits long for the processor (ADR 14)."""
IN_TURN: Final = 10_000
"""Payments that an audit looks at beside those that changed."""
OVERLAP: Final = timedelta(seconds=30)
"""How far before the former run the next one looks: a commit comes later than the time stamps in it."""
ANSWERS_WINDOW: Final = timedelta(seconds=10)
"""Stored answers are compared by windows of time, so that no statement runs for long."""


@dataclass(slots=True)
class Report:
    """What an audit found. `in_flight`: events that are stored and not yet posted."""

    at: datetime
    full: bool
    payments: int = 0
    in_flight: int = 0
    differences: list[Difference] = field(default_factory=list)


def audit(engine: Engine, *, full: bool, answers_kept: timedelta, pace: Pace = AT_ONCE) -> Report:
    """Check all payments (`full`), or those changed since the last audit and IN_TURN further ones in turn.

    `answers_kept`: how long stored answers live. The run is noted in `audit_run`, unless `pace` ended it before all
    was looked at. Raises sqlalchemy errors when the database cannot be read.
    """
    with audit_store.snapshot(engine) as connection:
        last = None if full else audit_store.last_run(connection)
        report = Report(database_now(connection), full)
        changed = [] if last is None else audit_store.changed_payments(connection, last.at - OVERLAP)
    answers_since = report.at - answers_kept
    for _, start in zip(pace.steps(), range(0, len(changed), CHUNK), strict=False):
        _audit_chunk(engine, report, answers_since, changed[start : start + CHUNK])
    next_id = _walk(engine, report, answers_since, last, frozenset(changed), pace)
    _audit_answers(engine, report, None if last is None else last.at - OVERLAP, pace)
    if not pace.is_over:
        _note(engine, report, next_id)
    return report


def _walk(
    engine: Engine,
    report: Report,
    answers_since: datetime,
    last: audit_store.LastRun | None,
    done: frozenset[int],
    pace: Pace,
) -> int:
    """Check IN_TURN payments after where the last run ended, or all; returns where the next run begins."""
    after, looked_at = (0 if last is None else last.next_payment_id), 0
    for _ in pace.steps():
        with audit_store.snapshot(engine) as connection:
            ids = audit_store.payments_after(connection, after, CHUNK)
        _audit_chunk(engine, report, answers_since, [payment_id for payment_id in ids if payment_id not in done])
        if len(ids) < CHUNK:
            return 0
        after, looked_at = ids[-1], looked_at + len(ids)
        if last is not None and looked_at >= IN_TURN:
            break
    return after


def _audit_chunk(engine: Engine, report: Report, answers_since: datetime, ids: Sequence[int]) -> None:
    if not ids:
        return
    with audit_store.snapshot(engine) as connection:
        now = database_now(connection)
        possible_since = audit_store.posting_possible_since(connection)
        chunk = audit_store.read_chunk(connection, ids, answers_since)
    in_flight, differences = check(chunk, now, possible_since)
    report.payments += len(ids)
    report.in_flight += in_flight
    report.differences.extend(differences)


def _audit_answers(engine: Engine, report: Report, since: datetime | None, pace: Pace) -> None:
    with audit_store.snapshot(engine) as connection:
        start = audit_store.first_answer(connection, since)
    for _ in pace.steps():
        if start is None or start > report.at:
            break
        with audit_store.snapshot(engine) as connection:
            for scope, body in audit_store.wrong_answers(connection, start, ANSWERS_WINDOW):
                report.differences.append(
                    Difference("answers", None, f"nothing bears out the answer to {scope}: {body}")
                )
            start = audit_store.first_answer(connection, start + ANSWERS_WINDOW)  # nights without any are skipped


def _note(engine: Engine, report: Report, next_id: int) -> None:
    audit_store.note_run(
        engine,
        {
            "at": report.at,
            "full": report.full,
            "next_payment_id": next_id,
            "differences": len(report.differences),
            "in_flight": report.in_flight,
        },
    )
