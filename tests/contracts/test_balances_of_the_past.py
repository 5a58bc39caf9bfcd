"""What the balances of a moment are while a long run works, they are for ever: what it posts later is not in them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from payments.ledger import store as ledger_store
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.platform.tables.settlement import settlement_batch
from payments.platform.tasks.throttle import Throttle
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import uploads
from payments.reconciliation.importing import import_file
from payments.reconciliation.reading_uploads import import_uploads
from payments.settlement.closing import SettleReport, settle_due
from tests.contracts.reconciliation import books
from tests.contracts.settlement.selling import NEXT, sell
from tests.unit.reconciliation import made

HOUR = timedelta(hours=1)


class LongRun:
    """An hour passes with each rest of a run; at its end somebody asks what was posted and written until then."""

    def __init__(self, engine: Engine, began: datetime, table: Any, *columns: str) -> None:
        self.reading = engine.execution_options(reading=True)  # also in the middle of a transaction
        self.at = began
        self.said: dict[datetime, Any] = {}
        self._times = (table, *columns)

    def now(self, _connection: Connection) -> datetime:
        return self.at

    def pause(self, _seconds: float) -> bool:
        self.said[self.at] = self._until(self.at)
        self.at += HOUR
        return False

    def check(self) -> None:
        """The same moments, asked for again, give the same balances."""
        assert len(self.said) > 1
        assert {at: self._until(at) for at in self.said} == self.said
        assert self._until(self.at) != self._until(min(self.said))

    def _until(self, at: datetime) -> Any:
        written = [time for row in books.rows(self.reading, *self._times) for time in row if time and time <= at]
        with self.reading.connect() as connection:
            return sorted(ledger_store.moved(connection, None, at), key=str), sorted(written)


def test_a_file_is_posted_when_it_is_done(engine: Engine) -> None:
    run = LongRun(engine, books.NOW, recon_file, "created_at", "ended_at", "searched_at")
    books.store(engine, [made.operation(1), made.operation(2)])
    source = books.source(made.text([made.line(made.operation(1))._replace(fee=26)]))
    import_file(engine, source, books.ASKED, run.now, throttle=Throttle(run.pause))
    run.check()
    opened = books.rows(engine, recon_exception, "opened_at")
    assert len(opened) == 2
    assert {at for (at,) in opened} <= {
        at for row in books.rows(engine, recon_file, "ended_at", "searched_at") for at in row
    }


def test_an_upload_has_ended_when_it_was_read(engine: Engine) -> None:
    run = LongRun(engine, books.NOW, recon_file, "ended_at")
    books.store(engine, [made.operation(1)])
    contents = (made.text([made.line(made.operation(1))]), made.text([made.line(made.operation(1))]) + "more")
    for content in contents:
        with engine.begin() as connection:
            uploads.add(connection, books.NAME, "a.csv", content.encode(), "operator:ann", books.NOW)
    list(import_uploads(engine, run.now, Throttle(run.pause)))
    assert books.rows(engine, recon_file, "state") == [("DONE",), ("REFUSED",)]
    run.check()


def test_a_batch_is_posted_when_it_is_closed(engine: Engine) -> None:
    run = LongRun(engine, NEXT, settlement_batch, "created_at", "closed_at")
    for merchant_id in ("M1", "M2", "M3"):
        sell(engine, 100, merchant_id)
    report = settle_due(engine, run.now, AmountsByCurrency(0, {}), timedelta(), run.pause)
    assert report == SettleReport(closed=3, items=3)
    run.check()
    assert all(closed == updated for closed, updated in books.rows(engine, settlement_batch, "closed_at", "updated_at"))
