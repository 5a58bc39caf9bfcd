"""Closing killed at each of its points, again and again: each event is in one batch, and the sums are right."""

import signal
import subprocess
import sys
from collections import Counter
from typing import Final

import pytest
from sqlalchemy import Engine, select

from payments.platform.tables.settlement import settlement_item
from payments.settlement.rules import State
from tests.contracts.settlement.selling import NOON, batches, captured, check, left, post, price, refund

POINTS: Final[dict[str, set[State]]] = {
    "in_collecting": set(),
    "after_collecting": {State.OPEN},
    "before_closing": {State.OPEN},
    "in_closing": {State.OPEN},
    "before_closing_commit": {State.OPEN},
    "after_closing": {State.CLOSED},
}
"""The points, and the states of the batches after the first kill."""


def run(url: str, point: str) -> int:
    command = [sys.executable, "-m", "tests.contracts.settlement.run_once", url, point]
    return subprocess.run(command, check=False, capture_output=True, timeout=120).returncode


@pytest.fixture
def sold(engine: Engine) -> Engine:
    """Five payments of each of two merchants, some with a refund: 14 postings in chunks of two payments."""
    price(engine)
    for merchant_id in ("M1", "M2"):
        made = [captured(engine, 1_000 + number, merchant_id) for number in range(5)]
        refund(engine, made[0], 300, merchant_id)
        refund(engine, made[3], 1_003, merchant_id)
    post(engine, NOON)
    return engine


@pytest.mark.parametrize("point", POINTS)
def test_a_run_goes_on_where_it_was_killed(sold: Engine, database_url: str, point: str, long: bool) -> None:
    assert run(database_url, point) == -signal.SIGKILL
    assert {each.batch.state for each in batches(sold)} == POINTS[point]
    check(sold)
    for _ in range(9 if long else 1):
        assert run(database_url, point) in (-signal.SIGKILL, 0)  # 0: nothing was left to do
        check(sold)
    assert run(database_url, "none") == 0
    check(sold)
    assert left(sold) == []
    with sold.connect() as connection:
        events = Counter(connection.execute(select(settlement_item.c.event_id)).scalars())
    assert (len(events), set(events.values())) == (14, {1})
    # 1.5 % and 30 of what is left, whatever the chunks
    fees = 5 * 30 + 15 - 4 + 15 * 4 - 30 - 15
    done = [(each.batch.state, each.batch.gross, each.batch.refunds, each.batch.fees) for each in batches(sold)]
    assert done == [(State.CLOSED, 5_010, 1_303, fees)] * 2
