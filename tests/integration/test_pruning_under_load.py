"""Refunds, expiries and postings during pruning with everything due at once, on MariaDB: no answered step is lost."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from payments.audit.service import audit
from payments.platform.clock import monotonic
from payments.platform.database import create_engine
from payments.platform.tables.events import outbox_event
from payments.platform.tables.payments import payment
from payments.platform.tasks.throttle import AT_ONCE, Throttle
from payments.retention.service import Pruner, Retention, expire_due
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.servers import until

LIFE: Final = timedelta(seconds=0.5)
KEPT: Final = Retention(timedelta(0), timedelta(0), timedelta(days=30), timedelta(0))
"""Everything posted and closed is due at once."""
TOGETHER: Final = 20


class Market:
    """Merchants that authorize, capture, refund in parts, and leave some authorizations open."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self.engine = engine
        self.stop = stop
        self.numbers = count()
        self.refunded = 0
        self.refundable: list[int] = []

    def authorize(self) -> None:
        """Half of them are captured, the others expire."""
        keys = [f"k{next(self.numbers)}" for _ in range(TOGETHER)]
        made = commands.carry_out(self.engine, *(commands.authorize(key, 100, lifetime=LIFE) for key in keys))
        ids = [int(json.loads(result.body)["paymentId"]) for result in made if result.error is None]
        kept = ids[::2]
        taken = commands.carry_out(self.engine, *(commands.capture(number, f"c{number}") for number in kept))
        self.refundable += [number for number, result in zip(kept, taken, strict=True) if result.status == 200]

    def refund(self) -> None:
        """Small batches of each, repeatedly, so that some run between two statements of pruning."""
        for number in self.refundable[-3 * TOGETHER :]:
            if self.stop.is_set():
                return
            (result,) = commands.carry_out(self.engine, commands.refund(number, f"r{next(self.numbers)}", 1))
            self.refunded += result.status == 200

    def post(self) -> None:
        publish_and_post(self.engine)

    def pause(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def expire(self) -> None:
        expire_due(self.engine, monotonic, self.pause)


def test_nothing_that_was_answered_is_lost_beside_pruning(mariadb_url: str, long: bool) -> None:
    engine, stop = create_engine(mariadb_url, pool_size=8), threading.Event()
    market, pruner, pruned = Market(engine, stop), Pruner(engine, KEPT), [0]

    def prune() -> None:
        pruned[0] += pruner.prune(Throttle(lambda _seconds: stop.is_set()))["outbox_event"]

    def again_and_again(work: Callable[[], None]) -> None:
        while not stop.wait(0.01):
            try:
                work()
            except SQLAlchemyError:  # a lock timeout: the process retries, too
                continue

    with ThreadPoolExecutor(6) as pool:
        works = (market.authorize, market.refund, market.post, market.expire, prune)
        running = [pool.submit(again_and_again, work) for work in works]
        try:
            if long:
                stop.wait(60)
            enough = 3000 if long else 150
            until(lambda: pruned[0] > enough and market.refunded > enough // 2, "enough to prune", seconds=120)
        finally:
            stop.set()
        for each in running:
            each.result(60)
    until(lambda: not expire_due(engine, monotonic, lambda _: None) and _all_closed(engine), "all expires", seconds=60)
    while publish_and_post(engine):
        pass
    report = audit(engine, full=True, answers_kept=KEPT.answers)
    assert (report.differences[:3], report.in_flight) == ([], 0)
    Pruner(engine, KEPT).prune(AT_ONCE)  # from the start: events were committed behind the other's position
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(outbox_event)).scalar_one() == 0
        assert connection.execute(select(func.sum(payment.c.refunded_amount))).scalar_one() == market.refunded
    engine.dispose()


def _all_closed(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(select(payment.c.payment_id).where(payment.c.open_until.is_not(None))).first() is None
