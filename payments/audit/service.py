"""The audit: compares payments, outbox, stored answers, ledger, settlement and reconciliation, chunk by chunk.

A trial balance cannot find errors here, because a posting of one row always sums to zero; the audit compares each
payment's amounts with its postings. It writes only findings and a row for each run. The rules are in `audit.rules`,
`audit.answers` and `audit.operations`; `audit.money_out` does settlement and reconciliation.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from payments.audit import answers as audit_answers
from payments.audit import finding_store
from payments.audit import findings as audit_findings
from payments.audit import operations as audit_operations
from payments.audit import progress as audit_progress
from payments.audit import rules as audit_checks
from payments.audit import store as audit_store
from payments.audit.findings import Kept
from payments.audit.money_out import service as audit_money_out
from payments.audit.snapshot import Difference, FindingKind, Progress
from payments.audit.store import LastRun
from payments.platform.clock import database_now
from payments.platform.tasks.throttle import AT_ONCE, Throttle

CHUNK: Final = 500
"""Payments in one snapshot: few, so that requests do not wait long for the CPU (ADR 14)."""
IN_TURN: Final = 10_000
"""Payments that an audit checks in turn besides those that changed; also the limit of those with open findings."""
OVERLAP: Final = timedelta(seconds=30)
"""How far the time of a run overlaps that of the last one: a commit is later than the times in it."""
ANSWERS_WINDOW: Final = timedelta(seconds=10)
"""Stored answers are compared in windows of time, so that no statement runs for long."""
PRUNING_SLACK: Final = timedelta(minutes=1)
"""Answers this close to pruning may be absent: a round of pruning may already have deleted them."""


@dataclass(slots=True)
class Report:
    """The result of an audit. `in_flight`: events that are stored and not yet posted.

    `money_out`: how many batches, adjustments, files, exceptions were checked. `is_complete`: it was not ended early.
    `opened`: differences without an open finding before; `cleared`: how many findings this audit cleared.
    """

    at: datetime
    full: bool
    payments: int = 0
    money_out: int = 0
    in_flight: int = 0
    is_complete: bool = False
    differences: list[Difference] = field(default_factory=list)
    opened: list[Difference] = field(default_factory=list)
    cleared: int = 0


def audit(engine: Engine, *, full: bool, answers_kept: timedelta, throttle: Throttle = AT_ONCE) -> Report:
    """Check all payments (`full`), or those changed since the last audit, those with open findings, and IN_TURN more.

    `answers_kept`: how long stored answers live. Findings are stored chunk by chunk, so a run that `throttle` ends
    early keeps them; the run itself is then not stored. Raises sqlalchemy errors when the database cannot be read, or
    findings cannot be written.
    """
    finding_store.probe(engine)
    with audit_store.snapshot(engine) as connection:
        now = database_now(connection)
        former = audit_store.last_run(connection, now)
        since = None if full or former is None else former.at - OVERLAP
        changed = () if since is None else audit_store.changed_payments(connection, since)
        suspect = finding_store.payments_with_open(connection, IN_TURN)
    run = _Audit(engine, Report(now, full), answers_kept, former, throttle)
    first = sorted({*changed, *suspect})
    for _, start in zip(throttle.steps(), range(0, len(first), CHUNK), strict=False):
        run.check_payments(first[start : start + CHUNK])
    next_id = run.walk(frozenset(first))
    run.check_open_answers()
    run.check_answers(since)
    run.check_money_out(since)
    if not throttle.is_over:
        run.note(next_id)
    return run.report


class _Audit:
    """One run."""

    def __init__(
        self, engine: Engine, report: Report, answers_kept: timedelta, former: LastRun | None, throttle: Throttle
    ) -> None:
        self.report = report
        self._engine = engine
        self._answers_kept = answers_kept
        self._former = former
        self._throttle = throttle
        self._known: set[str] = set()

    def walk(self, done: Collection[int]) -> int:
        """Check the IN_TURN payments after those of the last run, or all; returns where the next run begins."""
        all_of_them = self.report.full or self._former is None
        after = 0 if all_of_them or self._former is None else self._former.next_payment_id
        looked_at = 0
        for _ in self._throttle.steps():
            with audit_store.snapshot(self._engine) as connection:
                ids = audit_store.payments_after(connection, after, CHUNK)
            self.check_payments([payment_id for payment_id in ids if payment_id not in done])
            if len(ids) < CHUNK:
                return 0
            after, looked_at = ids[-1], looked_at + len(ids)
            if not all_of_them and looked_at >= IN_TURN:
                break
        return after

    def check_payments(self, ids: Sequence[int]) -> None:
        """Check these payments and store the differences."""
        if not ids:
            return
        with audit_store.snapshot(self._engine) as connection:
            now = database_now(connection)
            answers_since = now - self._answers_kept + PRUNING_SLACK
            chunk = audit_store.read_chunk(connection, ids, answers_since)
            steps = audit_answers.steps_of(chunk)
            times = audit_answers.times_to_read(steps, answers_since)
            answers = audit_store.read_answers(connection, ids, times)
            progress = Progress(None)
            if audit_checks.is_late(chunk, now):
                progress = audit_progress.read(connection, now, self._former.at if self._former else None)
        in_flight, found = audit_checks.check(chunk, now, progress)
        found += audit_answers.check(chunk, steps, answers, answers_since)
        found += audit_operations.check(chunk, answers_since)
        self.report.payments += len(ids)
        self.report.in_flight += in_flight
        # a payment whose row is missing was not checked: its findings stay
        checked = [payment.payment_id for payment in chunk.payments]
        self._take(found, audit_findings.keep_of_payments(self._engine, checked, found, now))

    def check_open_answers(self) -> None:
        """Check again the answers with open findings."""
        with audit_store.snapshot(self._engine) as connection:
            open_ = [
                Difference(FindingKind(finding.kind), None, finding.detail, finding.subject)
                for finding in finding_store.open_without_payment(connection, [FindingKind.ANSWERS], IN_TURN)
            ]
        for _, start in zip(self._throttle.steps(), range(0, len(open_), CHUNK), strict=False):
            part = open_[start : start + CHUNK]
            with audit_store.snapshot(self._engine) as connection:
                now = database_now(connection)
                wrong = audit_store.wrong_among(connection, [audit_answers.key_of(difference) for difference in part])
            found = [audit_answers.unmatched(answer) for answer in wrong]
            self._take(found, audit_findings.keep_without_payment(self._engine, part, found, now))

    def check_answers(self, since: datetime | None) -> None:
        """Check the answers stored since then (None: all), and store the differences."""
        with audit_store.snapshot(self._engine) as connection:
            start = audit_store.first_answer(connection, since)
        for _ in self._throttle.steps():
            if start is None or start > self.report.at:
                break
            with audit_store.snapshot(self._engine) as connection:
                now = database_now(connection)
                wrong = [
                    audit_answers.unmatched(answer)
                    for part in audit_store.wrong_answers(connection, start, ANSWERS_WINDOW)
                    for answer in part
                ]
                # the first answer after the window, to skip times without answers
                start = audit_store.first_answer(connection, start + ANSWERS_WINDOW)
            found = [difference for difference in wrong if difference.identity not in self._known]
            self._take(found, audit_findings.keep_without_payment(self._engine, (), found, now))

    def check_money_out(self, since: datetime | None) -> None:
        """Check what changed in settlement and reconciliation since then (None: all)."""
        turn = 0 if self._former is None else self._former.run_id
        for step in audit_money_out.check(self._engine, since, turn, self._throttle):
            self.report.money_out += step.subjects
            self._take(step.found, step.kept)

    def _take(self, found: Sequence[Difference], kept: Kept) -> None:
        self._known.update(difference.identity for difference in found if difference.payment_id is None)
        self.report.differences += found
        self.report.opened += kept.opened
        self.report.cleared += kept.cleared

    def note(self, next_id: int) -> None:
        """Store that the run is complete, and where the next one begins."""
        audit_store.note_run(
            self._engine,
            {
                "at": self.report.at,
                "full": self.report.full,
                "next_payment_id": next_id,
                "differences": len(self.report.differences),
                "in_flight": self.report.in_flight,
            },
        )
        self.report.is_complete = True
