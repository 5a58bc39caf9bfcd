"""A file that was read before its day had ended is not that day's file, until it is the one that is fetched."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine

from payments.platform.desk_errors import DuplicateFile
from payments.platform.tables.reconciliation import recon_file
from payments.reconciliation import backlog
from payments.reconciliation.fetching import Access, days_to_fetch, fetch_day
from payments.reconciliation.importing import Report
from stack.day_end import end_day
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NAME, NOON, imported, rows
from tests.contracts.scripted_server import answer, serving
from tests.moments import always
from tests.psp.simulator import KEY, Simulator
from tests.unit.reconciliation.made import line, operation

DAY = NOON.date()
MIDNIGHT = datetime(2030, 5, 18, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(minutes=30)


def lacks(engine: Engine, at: datetime) -> list[date]:
    with engine.connect() as connection:
        return days_to_fetch(connection, NAME, at)


def newest(engine: Engine) -> date | None:
    with engine.connect() as connection:
        return backlog.newest_day(connection, NAME)


@pytest.mark.parametrize(
    ("read_at", "is_there"),
    [
        (NOON, False),
        (NOON - timedelta(days=30), False),
        (MIDNIGHT - timedelta(microseconds=1), False),
        (MIDNIGHT, True),
    ],
)
def test_a_day_is_there_when_its_file_was_read_after_it(engine: Engine, read_at: datetime, is_there: bool) -> None:
    books.store(engine, [operation(1)])
    imported(engine, [], read_at)
    assert lacks(engine, LATER) == ([] if is_there else [DAY])
    assert newest(engine) == (DAY if is_there else None)


def test_a_day_of_which_an_early_file_and_its_own_were_read_is_there(engine: Engine) -> None:
    books.store(engine, [operation(1)])
    imported(engine, [], NOON)
    imported(engine, [line(operation(1))], LATER)
    assert (lacks(engine, LATER), newest(engine)) == ([], DAY)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
def test_the_file_of_a_day_that_goes_on_with_an_early_one_is_not_booked_twice(engine: Engine, turned: bool) -> None:
    both = [operation(1), operation(2)]
    books.store(engine, both)
    imported(engine, [line(both[0])], NOON)
    before = books.balance(engine, "bank")
    whole = [line(each)._replace(number=number) for number, each in enumerate(both[::-1] if turned else both, 1)]
    with pytest.raises(DuplicateFile, match="before its day had ended and has lines of this one"):
        imported(engine, whole, LATER)
    assert (books.balance(engine, "bank"), lacks(engine, LATER)) == (before, [DAY])
    imported(engine, [line(both[1])._replace(number=1)], LATER)
    assert (lacks(engine, LATER), newest(engine)) == ([], DAY)
    assert books.balance(engine, "bank") == 2 * before


def test_a_file_that_is_handed_out_when_another_day_is_asked_for_does_not_count(engine: Engine) -> None:
    """For its own day it is still to be asked for."""
    yesterday = NOON - timedelta(days=1)
    books.store(engine, [operation(1)], yesterday)
    content = books.of_day([line(operation(1))], str(DAY))
    imported(engine, content, yesterday)
    said = answer("200 OK", content.encode(), "Content-Type: text/csv")
    with serving(lambda client: client.sendall(said)) as acquirer, pytest.raises(DuplicateFile):
        fetch_day(engine, Access(acquirer.url, KEY), NAME, DAY - timedelta(days=1), "kim", always(LATER))
    assert DAY in lacks(engine, LATER)


@pytest.mark.parametrize(("ends", "same"), [("\r\n", "bytes"), ("\n", "lines")])
def test_the_same_bytes_or_lines_count_as_the_same_file(engine: Engine, ends: str, same: str) -> None:
    books.store(engine, [operation(1)])
    content = books.of_day([line(operation(1))], str(DAY))
    imported(engine, content, NOON)
    body = content.replace("\r\n", ends).encode()
    said = answer("200 OK", body, "Content-Type: text/csv")
    with serving(lambda client: client.sendall(said)) as acquirer, pytest.raises(DuplicateFile, match=f"same {same}"):
        fetch_day(engine, Access(acquirer.url, KEY), NAME, DAY, "kim", always(LATER))
    assert (lacks(engine, LATER), newest(engine)) == ([], DAY)


def test_days_that_are_ended_ahead_of_time_are_there_when_they_are_fetched_again(engine: Engine) -> None:
    """`make reconcile` more than once on a day: housekeeping is handed out the same bytes after each of these days."""
    now = datetime.now(UTC)
    books.store(engine, [operation(1)], now)
    with Simulator() as simulator:
        access = Access(f"http://127.0.0.1:{simulator.api.port}", KEY)

        def fetched(day: date, at: datetime) -> Report | None:
            return fetch_day(engine, access, NAME, day, "kim", always(at))

        days = [date.fromisoformat(end_day(simulator.access)) for _ in range(3)]
        assert days[0] == now.date()
        for day in days:
            assert fetched(day, now) is not None
        for day in days:
            morning = datetime.combine(day + timedelta(days=1), time(0, 30), UTC)
            assert lacks(engine, morning) == [day]
            ended = rows(engine, recon_file, "ended_at")
            with pytest.raises(DuplicateFile):
                fetched(day, morning - timedelta(hours=1))
            assert (lacks(engine, morning), rows(engine, recon_file, "ended_at")) == ([day], ended), "its day goes on"
            with pytest.raises(DuplicateFile):
                fetched(day, morning)
            assert (lacks(engine, morning), newest(engine)) == ([], day)
    assert rows(engine, recon_file, "state") == [("DONE",)] * 3
