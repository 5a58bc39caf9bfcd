"""Closes the batches whose cut-off has passed: collects what is due, sums it up, and posts fees and payouts.

It may be killed anywhere, and two may run at once: a run goes on with what it finds. Pays nothing out.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.platform.database import Failure, classify
from payments.platform.money import AmountsByCurrency
from payments.platform.throttle import Throttle
from payments.settlement import collecting, due_store, store, summing
from payments.settlement.cutoff import last_cutoff
from payments.settlement.due_store import Waiting
from payments.settlement.rules import State
from payments.settlement.store import StoredBatch

NAMED: Final = 10
UNREGISTERED: Final = "UTC"

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
    """Some merchants could not be settled; the others were. The text names some."""


def settle_due(
    engine: Engine,
    now: datetime,
    minimum: AmountsByCurrency,
    delay: timedelta,
    pause: Callable[[float], bool],
    progress: Progress | None = None,
    cutoff: datetime | None = None,
) -> SettleReport:
    """Close, for each merchant and currency with something due, the batch of the last cut-off before `now` − `delay`.

    `cutoff`: of all merchants, instead of the end of their days; at most `now`. `minimum`: less is carried. Ends early
    when `pause` says so. Raises NotAllSettled when some failed, ValueError for a cut-off to come.
    """
    if cutoff is not None and cutoff > now:
        raise ValueError("a cut-off is not in the future")
    run = _Run(engine, now, now - delay, minimum, cutoff)
    steps = run.steps(progress.until if progress and not cutoff else None)
    for _ in Throttle(pause).steps():
        if next(steps, _Run.ENDED) is _Run.ENDED:
            break
    else:
        return run.report
    if run.failed:
        raise NotAllSettled(f"{len(run.failed)} could not be settled, such as {', '.join(run.failed[:NAMED])}.")
    if progress is not None and cutoff is None:
        progress.until = now - delay
    return run.report


class _Run:
    """One run, in steps of at most one transaction each."""

    ENDED: Final = object()

    def __init__(
        self, engine: Engine, now: datetime, until: datetime, minimum: AmountsByCurrency, cutoff: datetime | None
    ) -> None:
        self._engine, self._now, self._until, self._minimum, self._cutoff = engine, now, until, minimum, cutoff
        self.report = SettleReport()
        self.failed: list[str] = []

    def steps(self, settled_until: datetime | None) -> Iterator[None]:
        """Yield after each step. `settled_until`: when no cut-off came since, only open batches are closed."""
        with self._engine.connect().execution_options(reading=True) as connection:
            zones = due_store.zones(connection) | {UNREGISTERED}
            subjects = dict.fromkeys(store.open_ones(connection))
        found: dict[tuple[str, str], Waiting] = {}
        if settled_until is None or self._is_day_over(zones, settled_until):
            yield from self._find(found)
        for subject in sorted({*subjects, *found}):
            yield from self._attempt(subject, found.get(subject))
