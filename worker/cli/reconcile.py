"""`reconcile`: import a settlement file, fetch that of a day, list files, at a terminal; `recon_desk` has exceptions.

Exit codes: 0 done, 1 not done because of the file or of what is stored, 2 could not run.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import IO, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import COULD_NOT_RUN, PlainParser, could_not_run, prose, whole_number
from payments.platform.clock import database_now, monotonic
from payments.platform.connectors import ConnectorName
from payments.platform.database import create_engine
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tasks.throttle import AT_ONCE, Throttle
from payments.reconciliation import fetching, store, uploads
from payments.reconciliation.decisions import NotAllDecided
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.fetching import Access, NotFetched, chunks_of
from payments.reconciliation.importing import Asked, Report, gently, import_file
from payments.reconciliation.profile import PROFILES
from payments.reconciliation.reconcile import RunRefused
from payments.reconciliation.turn import ImportRunning, TurnLost
from worker.cli import recon_desk, recon_text
from worker.cli.recon_progress import Progress
from worker.cli.repair import AGREE, DIFFER, STATEMENT_SECONDS, ToolSettings

LIMIT: Final = 20
STANDARD_INPUT: Final = "-"
_NAME: Final = prose("name", uploads.LONGEST_NAME)
_REFUSED: Final = (DuplicateFile, RunRefused, ImportRunning, TurnLost, NotFetched, NotAllDecided)


def add_reconcile(parser: argparse.ArgumentParser) -> None:
    """Options of `reconcile` and its actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    importing = actions.add_parser("import", help="import an acquirer's settlement file")
    importing.add_argument("file", metavar="FILE", type=_path, help="the file; - reads standard input")
    fetch = actions.add_parser("fetch", help="fetch the file of a day from the acquirer, and import it")
    fetch.add_argument("day", metavar="DAY", type=_day, help="YYYY-MM-DD (UTC)")
    for action in (importing, fetch):
        action.add_argument("--dry-run", action="store_true", help="say what would be found, and keep nothing")
        action.add_argument("--at-once", action="store_true", help="without rests: quicker, and payments are slower")
        action.add_argument("--connector", choices=PROFILES, default=ConnectorName.SIMULATOR.value, help="whose file")
    files = actions.add_parser("files", help="list files, newest first")
    files.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many (default {LIMIT})")
    recon_desk.add_actions(actions)
    for action in (importing, fetch, files):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run_reconcile(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one action; every error is one sentence on stderr."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        return _ACTIONS[options.action](engine, settings, options)
    except FileRefused as refused:
        print("\n".join(recon_text.refused(refused)), file=sys.stderr)
        return DIFFER
    except _REFUSED as error:
        print(error, file=sys.stderr)
        return DIFFER
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


def _throttle(options: argparse.Namespace) -> Throttle:
    return AT_ONCE if options.at_once else gently(Event().wait)


def _path(text: str) -> str:
    """A file's path, or STANDARD_INPUT. Its name is stored, as that of an upload."""
    if text != STANDARD_INPUT:
        _NAME(Path(text).name)
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as YYYY-MM-DD") from None


def _import(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    if options.file == STANDARD_INPUT and sys.stdin is None:
        print(recon_text.NO_INPUT, file=sys.stderr)
        return COULD_NOT_RUN
    try:
        with _opened(options.file) as file:
            name = "standard input" if options.file == STANDARD_INPUT else Path(options.file).name
            asked = Asked(name, options.connector, settings.actor)
            rests = _throttle(options)
            told = Progress(monotonic, sys.stderr)
            report = import_file(
                engine, chunks_of(file), asked, database_now, dry_run=options.dry_run, throttle=rests, progress=told
            )
    except OSError as error:
        print(recon_text.unreadable(options.file, error), file=sys.stderr)
        return COULD_NOT_RUN
    return _told(report, options)


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    """The file; a copy of standard input, which can only be read once."""
    if path != STANDARD_INPUT:
        with Path(path).open("rb") as file:
            yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        yield copy


def _fetch(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    if settings.acquirer is None:
        print(recon_text.NO_ACQUIRER, file=sys.stderr)
        return COULD_NOT_RUN
    asked = (options.connector, options.day, settings.actor, database_now)
    access, throttle = Access(*settings.acquirer), _throttle(options)
    report = fetching.fetch_day(engine, access, *asked, dry_run=options.dry_run, throttle=throttle)
    if report is None:
        print(recon_text.not_there(options.day), file=sys.stderr)
        return DIFFER
    return _told(report, options)


def _told(report: Report, options: argparse.Namespace) -> int:
    print(json.dumps(recon_text.as_json(report)) if options.json else "\n".join(recon_text.report(report)))
    return AGREE


def _files(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        found = store.page(connection, None, options.limit + 1)
    shown, more = found[: options.limit], len(found) > options.limit
    if options.json:
        print(json.dumps({"items": [recon_text.file_as_json(each) for each in shown]}))
    else:
        print("\n".join(recon_text.files(shown, limit=options.limit if more else None)))
    return AGREE


_ACTIONS: Final = {
    "import": _import,
    "fetch": _fetch,
    "files": _files,
    **dict.fromkeys(recon_desk.ACTIONS, recon_desk.run),
}
