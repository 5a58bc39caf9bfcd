"""Housekeeping's tasks of money out: what is closed, which files are read and fetched; no step stops another."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine

from payments.acquiring.rules import State as OperationState
from payments.money_out_metrics import MoneyOutMetrics
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_upload
from payments.platform.trusted_clock.guard import ClockSuspect
from payments.reconciliation import fetching, turn, uploads
from payments.reconciliation.fetching import NotFetched
from payments.settlement.closing import NotAllSettled
from payments.settlement.rules import State
from tests.contracts.reconciliation import books
from tests.contracts.scripted_server import Scripted, answer, serving
from tests.contracts.settlement.selling import NEXT, NOON, batches, register, sell
from tests.unit.reconciliation import made
from worker import settlement_files
from worker.money_out import ALL_AT_ONCE, MoneyOut

DAY = date(2030, 5, 17)
MORNING = datetime(2030, 5, 18, 0, 30, tzinfo=UTC)
FIRST = made.operation(1)
FILE = made.text([made.line(FIRST)]).encode()
HOUR = timedelta(hours=1)


class Tasks:
    """The tasks at a time that a test sets, `at`, after which an acquirer is asked again, too."""

    def __init__(self, engine: Engine, acquirer: Scripted) -> None:
        self.engine = engine
        self.at = MORNING
        self.registry = CollectorRegistry()
        acquirers = {books.NAME: (acquirer.url, "a-key-at-the-acquirer", None)}
        plan = replace(ALL_AT_ONCE, delay=timedelta(minutes=15), acquirers=acquirers)
        metrics = MoneyOutMetrics(self.registry)
        self.is_suspect = self.is_ending = False
        self.good_calls: int | None = None  # after so many the clock is suspect; None: it stays as it is
        self.tasks = MoneyOut(engine, plan, metrics, self._now, lambda _seconds: self.is_ending, self._clock)

    def _now(self, _connection: Connection) -> datetime:
        if self.good_calls is not None:
            self.good_calls -= 1
            self.is_suspect = self.good_calls < 0
        if self.is_suspect:
            raise ClockSuspect("year 2099")
        return self.at

    def _clock(self) -> float:
        return self.at.timestamp()

    def shows(self, metric: str, **labels: str) -> float:
        return self.registry.get_sample_value(metric, labels) or 0

    def upload(self, content: bytes) -> int:
        with self.engine.begin() as connection:
            return uploads.add(connection, books.NAME, "a.csv", content, "operator:ann", self.at)

    def files(self) -> list[tuple[str, int, int]]:
        return books.rows(self.engine, recon_file, "state", "line_count", "matched")


@pytest.fixture
def says() -> list[bytes]:
    """What the acquirer answers: always the last."""
    return [answer("200 OK", FILE, "Content-Type: text/csv")]


@pytest.fixture
def acquirer(says: list[bytes]) -> Iterator[Scripted]:
    with serving(lambda client: client.sendall(says[-1])) as server:
        yield server


@pytest.fixture
def tasks(engine: Engine, acquirer: Scripted) -> Tasks:
    return Tasks(engine, acquirer)


def test_batches_are_closed_after_the_delay(tasks: Tasks) -> None:
    sell(tasks.engine, 10_000)
    tasks.at = NEXT.replace(hour=0, minute=14)
    tasks.tasks.settle()
    assert batches(tasks.engine) == []
    tasks.at += timedelta(minutes=2)
    tasks.tasks.settle()
    (closed,) = batches(tasks.engine)
    assert (closed.batch.state, closed.batch.net) == (State.CLOSED, 10_000)
    assert tasks.shows("settlement_items_total") == 1
    tasks.tasks.settle()
    assert len(batches(tasks.engine)) == 1


def test_items_are_counted_where_one_merchant_cannot_be_settled(tasks: Tasks) -> None:
    register(tasks.engine, "M1", "Mars/Base")
    sell(tasks.engine, 100)
    sell(tasks.engine, 70, "M2")
    tasks.at = NEXT
    with pytest.raises(NotAllSettled):
        tasks.tasks.settle()
    assert tasks.shows("settlement_items_total") == 1


def test_nothing_is_closed_or_read_while_the_clock_is_suspect(tasks: Tasks) -> None:
    sell(tasks.engine, 10_000)
    tasks.upload(FILE)
    tasks.is_suspect = True
    for task in (tasks.tasks.settle, tasks.tasks.reconcile):
        with pytest.raises(ClockSuspect):
            task()
    assert batches(tasks.engine) == []
    assert tasks.files() == [("UPLOADED", 0, 0)]


def test_nothing_more_is_closed_or_read_when_the_clock_becomes_suspect(tasks: Tasks) -> None:
    for merchant_id in ("M1", "M2", "M3"):
        sell(tasks.engine, 10_000, merchant_id)
    books.store(tasks.engine, [FIRST], NOON - timedelta(days=30))
    tasks.upload(FILE)
    tasks.at = NEXT
    for task, good_calls in ((tasks.tasks.settle, 4), (tasks.tasks.reconcile, 2)):
        tasks.is_suspect, tasks.good_calls = False, good_calls
        with pytest.raises(ClockSuspect):
            task()
    assert [each.batch.state for each in batches(tasks.engine)] == [State.CLOSED, State.OPEN]
    assert tasks.files() == [("READING", 1, 0)], "nothing of it counts"
    tasks.is_suspect, tasks.good_calls = False, None
    tasks.tasks.settle()
    tasks.tasks.reconcile()
    assert [each.batch.state for each in batches(tasks.engine)] == [State.CLOSED] * 3
    assert tasks.files() == [("DONE", 1, 1)]


def test_yesterdays_file_is_fetched_once(tasks: Tasks, acquirer: Scripted) -> None:
    books.store(tasks.engine, [FIRST])
    tasks.at = MORNING - timedelta(seconds=1)
    tasks.tasks.reconcile()
    assert acquirer.requests == [], "half an hour after midnight"
    tasks.at = MORNING
    for _ in range(2):
        tasks.tasks.reconcile()
    assert tasks.files() == [("DONE", 1, 1)]
    assert len(acquirer.requests) == 1
    assert acquirer.requests[0].startswith(b"GET /v1/settlements/2030-05-17.csv ")
    lines = [tasks.shows("reconciliation_lines_total", outcome=outcome) for outcome in ("matched", "unmatched")]
    assert lines == [1, 0]


def test_an_early_file_counts_after_its_day(tasks: Tasks, acquirer: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    books.store(tasks.engine, [FIRST])
    tasks.at = NOON
    tasks.upload(FILE)
    tasks.tasks.reconcile()
    assert (acquirer.requests, tasks.files()) == ([], [("DONE", 1, 1)])
    for hours in range(3):
        tasks.at = MORNING + hours * HOUR
        tasks.tasks.reconcile()
    assert (len(acquirer.requests), tasks.files()) == (1, [("DONE", 1, 1)])
    assert books.rows(tasks.engine, recon_file, "ended_at") == [(MORNING,)]
    tasks.at = MORNING + 24 * HOUR
    tasks.tasks.reconcile()
    assert (len(acquirer.requests), tasks.files()) == (2, [("DONE", 1, 1)])
    assert caplog.text.count("settlement_file_not_fetched") == 1, "it is not the next day's, too"


def test_no_file_is_fetched_of_days_before_the_first_operation(tasks: Tasks, acquirer: Scripted) -> None:
    tasks.tasks.reconcile()
    assert acquirer.requests == []
    books.store(tasks.engine, [FIRST], NOON + timedelta(days=1))
    tasks.tasks.reconcile()
    assert acquirer.requests == []


@pytest.mark.parametrize(
    "refusal", [answer("409 Conflict"), answer("500 Oops"), answer("200 OK", b"no file"), answer("200 OK", FILE[:-9])]
)
def test_an_acquirer_is_asked_again_after_an_hour(
    tasks: Tasks, acquirer: Scripted, says: list[bytes], refusal: bytes
) -> None:
    books.store(tasks.engine, [FIRST])
    good = says[-1]
    says.append(refusal)
    for _ in range(3):
        tasks.tasks.reconcile()
    assert (len(acquirer.requests), tasks.files()) == (1, [])
    says.append(good)
    tasks.at += HOUR
    tasks.tasks.reconcile()
    assert (len(acquirer.requests), tasks.files()) == (2, [("DONE", 1, 1)])


def test_uploads_are_read_and_refused_each_for_itself(tasks: Tasks) -> None:
    books.store(tasks.engine, [FIRST], NOON - timedelta(days=30))  # so nothing is fetched that is not there
    assert not tasks.tasks.files.has_upload()
    for content in (b"no file", FILE):
        tasks.upload(content)
    assert tasks.tasks.files.has_upload()
    tasks.tasks.reconcile()
    assert not tasks.tasks.files.has_upload()
    assert tasks.files() == [("DONE", 1, 1), ("REFUSED", 0, 0)]
    assert books.rows(tasks.engine, recon_upload, "file_id") == [], "their bytes are not kept"
    assert "HEADER" in str(books.rows(tasks.engine, recon_file, "faults"))


def test_a_step_that_fails_stops_no_other(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    books.store(tasks.engine, [FIRST])
    tasks.upload(FILE)

    def bug(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(settlement_files, "import_uploads", bug)
    monkeypatch.setattr(settlement_files, "decide_matched", bug)
    missing = made.operation(2)._replace(state=OperationState.APPROVED)
    books.store(tasks.engine, [missing])
    monkeypatch.setattr(fetching, "fetch_day", lambda *_given, **_options: (_ for _ in ()).throw(NotFetched("gone")))
    with tasks.engine.begin() as connection:
        opens = {"opened_at": MORNING - HOUR, "opens_at": MORNING, "missing_operation_id": 2, "operation_id": 2}
        row = {"exception_class": "MISSING_AT_ACQUIRER", "connector": books.NAME, "currency": "USD"}
        connection.execute(recon_exception.insert().values(state="WAITING", suspense=0, weight=0, **row, **opens))
    with pytest.raises(ZeroDivisionError):
        tasks.tasks.reconcile()
    assert books.rows(tasks.engine, recon_exception, "state") == [("OPEN",)]


def test_a_file_is_left_to_the_next_process_when_this_one_is_to_end(tasks: Tasks) -> None:
    books.store(tasks.engine, [FIRST])
    tasks.upload(FILE)
    tasks.is_ending = True
    tasks.tasks.reconcile()
    assert tasks.files() == [("UPLOADED", 0, 0)]
    tasks.is_ending = False
    tasks.tasks.reconcile()
    assert tasks.files() == [("DONE", 1, 1)]


def test_another_import_is_waited_for(tasks: Tasks) -> None:
    books.store(tasks.engine, [FIRST])
    tasks.upload(FILE)
    with turn.turn(tasks.engine):
        tasks.tasks.reconcile()
    assert tasks.files() == [("UPLOADED", 0, 0)]
    tasks.tasks.reconcile()
    assert tasks.files() == [("DONE", 1, 1)]
