"""Connections lost before and during COMMIT: what is looked up, what is retried, what stays unknown."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import make_url

from payments.platform.clock import monotonic
from payments.platform.database import create_engine
from payments.platform.tables.events import outbox_event
from tests.contracts.answers import captured, new_payment_id, status_or_code
from tests.contracts.commands import authorize, capture, carry_out, expire
from tests.contracts.line import Cut, Line, line_to

COMMIT = b"\x03COMMIT"
"""COMMIT as PyMySQL sends it: the number of a query command, then its text."""


@pytest.fixture
def line(mariadb_url: str) -> Iterator[Line]:
    port = make_url(mariadb_url).port
    assert port is not None
    with line_to(port) as new_payment_id:
        yield new_payment_id


@pytest.fixture
def over_line(mariadb_url: str, line: Line) -> Iterator[Engine]:
    """An engine whose connections go over `line`."""
    engine = create_engine(make_url(mariadb_url).set(port=line.port).render_as_string(hide_password=False))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("cut", Cut)
def test_a_connection_lost_in_commit_is_looked_up(mariadb: Engine, over_line: Engine, line: Line, cut: Cut) -> None:
    payment_id = new_payment_id(mariadb, "p")
    line.cut_at(COMMIT, cut)
    results = carry_out(over_line, capture(payment_id, "c", 4000), authorize("n"), expire(payment_id))
    assert line.cuts == 1
    assert [status_or_code(result) for result in results[:2]] == ["PARTIALLY_CAPTURED", "AUTHORIZED"]
    assert [result.replayed for result in results] == [False, False, False], "it is this request's own answer"
    assert captured(mariadb) == 4000
    with mariadb.connect() as connection:
        assert connection.execute(select(func.count()).select_from(outbox_event)).scalar_one() == 3


@pytest.mark.parametrize("cut", Cut)
def test_what_cannot_be_looked_up_is_unknown(mariadb: Engine, over_line: Engine, line: Line, cut: Cut) -> None:
    payment_id = new_payment_id(mariadb, "p")
    line.cut_at(COMMIT, cut, for_good=True)
    command = capture(payment_id, "c", 4000)
    assert status_or_code(carry_out(over_line, command, seconds=1)[0]) == "OUTCOME_UNKNOWN"
    line.fix()
    (repeated,) = carry_out(over_line, command)
    assert status_or_code(repeated) == "PARTIALLY_CAPTURED"
    assert repeated.replayed is (cut is Cut.AFTER)
    assert captured(mariadb) == 4000


@pytest.mark.parametrize("at", [b"INSERT INTO payment", b"FOR UPDATE", b"INSERT INTO outbox_event"], ids=bytes.decode)
def test_a_connection_lost_before_commit_runs_again(mariadb: Engine, over_line: Engine, line: Line, at: bytes) -> None:
    payment_id = new_payment_id(mariadb, "p")
    line.cut_at(at, Cut.AFTER)
    results = carry_out(over_line, capture(payment_id, "c"), authorize("n"))
    assert line.cuts == 1
    assert [(status_or_code(result), result.replayed) for result in results] == [
        ("CAPTURED", False),
        ("AUTHORIZED", False),
    ]


def test_no_database_before_commit_means_that_nothing_was_done(mariadb: Engine, over_line: Engine, line: Line) -> None:
    payment_id = new_payment_id(mariadb, "p")
    line.cut_at(b"INSERT INTO outbox_event", Cut.AFTER, for_good=True)
    start = monotonic()
    results = carry_out(over_line, capture(payment_id, "c"), authorize("n"), seconds=1)
    assert monotonic() - start < 9, "three times its own second and the driver's two"
    assert [status_or_code(result) for result in results] == ["SERVICE_UNAVAILABLE"] * 2
    assert captured(mariadb) == 0
