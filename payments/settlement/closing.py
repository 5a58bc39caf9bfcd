"""Closes the batches whose cut-off has passed: collects what is due, sums it up, and posts fees and payouts.

It may be killed anywhere, and two may run at once: a run goes on with what it finds. Pays nothing out.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.platform.database import Failure, classify
from payments.platform.tasks.throttle import Throttle
from payments.platform.trusted_clock.guard import Now
from payments.platform.values.money import AmountsByCurrency
from payments.settlement import store, waiting_store
from payments.settlement.collecting import Taken, take
from payments.settlement.cutoff import last_cutoff
from payments.settlement.finishing import finish
from payments.settlement.rules import State
from payments.settlement.waiting_store import Waiting

NAMED: Final = 10
ROUNDS: Final = 5
"""Attempts at a transaction when somebody else was first or held a lock; then its merchant is left out."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SettleReport:
    """What a run has done: batches that were closed with a payout, batches that were carried, items in them or not."""

    closed: int = 0
    carried: int = 0
    items: int = 0


@dataclass(slots=True)
class Progress:
    """What a process remembers between its runs, so that it reads the ledger only after a cut-off.

    `until`: what was due at cut-offs up to then is settled; None: not known.
    """

    until: datetime | None = None


class NotAllSettled(Exception):
    """Some merchants could not be settled; the others were, as `report` says. The text names some."""

    def __init__(self, failed: Sequence[str], report: SettleReport) -> None:
        super().__init__(f"{len(failed)} could not be settled, such as {', '.join(failed[:NAMED])}.")
        self.report = report


def settle_due(
    engine: Engine,
    now: Now,
    minimum: AmountsByCurrency,
    delay: timedelta,
    pause: Callable[[float], bool],
    progress: Progress | None = None,
    cutoff: datetime | None = None,
) -> SettleReport:
    """Close, for each merchant and currency with something due, the batch of the last cut-off before now − `delay`.

    `now` is asked again in each transaction: a run may take long, and what it posts is posted then. `cutoff`: of all
    merchants, instead of the end of their days; not to come. `minimum`: less is carried. Ends early when `pause` says
    so. Raises NotAllSettled when some failed, ValueError for a cut-off to come, and what `now` raises.
    """
    with engine.connect().execution_options(reading=True) as connection:
        began = now(connection)
    if cutoff is not None and cutoff > began:
        raise ValueError("a cut-off is not in the future")
    run = _Run(engine, now, began - delay, minimum, cutoff)
    steps = run.steps(progress.until if progress and not cutoff else None)
    for _ in Throttle(pause).steps():
        if next(steps, _Run.ENDED) is _Run.ENDED:
            break
    else:
        return run.report
    if run.failed:
        raise NotAllSettled(run.failed, run.report)
    if progress is not None and cutoff is None:
        progress.until = began - delay
    return run.report


class _Run:
    """One run, in steps of at most one transaction each."""

    ENDED: Final = object()

    def __init__(
        self, engine: Engine, now: Now, until: datetime, minimum: AmountsByCurrency, cutoff: datetime | None
    ) -> None:
        self._engine, self._now, self._until, self._minimum, self._cutoff = engine, now, until, minimum, cutoff
        self.report = SettleReport()
        self.failed: list[str] = []

    def steps(self, settled_until: datetime | None) -> Iterator[None]:
        """Yield after each step. `settled_until`: nothing is due when no day has ended since; None: look."""
        with self._engine.connect().execution_options(reading=True) as connection:
            zones = waiting_store.zones(connection) | {waiting_store.UNREGISTERED}
            begun = set(store.open_ones(connection))
        found: dict[tuple[str, str], Waiting] = {}
        if begun or settled_until is None or self._is_day_over(zones, settled_until):
            yield from self._find(found)
        for subject in sorted({*begun, *found}):
            yield from self._attempt(subject, found.get(subject))

    def _is_day_over(self, zones: Iterable[str], since: datetime) -> bool:
        try:
            return any(last_cutoff(self._until, zone) > since for zone in zones)
        except ValueError:  # an unknown zone: its merchant is named when what is due is settled
            return True

    def _find(self, found: dict[tuple[str, str], Waiting]) -> Iterator[None]:
        """Fill `found` with what is in no item."""
        with self._engine.connect().execution_options(reading=True) as connection:
            bounds = waiting_store.bounds(connection)
        if bounds is None:
            return
        for first in range(bounds[0], bounds[1] + 1, waiting_store.PIECE):
            with self._engine.connect().execution_options(reading=True) as connection:
                pieces = waiting_store.waiting(connection, first)
            for piece in pieces:
                subject = (piece.merchant_id, piece.currency)
                found[subject] = found[subject].and_also(piece) if subject in found else piece
            yield

    def _attempt(self, subject: tuple[str, str], waiting: Waiting | None) -> Iterator[None]:
        try:
            yield from self._settle(subject, waiting)
        except (SQLAlchemyError, LookupError, ValueError) as error:
            if isinstance(error, SQLAlchemyError) and classify(error) is Failure.LOST:
                raise
            _log.exception("not_settled", extra={"merchant_id": subject[0], "currency": subject[1]})
            self.failed.append(f"{subject[0]} {subject[1]} ({error})")

    def _settle(self, subject: tuple[str, str], waiting: Waiting | None) -> Iterator[None]:
        """Finish the batch that is open, if one is, then that of the last cut-off."""
        while (cutoff := self._next_cutoff(subject, waiting)) is not None:
            rest = waiting if waiting and waiting.oldest < cutoff else None
            while rest is not None:
                rest = _in_turn(partial(self._take, rest, cutoff)).rest
                crash_points.reach("after_collecting")
                yield
            crash_points.reach("before_closing")
            if not self._close(subject):
                return
            crash_points.reach("after_closing")
            yield

    def _next_cutoff(self, subject: tuple[str, str], waiting: Waiting | None) -> datetime | None:
        with self._engine.connect().execution_options(reading=True) as connection:
            newest = store.newest(connection, *subject)
            zone = waiting_store.zone(connection, subject[0])
        if newest is not None and newest.batch.state is State.OPEN:
            return newest.cutoff
        cutoff = self._cutoff or last_cutoff(self._until, zone)
        is_closed = newest is not None and newest.cutoff >= cutoff
        return None if is_closed or waiting is None or waiting.oldest >= cutoff else cutoff

    def _close(self, subject: tuple[str, str]) -> bool:
        """Close the open batch; False when there is none: nothing could be taken, or somebody else has closed it."""
        with self._engine.connect().execution_options(reading=True) as connection:
            newest = store.newest(connection, *subject)
        if newest is None or newest.batch.state is not State.OPEN:
            return False
        minimum = self._minimum.of(subject[1])
        done = _in_turn(partial(finish, self._engine, newest.batch, minimum, self._now))
        if done is not None:
            self.report.items += done.items
            self.report.closed += done.state is State.CLOSED
            self.report.carried += done.state is State.CARRIED
        return True

    def _take(self, waiting: Waiting, cutoff: datetime) -> Taken:
        with self._engine.begin() as connection:
            return take(connection, waiting, cutoff, self._now(connection))


def _in_turn(work: Callable[[], T]) -> T:
    """Do it, and again when somebody else was first or held a lock."""
    for _ in range(ROUNDS - 1):
        try:
            return work()
        except SQLAlchemyError as error:
            if classify(error) not in (Failure.DUPLICATE, Failure.LOCKED, Failure.BUSY):
                raise
    return work()
