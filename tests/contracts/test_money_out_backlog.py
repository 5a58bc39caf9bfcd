"""What waits on the way to the bank and in reconciliation, as the gauges of housekeeping show it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, delete, insert, update

from payments.merchants import service
from payments.merchants.rules import MerchantState
from payments.money_out_metrics import LIVE, MoneyOutMetrics
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.platform.tables.settlement import payout, payout_file, settlement_batch
from payments.reconciliation import backlog
from payments.reconciliation.rules import ExceptionClass, ExceptionState
from payments.settlement.backlog import payout_backlog
from payments.settlement.rules import State
from tests.contracts.settlement.selling import register
from worker.money_out import ALL_AT_ONCE, MoneyOut
from worker.money_out_reading import MoneyOutReading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Shown:
    """The task and what it shows."""

    def __init__(self, engine: Engine, *connectors: str) -> None:
        self.registry = CollectorRegistry()
        acquirers = dict.fromkeys(connectors, ("http://127.0.0.1:1", "a-key-at-the-acquirer", None))
        plan = replace(ALL_AT_ONCE, acquirers=acquirers)
        self.task = MoneyOut(engine, plan, MoneyOutMetrics(self.registry), database_now, lambda _seconds: False)

    def __call__(self, metric: str, **labels: str) -> float:
        self.task.money()
        found = self.registry.get_sample_value(metric, labels)
        assert found is not None
        return found


def now(engine: Engine) -> datetime:
    with engine.connect() as connection:
        return database_now(connection)


def batch(engine: Engine, number: int, state: State, since: datetime, **more: Any) -> int:
    sums = dict.fromkeys(("carried_in", "refunds", "fees", "adjustments", "carried_out", "items"), 0)
    sums |= dict.fromkeys(("gross", "net"), 0 if state in (State.OPEN, State.CARRIED) else 5)
    row = {
        "merchant_id": "M1",
        "currency": "USD",
        "number": number,
        "state": state.value,
        "cutoff": since,
        **sums,
        "closed_at": None if state is State.OPEN else since,
        "created_at": since,
        "updated_at": since,
        **more,
    }
    with engine.begin() as connection:
        found: int = connection.execute(insert(settlement_batch).values(row)).inserted_primary_key[0]  # type: ignore[index]
    return found


def exception(engine: Engine, opened: datetime, **more: Any) -> None:
    row = {
        "exception_class": "AMOUNT",
        "state": "OPEN",
        "connector": "simulator",
        "currency": "USD",
        "suspense": 0,
        "weight": 0,
        "opened_at": opened,
        **more,
    }
    with engine.begin() as connection:
        connection.execute(insert(recon_exception).values(row))


def file(engine: Engine, day: date, state: str, connector: str = "simulator", after: timedelta = 2 * DAY) -> None:
    """A file whose reading has ended so long after its day began."""
    row = {
        "sha256": f"{connector}{day}{state}".ljust(64, "0"),
        "connector": connector,
        "name": "a file",
        "day": day,
        "state": state,
        "line_count": 0,
        "matched": 0,
        "exceptions": 0,
        "created_by": "housekeeping",
        "created_at": datetime(2030, 1, 1, tzinfo=UTC),
        "ended_at": datetime.combine(day, time(), UTC) + after if state == "DONE" else None,
    }
    with engine.begin() as connection:
        connection.execute(insert(recon_file).values(row))


def operation(engine: Engine, at: datetime, reference: str = "00-1-authorization") -> None:
    row = {
        "payment_id": 1,
        "connector": "simulator",
        "kind": "authorization",
        "amount": 5,
        "currency": "USD",
        "reference": reference,
        "state": "APPROVED",
        "merchant_id": "M1",
        "request_id": "r",
        "headers": "{}",
        "created_at": at,
        "enquiries": 0,
    }
    with engine.begin() as connection:
        connection.execute(insert(acquirer_operation).values(row))


def test_nothing_waits_in_a_new_database(engine: Engine) -> None:
    shows = Shown(engine, "simulator")
    assert [shows("settlement_batches", state=state.lower()) for state in LIVE] == [0, 0, 0, 0]
    assert shows("settlement_batches_held") == 0
    ages = ("settlement_overdue", "settlement_oldest_unpaid_age", "payouts_unconfirmed_oldest_age")
    assert [shows(f"{name}_seconds") for name in ages] == [0, 0, 0]
    assert shows("reconciliation_file_age_seconds") == 0, "no operation was made at this acquirer"


def test_batches_on_their_way(engine: Engine) -> None:
    at = now(engine)
    batch(engine, 1, State.CONFIRMED, at - 9 * DAY)
    batch(engine, 2, State.CARRIED, at - 8 * DAY)
    batch(engine, 3, State.RETURNED, at - 7 * DAY)
    exported = batch(engine, 4, State.EXPORTED, at - 6 * DAY)
    batch(engine, 5, State.APPROVED, at - 3 * DAY)
    batch(engine, 6, State.CLOSED, at - 2 * DAY)
    batch(engine, 7, State.OPEN, at - HOUR)
    file_of = {"name": "2030-05-17-USD", "format": "CSV", "mode": "LIVE", "currency": "USD", "payouts": 1, "total": 5}
    with engine.begin() as connection:
        more = {"sha256": "0" * 64, "content": "", "created_by": "ann", "created_at": at}
        connection.execute(insert(payout_file).values(file_id=1, **file_of, **more))
        row = {"batch_id": exported, "file_id": 1, "merchant_id": "M1", "currency": "USD", "amount": 5}
        times = {"created_at": at - 5 * DAY, "updated_at": at}
        connection.execute(insert(payout).values(state="EXPORTED", **row, **times))
    shows = Shown(engine)
    assert [shows("settlement_batches", state=state.lower()) for state in LIVE] == [1, 1, 1, 1]
    assert 3600 <= shows("settlement_overdue_seconds") < 3700
    assert 3 * 86400 <= shows("settlement_oldest_unpaid_age_seconds") < 3 * 86400 + 100
    assert 5 * 86400 <= shows("payouts_unconfirmed_oldest_age_seconds") < 5 * 86400 + 100
    with engine.begin() as connection:
        connection.execute(update(payout).values(state="CONFIRMED"))
        live = settlement_batch.c.state.in_([state.value for state in LIVE])
        connection.execute(update(settlement_batch).where(live).values(state="CONFIRMED", gross=5, net=5, closed_at=at))
    assert shows("payouts_unconfirmed_oldest_age_seconds") == shows("settlement_oldest_unpaid_age_seconds") == 0
    assert shows("settlement_overdue_seconds") == shows("settlement_batches", state="open") == 0


def test_a_batch_of_a_suspended_merchant_is_held_not_unpaid(engine: Engine) -> None:
    at = now(engine)
    register(engine, "M1", "UTC")
    for number, state in enumerate((State.EXPORTED, State.APPROVED, State.CLOSED, State.OPEN), 1):
        batch(engine, number, state, at - 4 * DAY + number * timedelta(seconds=1))
    batch(engine, 1, State.CLOSED, at - HOUR, merchant_id="M2")
    shows = Shown(engine)
    for merchant_state, held, unpaid in (
        (MerchantState.ACTIVE, 0, 4 * 86400 - 2),
        (MerchantState.SUSPENDED, 2, 3600),
        (MerchantState.ACTIVE, 0, 4 * 86400 - 2),
    ):
        with engine.begin() as connection:
            service.change_merchant(connection, "M1", "its letter", "cli:a", state=merchant_state)
        assert shows("settlement_batches_held") == held
        assert unpaid <= shows("settlement_oldest_unpaid_age_seconds") < unpaid + 100
        assert [shows("settlement_batches", state=state.lower()) for state in LIVE] == [1, 2, 1, 1]
        assert shows("settlement_overdue_seconds") >= 4 * 86400 - 4, "it is closed all the same"
    with engine.begin() as connection:
        connection.execute(delete(settlement_batch).where(settlement_batch.c.merchant_id == "M2"))
        service.change_merchant(connection, "M1", "fraud", "cli:a", state=MerchantState.SUSPENDED)
    assert (shows("settlement_oldest_unpaid_age_seconds"), shows("settlement_batches_held")) == (0, 2)


def test_open_exceptions_and_their_suspense(engine: Engine) -> None:
    at = now(engine)
    exception(engine, at - DAY, suspense=700)
    exception(engine, at - HOUR, suspense=-300, exception_class="FEE")
    exception(engine, at - HOUR, suspense=5, currency="KRW", exception_class="FEE")
    for state in (ExceptionState.RESOLVED, ExceptionState.WRITTEN_OFF, ExceptionState.WAITING):
        ends = {"opens_at": at} if state is ExceptionState.WAITING else {"ended_at": at}
        exception(engine, at - 9 * DAY, suspense=9000, state=state.value, **ends)
    shows = Shown(engine)
    kinds = {each: shows("reconciliation_exceptions", **{"class": each.lower()}) for each in ExceptionClass}
    assert {each: number for each, number in kinds.items() if number} == {"AMOUNT": 1, "FEE": 2}
    assert (shows("reconciliation_suspense", currency="USD"), shows("reconciliation_suspense", currency="KRW")) == (
        400,
        5,
    )
    assert 86400 <= shows("reconciliation_oldest_exception_age_seconds") < 86500
    with engine.begin() as connection:
        connection.execute(delete(recon_exception))
    assert shows("reconciliation_suspense", currency="USD") == 0, "shown as 0, not as it was"
    assert shows("reconciliation_oldest_exception_age_seconds") == 0


@pytest.mark.parametrize(("waited", "age"), [(HOUR, 3600), (3 * DAY, 2 * 86400)])
def test_an_exception_is_old_from_when_it_was_open(engine: Engine, waited: timedelta, age: int) -> None:
    at = now(engine)
    ended_waiting = at - waited if waited == HOUR else at - 4 * DAY
    exception(engine, at - 2 * DAY, opens_at=ended_waiting)
    assert age <= Shown(engine)("reconciliation_oldest_exception_age_seconds") < age + 100


def test_the_newest_file_of_an_acquirer(engine: Engine) -> None:
    at = now(engine)
    shows = Shown(engine, "simulator")
    operation(engine, at - 10 * DAY)
    first = (at - 10 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert 0 <= shows("reconciliation_file_age_seconds") - (at - first).total_seconds() < 100, "none was ever read"
    file(engine, at.date() - 3 * DAY, "DONE")
    file(engine, at.date() - 2 * DAY, "DONE")
    file(engine, at.date() - DAY, "READING")
    file(engine, at.date() - DAY, "DONE", "another")
    file(engine, at.date() + DAY, "DONE", after=-DAY)
    file(engine, at.date() - DAY, "DONE", after=DAY - timedelta(microseconds=1))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert 0 <= shows("reconciliation_file_age_seconds") - (at - midnight + DAY).total_seconds() < 100
    with engine.connect() as connection:
        assert backlog.days_there(connection, "simulator", at) == {at.date() - back * DAY for back in (3, 2)}
        assert backlog.first_day(connection, "another") is None
    assert Shown(engine)("reconciliation_file_age_seconds") == 0, "no acquirer is configured"


def test_ages_go_on_without_a_read(engine: Engine) -> None:
    moved = [0.0]
    registry = CollectorRegistry()
    reading = MoneyOutReading(MoneyOutMetrics(registry), lambda: monotonic() + moved[0])
    batch(engine, 1, State.OPEN, now(engine))
    with engine.connect() as connection:
        reading.update(database_now(connection), payout_backlog(connection), backlog.open_exceptions(connection), None)
    moved[0] = 1000.0
    assert 1000 <= (registry.get_sample_value("settlement_overdue_seconds") or 0) < 1100
