"""Files that the acquirer's simulator hands out, and what it says instead; what is fetched and when."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from payments.platform.tables.reconciliation import recon_file
from payments.reconciliation import fetching
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.fetching import Access, NotFetched, days_to_fetch, fetch_day
from payments.reconciliation.importing import Report
from stack.ports import free_port
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NOW, change, counts, imported
from tests.moments import always
from tests.psp.simulator import KEY, Client, Simulator
from tests.unit.reconciliation.made import operation

DAY = date(2030, 5, 17)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Client]:
    """It has captured one payment on a day that is over."""
    with Simulator() as running:
        psp = running.api
        psp.control("PUT", "clock", {"set": f"{DAY}T12:00:00Z", "frozen": True})
        psp.authorize("00-1-authorization-1")
        psp.operate("capture", "00-1-capture-1", authorization="00-1-authorization-1")
        psp.control("PUT", "clock", {"set": f"{DAY + timedelta(days=1)}T00:00:00Z"})
        yield psp


@pytest.fixture
def psp(simulator: Client) -> Iterator[Client]:
    """No fault outlives a test."""
    yield simulator
    simulator.control("DELETE", "faults")


def fetched(engine: Engine, psp: Client, day: date = DAY, key: str = KEY) -> Report | None:
    return fetch_day(engine, Access(f"http://127.0.0.1:{psp.port}", key), books.NAME, day, "housekeeping", always(NOW))


def test_a_day_is_fetched_and_imported(engine: Engine, psp: Client) -> None:
    books.store(engine, [operation(1)._replace(acquirer_reference=psp.enquire("00-1-capture-1").json["id"])])
    report = fetched(engine, psp)
    assert report is not None
    assert (report.day, report.tally.matched, report.tally.classes.total()) == (DAY, 1, 0)
    assert books.rows(engine, recon_file, "name", "created_by") == [("2030-05-17.csv", "housekeeping")]


def test_days_without_movements_are_files_of_their_own(engine: Engine, psp: Client) -> None:
    for day in (date(2000, 1, 1), date(2000, 1, 2)):
        report = fetched(engine, psp, day)
        assert report is not None
        assert (report.day, report.tally.lines) == (day, 0)


def test_a_day_that_is_not_over_is_not_there_yet(engine: Engine, psp: Client) -> None:
    assert fetched(engine, psp, DAY + timedelta(days=1)) is None
    assert counts(engine) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("fault", ["rate_limited", "error_after_success", "reset_mid_body", "malformed_body"])
def test_what_is_no_file_leaves_nothing(engine: Engine, psp: Client, fault: str) -> None:
    psp.faults({"fault": fault, "kinds": ["settlement"]})
    with pytest.raises((NotFetched, FileRefused)) as failed:
        fetched(engine, psp)
    assert KEY not in str(failed.value)
    assert counts(engine) == [0, 0, 0, 0, 0]


def test_a_wrong_key_and_an_acquirer_that_is_not_there(engine: Engine, psp: Client) -> None:
    with pytest.raises(NotFetched, match="status 401"):
        fetched(engine, psp, key="sk_of_nobody")
    with pytest.raises(NotFetched, match="ConnectionRefusedError"):
        fetched(engine, Client(free_port()))


def test_one_that_hangs_is_given_up(engine: Engine, psp: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FETCH_SECONDS", 0.2)
    psp.faults({"fault": "latency", "seconds": 5, "kinds": ["settlement"]})
    with pytest.raises(NotFetched):
        fetched(engine, psp)


def test_the_key_is_in_no_text() -> None:
    assert KEY not in repr(Access("http://acquirer", KEY))


def test_the_last_days_are_fetched_until_they_are_there(engine: Engine) -> None:
    def due(at: datetime) -> list[str]:
        with engine.connect() as connection:
            return [str(day) for day in days_to_fetch(connection, books.NAME, at)]

    books.store(engine, [operation(1)], datetime(2030, 5, 11, 9, tzinfo=UTC))
    early, midnight = datetime(2030, 5, 18, 0, 29, 59, tzinfo=UTC), datetime(2030, 5, 18, 0, 30, tzinfo=UTC)
    assert due(early) == [f"2030-05-{day}" for day in range(11, 17)]
    assert due(midnight) == [f"2030-05-{day}" for day in range(11, 18)]
    imported(engine, [])
    assert due(midnight) == [f"2030-05-{day}" for day in range(11, 17)]
    change(engine, recon_file, recon_file.c.file_id == 1, state="REFUSED")
    assert due(midnight)[-1] == "2030-05-17"
