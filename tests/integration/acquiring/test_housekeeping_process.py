"""Housekeeping as a process, killed at each point of a round: what is at the acquirer becomes known, once."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import requests
from sqlalchemy.exc import OperationalError

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from stack.platform import Worker
from tests.contracts import commands
from tests.contracts.enquiring import make_due, payment_of, states
from tests.integration.acquiring.shop import Shop
from tests.psp.simulator import KEY, Simulator
from tests.repo.sources import ROOT
from tests.servers import until

POINTS = ["after_enquiry_claim", "after_acquirer_call", "before_commit"]
"""`before_commit`: of the transaction that concludes."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def housekeeping(database_url: str, simulator: Simulator) -> Iterator[Worker]:
    """Not started yet. It expires by itself only after a day."""
    worker = Worker("housekeeping")
    worker.environment = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "APP_ACQUIRER_URL": f"http://127.0.0.1:{simulator.port}",
        "APP_ACQUIRER_KEY": KEY,
        "APP_EXPIRE_INTERVAL_SECONDS": "86400",
    }
    yield worker
    worker.close()


def killed_at(worker: Worker, point: str) -> None:
    worker.environment = {**worker.environment, "APP_CRASH_POINT": point}
    worker.launch()
    until(lambda: worker.exit_code is not None, f"it comes to {point}")
    assert worker.exit_code == -signal.SIGKILL, worker.log_end()
    worker.environment = {**worker.environment, "APP_CRASH_POINT": ""}


def known(shop: Shop, worker: Worker, reference: str, state: State) -> None:
    """The operation comes to this state, without waiting for its times."""
    worker.start()

    def ended() -> bool:
        with suppress(OperationalError):  # a deadlock with a round
            make_due(shop.engine)
        return states(shop.engine)[reference] is state

    until(ended, f"{reference} is {state}", interval=0.3)
    worker.stop()
    assert shop.agrees(reference) is state


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_round_is_done_again(shop: Shop, housekeeping: Worker, point: str) -> None:
    shop.psp.faults({"fault": "error_after_success", "kinds": ["authorization"]})
    reference = shop.step(Kind.AUTHORIZATION, 20.0)
    make_due(shop.engine)
    killed_at(housekeeping, point)
    assert shop.agrees(reference) is State.UNKNOWN
    known(shop, housekeeping, reference, State.APPROVED)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_round_releases_an_expired_authorization_once(shop: Shop, housekeeping: Worker, point: str) -> None:
    held = shop.take(shop.authorize(lifetime=timedelta(0)), 20.0)
    commands.run_one(shop.engine, commands.expire(int(held.split("-")[1])))
    void = held.replace("authorization", "void")
    killed_at(housekeeping, point)
    assert states(shop.engine)[void] is State.SENT
    known(shop, housekeeping, void, State.APPROVED)
    assert payment_of(shop.engine, void).status == "EXPIRED"
    assert list(states(shop.engine)) == [held, void], "no second void"


def test_it_shows_what_it_asks_and_stops_while_the_acquirer_hangs(shop: Shop, housekeeping: Worker) -> None:
    asks = {"fault": "timeout_before", "kinds": ["enquiry"], "seconds": 30}
    shop.psp.faults({"fault": "down", "kinds": ["authorization"]}, asks)
    reference = shop.step(Kind.AUTHORIZATION, 20.0)
    make_due(shop.engine)
    housekeeping.start()

    def shows(line: str) -> bool:
        return f"\n{line}\n" in requests.get(f"http://127.0.0.1:{housekeeping.port}/metrics", timeout=5).text

    until(lambda: shows('acquirer_operations_total{kind="authorization",outcome="unknown"} 1.0'), "an enquiry")
    until(lambda: shows('acquirer_breaker_state{connector="simulator",state="closed"} 1.0'), "the breaker")
    until(lambda: shows("acquirer_undecided 1.0"), "the operation")
    make_due(shop.engine)
    until(lambda: len(shop.psp.journal(reference)) > 2, "a second enquiry, which hangs")
    housekeeping.stop()
    assert housekeeping.exit_code == 0
    assert shop.agrees(reference) is State.UNKNOWN
