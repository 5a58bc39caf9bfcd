"""Commands for operators at a terminal: `audit` and `republish`. They need the database only, no Kafka."""

import argparse
import getpass
import json
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.adapters.database import create_engine
from payments.domain.events import format_time
from payments.service.audit import Report, audit
from payments.service.operators import note_action
from payments.service.republish import republish_unposted

STATEMENT_SECONDS: Final = 60
"""An operator's command may read much; only then is the server taken for dead."""
AGREE, DIFFER, COULD_NOT_RUN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What these commands need of the settings."""

    database_url: str
    answers_kept: timedelta


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Options of `audit`."""
    parser.add_argument("--full", action="store_true", help="check every payment, not only what changed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_audit(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Exit code 0: no differences; 1: there are, and they are listed; 2: it could not run."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        report = audit(engine, full=options.full, answers_kept=settings.answers_kept)
    except SQLAlchemyError as error:
        return _could_not_run(engine, error)
    print(_as_json(report) if options.json else _as_text(report))
    return DIFFER if report.differences else AGREE


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "at": format_time(report.at),
            "full": report.full,
            "payments": report.payments,
            "inFlight": report.in_flight,
            "differences": [asdict(difference) for difference in report.differences],
        }
    )


def _as_text(report: Report) -> str:
    scope = "all payments" if report.full else "what changed since the last audit and one further chunk"
    lines = [f"{d.kind}: payment {d.payment_id or '-'}: {d.detail}" for d in report.differences]
    found = f"{len(lines)} differences" if lines else "no differences"
    lines.append(f"audited {report.payments} payments ({scope}): {found}, {report.in_flight} events in flight")
    return "\n".join(lines)


def add_republish(parser: argparse.ArgumentParser) -> None:
    """Options of `republish`."""
    parser.add_argument(
        "--unposted", action="store_true", required=True, help="what was published and never posted (safe to repeat)"
    )


def run_republish(settings: ToolSettings, _options: argparse.Namespace) -> int:
    """Hand lost events to the relay again; the action is noted. Exit code 2: it could not run."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        with engine.connect() as connection:
            count = republish_unposted(connection)
        with engine.begin() as connection:
            note_action(connection, f"cli:{getpass.getuser()}", "republish", "outbox", f"{count} unposted events")
    except SQLAlchemyError as error:
        return _could_not_run(engine, error)
    print(f"{count} events will be published again")
    return AGREE


def _could_not_run(engine: Engine, error: SQLAlchemyError) -> int:
    where = engine.url.render_as_string(hide_password=True)
    print(f"The database {where} cannot be used: {getattr(error, 'orig', error)}", file=sys.stderr)
    return COULD_NOT_RUN
