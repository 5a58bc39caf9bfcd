"""Writing the calls of keys: every few seconds, kept while the database does not answer, and at the end."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import gevent
import pytest
from gevent.event import Event
from sqlalchemy.exc import OperationalError

from app.http import key_uses
from app.http.key_uses import KeyUses
from payments.merchants.use import Uses
from payments.merchants.use_store import Calls

NOW = datetime(2026, 11, 29, tzinfo=UTC)


class Table:
    """Counts calls that were written; the next `failures` writes fail, and `freezes` makes one never return."""

    def __init__(self) -> None:
        self.calls = 0
        self.failures = 0
        self.freezes = False
        self.written = Event()

    def write(self, batch: Sequence[Calls]) -> None:
        if self.freezes:
            Event().wait()
        if self.failures:
            self.failures -= 1
            raise OperationalError("INSERT", {}, Exception("gone"))
        self.calls += sum(calls.calls for calls in batch)
        self.written.set()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def uses() -> Uses:
    return Uses()


@pytest.fixture
def writer(uses: Uses, table: Table, monkeypatch: pytest.MonkeyPatch) -> KeyUses:
    monkeypatch.setattr(key_uses, "_PAUSE", 0.001)
    return KeyUses(uses, table.write)


def test_it_writes_again_and_again_until_it_is_stopped(
    uses: Uses, table: Table, writer: KeyUses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_uses, "INTERVAL", 0.001)
    writer.start()
    for number in (1, 2):
        uses.count("a", NOW)
        assert table.written.wait(30)
        assert table.calls == number
        table.written.clear()
    writer.stop()
    uses.count("a", NOW)
    gevent.sleep(0)
    assert (table.calls, uses.unwritten) == (2, 1)


def test_an_outage_is_said_once_and_loses_nothing(
    uses: Uses, table: Table, writer: KeyUses, caplog: pytest.LogCaptureFixture
) -> None:
    table.failures = 3
    for _ in range(3):
        uses.count("a", NOW)
        assert not writer.flush()
    assert writer.flush()
    assert table.calls == 3
    assert [record.message for record in caplog.records] == ["key_uses_not_written"]


def test_the_end_waits_for_a_database_that_is_busy(uses: Uses, table: Table, writer: KeyUses) -> None:
    table.failures = 5
    uses.count("a", NOW)
    writer.start()
    writer.stop()
    assert (table.calls, uses.unwritten) == (1, 0)


@pytest.mark.parametrize("frozen", [False, True])
def test_the_end_waits_no_longer_than_it_may_and_says_what_is_lost(
    uses: Uses,
    table: Table,
    writer: KeyUses,
    frozen: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(key_uses, "STOP_WITHIN", 0.02)
    table.freezes, table.failures = frozen, 10**9
    uses.count("a", NOW)
    writer.stop()
    assert caplog.records[-1].levelno == logging.ERROR
    assert (caplog.records[-1].message, vars(caplog.records[-1])["calls"]) == ("key_uses_lost", 1)
