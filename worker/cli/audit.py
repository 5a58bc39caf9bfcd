"""`audit` and `audit list`: compare payments and ledger, and list findings, at a terminal.

Needs only the database.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.audit import view
from payments.audit.finding_store import is_refused
from payments.audit.service import Report, audit
from payments.audit.snapshot import FindingState
from payments.audit.view import AuditFinding
from payments.cli.option_types import COULD_NOT_RUN, could_not_run
from payments.outbox.rules import format_time
from payments.platform.database import create_engine
from payments.platform.json_types import members
from worker.cli import messages
from worker.cli.dead_letter_table import printable
from worker.cli.repair import AGREE, DIFFER, STATEMENT_SECONDS, ToolSettings

PAGE: Final = 500
"""Findings read in one page."""


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Options of `audit` and `audit list`."""
    parser.add_argument("action", nargs="?", choices=["list"], help="show what audits found, instead of running one")
    parser.add_argument("--full", action="store_true", help="check every payment, not only what changed")
    parser.add_argument("--all", action="store_true", help="with list: cleared findings, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_audit(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Exit code 0: no differences, or listed; 1: there are differences; 2: it could not run."""
    if options.full if options.action == "list" else options.all:
        print(messages.FULL_OR_ALL, file=sys.stderr)
        return COULD_NOT_RUN
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        if options.action == "list":
            return _list(engine, options)
        report = audit(engine, full=options.full, answers_kept=settings.answers_kept)
    except SQLAlchemyError as error:
        if is_refused(error):
            return _may_only_read(engine)
        return could_not_run(engine, error)
    print(_as_json(report) if options.json else _as_text(report))
    return DIFFER if report.differences else AGREE


def _may_only_read(engine: Engine) -> int:
    where = engine.url.render_as_string(hide_password=True)
    print(messages.read_only(where), file=sys.stderr)
    return COULD_NOT_RUN


def _list(engine: Engine, options: argparse.Namespace) -> int:
    found = _findings(engine, None if options.all else FindingState.OPEN)
    if options.json:
        print(json.dumps({"items": list(found)}, default=members))
        return AGREE
    count = 0
    for count, item in enumerate(found, 1):  # noqa: B007  (the last number is how many)
        print(_line(item))
    if not count:
        print(messages.NO_FINDINGS if options.all else messages.NO_OPEN_FINDINGS)
    return AGREE


def _findings(engine: Engine, state: str | None) -> Iterator[AuditFinding]:
    before: int | None = None
    while True:
        with engine.connect().execution_options(reading=True) as connection:
            items, before = view.findings(connection, state, None, None, before, PAGE)
        yield from items
        if before is None:
            return


def _line(finding: AuditFinding) -> str:
    times = f"first seen {finding.first_seen}, last seen {finding.last_seen}"
    if finding.cleared_at:
        times += f", cleared {finding.cleared_at}"
    return f"{finding.id}: {finding.kind}: payment {finding.payment_id or '-'}: {printable(finding.detail)} ({times})"


def _as_json(report: Report) -> str:
    differences = [{"kind": d.kind, "payment_id": d.payment_id, "detail": d.detail} for d in report.differences]
    return json.dumps(
        {
            "at": format_time(report.at),
            "full": report.full,
            "payments": report.payments,
            "inFlight": report.in_flight,
            "differences": differences,
        }
    )


def _as_text(report: Report) -> str:
    scope = "all payments" if report.full else "what changed since the last audit, and some more in turn"
    lines = [f"{d.kind}: payment {d.payment_id or '-'}: {printable(d.detail)}" for d in report.differences]
    found = f"{len(lines)} differences" if lines else "no differences"
    lines.append(f"audited {report.payments} payments ({scope}): {found}, {report.in_flight} events in flight")
    return "\n".join(lines)
