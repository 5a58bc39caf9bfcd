"""Imports the files that were sent over HTTP, one after the other; housekeeping's share of an upload."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine

from payments.platform.desk_errors import DuplicateFile
from payments.platform.tasks.throttle import AT_ONCE, Stopped, Throttle
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import store, uploads
from payments.reconciliation.faults import Fault, FileRefused, Reason
from payments.reconciliation.importing import Asked, Report, import_file, undo_leftovers
from payments.reconciliation.reconcile import TooManyDiffer
from payments.reconciliation.rules import FileState
from payments.reconciliation.turn import ImportRunning, turn
from payments.reconciliation.uploads import Upload

_CHUNK: Final = 65_536


def import_uploads(engine: Engine, now: Now, throttle: Throttle = AT_ONCE) -> Iterator[Report]:
    """Import all files that wait; those that cannot be taken become REFUSED. Yields a report of each that is DONE.

    Ends early, without an error, while another import runs. What keeps one file from being read keeps no other waiting:
    the first such error is raised at the end, and its file is tried again by the next call.
    """
    errors: list[Exception] = []
    try:
        _undo_killed(engine)
        last = 0
        while (upload := _next(engine, last)) is not None:
            last = upload.file_id
            try:
                report = _imported(engine, upload, now, throttle)
            except (ImportRunning, Stopped):
                raise
            except Exception as error:  # noqa: BLE001  (raised below)
                errors.append(error)
            else:
                if report is not None:
                    yield report
    except ImportRunning:
        pass
    if errors:
        raise errors[0]


def _undo_killed(engine: Engine) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        left = store.in_state(connection, FileState.READING)
    if left:
        with turn(engine) as held:
            undo_leftovers(engine, held)


def _next(engine: Engine, last: int) -> Upload | None:
    with engine.connect().execution_options(reading=True) as connection:
        return uploads.next_upload(connection, last)


def _imported(engine: Engine, upload: Upload, now: Now, throttle: Throttle) -> Report | None:
    content = upload.content
    asked = Asked(upload.name, upload.connector, upload.created_by, upload.file_id)

    def chunks() -> Iterator[bytes]:
        return (content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK))

    try:
        report = import_file(engine, chunks, asked, now, throttle=throttle)
    except FileRefused as refused:
        _refuse(engine, upload.file_id, refused.faults, now)
        return None
    except DuplicateFile:  # its bytes are its own: its lines are those of another file
        _refuse(engine, upload.file_id, (Fault(0, Reason.SAME_LINES),), now)
        return None
    except TooManyDiffer:
        _refuse(engine, upload.file_id, (Fault(0, Reason.TOO_MANY_DIFFER),), now)
        return None
    with engine.begin() as connection:
        uploads.forget(connection, upload.file_id)
    return report


def _refuse(engine: Engine, file_id: int, faults: tuple[Fault, ...], now: Now) -> None:
    text = store.faults_text(faults)
    with engine.begin() as connection:
        values = {"state": FileState.REFUSED.value, "faults": text, "ended_at": now(connection)}
        if store.change(connection, file_id, FileState.UPLOADED, **values):
            uploads.forget(connection, file_id)
