"""What `reconcile` prints: sentences, the report of an import, the list of files."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from payments.outbox.rules import format_time
from payments.platform.values.money import format_amount
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.importing import Report
from payments.reconciliation.store import StoredFile
from worker.cli import messages
from worker.cli.dead_letter_table import printable

NO_ACQUIRER: Final = "There is no acquirer: its URL and key are not set."
NO_INPUT: Final = "Standard input is closed."
NO_FILES: Final = "There are no settlement files."
_FILE: Final = "{:>6} {:9} {:10} {:>9} {:>9} {:>10} {:19} {}"
_TITLES: Final = ("FILE", "STATE", "DAY", "LINES", "MATCHED", "EXCEPTIONS", "SINCE", "NAME")


def unreadable(path: str, error: OSError) -> str:
    """The file cannot be opened."""
    return f"{printable(path)} cannot be read: {error.strerror or type(error).__name__}."


def not_there(day: date) -> str:
    """The acquirer has no file of this day yet."""
    return f"The acquirer has no file of {day} yet."


def refused(error: FileRefused) -> Iterator[str]:
    """Why a file is refused, line by line."""
    yield f"The file is refused: {error.count} {'fault' if error.count == 1 else 'faults'}. Nothing of it is kept."
    yield from (f"line {fault.line}: {fault.reason}" for fault in error.faults)
    if error.count > len(error.faults):
        yield f"and {error.count - len(error.faults)} more"


def report(found: Report) -> Iterator[str]:
    """What an import has found."""
    tally = found.tally
    what = f"file {found.file_id}" if found.file_id else "dry run, nothing is kept"
    yield f"{what}: {found.day or 'no day'}, lines: {tally.lines}, matched: {tally.matched}"
    for of_class, count in sorted(tally.classes.items()):
        waiting = f" ({tally.waiting} of them waiting)" if of_class == "MISSING_AT_ACQUIRER" and tally.waiting else ""
        yield f"{of_class}: {count}{waiting}"
    for currency, total in sorted(tally.totals.items()):
        yield f"net {format_amount(total.net, currency)}, not explained {format_amount(total.suspense, currency)}"
    if tally.told:
        what = "housekeeping decides within a minute" if found.file_id else "it would decide"
        yield f"operations without a known outcome that {what}: {tally.told}"


def as_json(found: Report) -> dict[str, Any]:
    """The same for programs; amounts in minor units."""
    tally = found.tally
    return {
        "fileId": found.file_id,
        "sha256": found.sha256,
        "day": None if found.day is None else found.day.isoformat(),
        "lines": tally.lines,
        "matched": tally.matched,
        "undecided": tally.told,
        "exceptions": dict(sorted(tally.classes.items())),
        "waiting": tally.waiting,
        "totals": [
            {"currency": currency, "gross": each.gross, "fee": each.fee, "net": each.net, "suspense": each.suspense}
            for currency, each in sorted(tally.totals.items())
        ],
    }


def files(found: Sequence[StoredFile], limit: int | None) -> Iterator[str]:
    """A table. `limit`: there are older ones than these."""
    if not found:
        yield NO_FILES
        return
    yield _FILE.format(*_TITLES)
    for each in found:
        since = format_time(each.ended_at or each.created_at)[:19].replace("T", " ")
        counted = (each.line_count, each.matched, each.exceptions)
        yield _FILE.format(each.file_id, each.state, str(each.day or "-"), *counted, since, printable(each.name))
    if limit is not None:
        yield messages.more(10 * limit)


def file_as_json(each: StoredFile) -> dict[str, Any]:
    """One file for programs."""
    return {
        "fileId": each.file_id,
        "sha256": each.sha256,
        "connector": each.connector,
        "name": each.name,
        "day": None if each.day is None else each.day.isoformat(),
        "state": each.state,
        "lines": each.line_count,
        "matched": each.matched,
        "exceptions": each.exceptions,
        "faults": [{"line": fault.line, "reason": fault.reason} for fault in each.faults],
        "createdBy": each.created_by,
        "createdAt": format_time(each.created_at),
        "endedAt": None if each.ended_at is None else format_time(each.ended_at),
    }
