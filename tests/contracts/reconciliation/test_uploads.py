"""Files that were uploaded: read one after the other, refused for good, or read again after a crash."""

from datetime import date

import pytest
from sqlalchemy import Engine

from payments import crash_points
from payments.platform.tables.reconciliation import recon_file, recon_line, recon_upload
from payments.platform.tasks.throttle import Stopped, Throttle
from payments.reconciliation import importing, keeping, uploads
from payments.reconciliation.reading_uploads import import_uploads
from payments.reconciliation.turn import turn
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NOW, counts, of_day, rows
from tests.contracts.reconciliation.test_one_at_a_time import end_the_turn
from tests.moments import always
from tests.unit.reconciliation.made import day, line, text

OPERATIONS = day(9)
LINES = [line(one) for one in OPERATIONS]


def upload(engine: Engine, content: str) -> None:
    with engine.begin() as connection:
        uploads.add(connection, books.NAME, "day.csv", content.encode(), "api:ops", NOW)


def test_all_that_wait_are_read(engine: Engine) -> None:
    books.store(engine, OPERATIONS)
    upload(engine, text(LINES))
    upload(engine, of_day(LINES[:2], "2030-05-18"))
    reports = list(import_uploads(engine, always(NOW)))
    assert [(one.file_id, one.tally.matched, one.tally.of_lines) for one in reports] == [(1, 9, 0), (2, 0, 2)]
    assert rows(engine, recon_file, "state", "created_by", "line_count") == [
        ("DONE", "api:ops", 2),
        ("DONE", "api:ops", 9),
    ]
    assert rows(engine, recon_upload, "file_id") == [], "their bytes are not kept"
    assert list(import_uploads(engine, always(NOW))) == []


def test_a_file_that_is_refused_says_why_and_keeps_no_other_waiting(engine: Engine) -> None:
    books.store(engine, OPERATIONS)
    upload(engine, text(LINES).replace("end,9", "end,8"))
    upload(engine, text(LINES))
    assert [one.file_id for one in import_uploads(engine, always(NOW))] == [2]
    refused = rows(engine, recon_file, "state", "faults", "ended_at", "line_count")[1]
    assert refused[0] == "REFUSED"
    assert '"reason": "COUNT"' in refused[1]
    assert refused[2:] == (NOW, 0)
    assert rows(engine, recon_upload, "file_id") == []


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-03", "2031-05-20"])
def test_a_day_that_cannot_be_right_keeps_no_other_file_waiting(engine: Engine, day: str) -> None:
    books.store(engine, OPERATIONS)
    upload(engine, of_day(LINES, day))
    upload(engine, text(LINES))
    assert [one.file_id for one in import_uploads(engine, always(NOW))] == [2]
    assert rows(engine, recon_file, "state", "faults") == [
        ("DONE", None),
        ("REFUSED", '[{"line": 14, "reason": "DAY"}]'),
    ]


def test_a_file_that_cannot_be_read_keeps_no_other_waiting(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first error is raised, and what failed is tried again."""
    books.store(engine, OPERATIONS)
    for lines, of in (([], "2030-05-15"), ([], "2030-05-16"), (LINES, "2030-05-17")):
        upload(engine, of_day(lines, of))

    def fails(_engine: Engine, _connector: str, of: date) -> None:
        if of < date(2030, 5, 17):
            raise ArithmeticError(of)

    monkeypatch.setattr(importing, "_window", fails)
    reports = import_uploads(engine, always(NOW))
    assert next(reports).file_id == 3
    with pytest.raises(ArithmeticError, match="2030-05-15"):
        next(reports)
    monkeypatch.undo()
    assert [one.file_id for one in import_uploads(engine, always(NOW))] == [1, 2]


def test_the_end_of_the_process_is_no_fault_of_a_file(engine: Engine) -> None:
    upload(engine, of_day([], "2030-05-16"))
    upload(engine, of_day([], "2030-05-17"))
    with pytest.raises(Stopped):
        list(import_uploads(engine, always(NOW), Throttle(lambda _seconds: True)))
    assert rows(engine, recon_file, "state") == [("UPLOADED",), ("UPLOADED",)]


def test_a_file_with_the_lines_of_another_is_refused(engine: Engine) -> None:
    books.store(engine, OPERATIONS)
    upload(engine, text(LINES))
    upload(engine, text(LINES).replace("\r\n", "\n"))
    assert [one.file_id for one in import_uploads(engine, always(NOW))] == [1]
    assert rows(engine, recon_file, "state", "faults") == [
        ("DONE", None),
        ("REFUSED", '[{"line": 0, "reason": "SAME_LINES"}]'),
    ]


def test_a_file_about_others_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "HELD", 5)
    upload(engine, text(LINES))
    assert list(import_uploads(engine, always(NOW))) == []
    assert rows(engine, recon_file, "state", "faults") == [("REFUSED", '[{"line": 0, "reason": "TOO_MANY_DIFFER"}]')]
    assert counts(engine)[1:] == [0, 0, 0, 0]


def test_one_that_was_killed_is_read_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    books.store(engine, OPERATIONS)
    monkeypatch.setattr(keeping, "CHUNK", 4)
    upload(engine, text(LINES))

    def dies(_point: str) -> None:
        raise SystemExit

    monkeypatch.setattr(crash_points, "reach", dies)
    with pytest.raises(SystemExit):
        list(import_uploads(engine, always(NOW)))
    monkeypatch.undo()
    assert rows(engine, recon_file, "state", "line_count") == [("READING", 4)]
    with turn(engine):
        assert list(import_uploads(engine, always(NOW))) == [], "another import runs"
    end_the_turn(engine)
    assert [one.tally.matched for one in import_uploads(engine, always(NOW))] == [9]
    assert len(rows(engine, recon_line, "number")) == 9
