"""Batches items of many greenlets: each submits one item and waits; few workers run all waiting items as one batch.

A batch never waits for more items: it has those that came while the last one ran. Two at once would be half as full and
cost more, so a second worker starts only beside a batch that is late, behind a lock, say. Knows nothing of payments.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar, cast

import gevent
from gevent.event import AsyncResult

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LATE_SECONDS: Final = 0.05
"""A batch that runs longer is late: what waits then runs beside it."""


class Full(Exception):
    """Too many items are waiting already."""


class NotTaken(Exception):
    """The timeout passed before a worker took the item; the item was withdrawn."""


class StillRunning(Exception):
    """The timeout passed while a worker ran the item; its batch continues."""


class _Ticket(Generic[Item, Answer]):
    __slots__ = ("answer", "item", "taken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.taken = False
        self.answer: AsyncResult[Answer] = AsyncResult()


class Batcher(Generic[Item, Answer]):
    """Runs items in batches of at most `size` by at most `workers` greenlets, which exist only while there is work.

    One runs at a time, and one more for each whose batch is late.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Answer]],
        *,
        workers: int,
        size: int,
        capacity: int | None = None,
        late: float = LATE_SECONDS,
    ) -> None:
        """`run` returns answers in the order of its items. `capacity`: how many items may wait (None: any number)."""
        self._run: Final = run
        self._size = size
        self._worker_limit = workers
        self._capacity = capacity
        self._waiting: deque[_Ticket[Item, Answer]] = deque()
        self.late_seconds = late
        self._workers: set[gevent.Greenlet[[], None]] = set()
        self._late: set[gevent.Greenlet[[], None]] = set()

    @property
    def depth(self) -> int:
        """How many items wait for a worker."""
        return len(self._waiting)

    def submit(self, item: Item, timeout: float) -> Answer:
        """Wait at most `timeout` seconds for the item's answer.

        Raises Full, NotTaken or StillRunning, or whatever `run` raised.
        """
        if self._capacity is not None and len(self._waiting) >= self._capacity:
            raise Full
        ticket: _Ticket[Item, Answer] = _Ticket(item)
        self._waiting.append(ticket)
        self._start_worker()
        try:
            return cast(Answer, ticket.answer.get(timeout=max(timeout, 0)))  # set, so not gevent's None
        except gevent.Timeout:
            if ticket.taken:
                raise StillRunning from None
            self._waiting.remove(ticket)
            raise NotTaken from None

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until nothing waits and nothing runs; False when something still does."""
        gevent.joinall(list(self._workers), timeout=timeout)
        return not self._workers and not self._waiting

    def _start_worker(self) -> None:
        """Start one if something waits and every batch that runs is late."""
        if self._waiting and len(self._late) == len(self._workers) < self._worker_limit:
            self._workers.add(gevent.spawn(self._work))

    def _work(self) -> None:
        own = cast("gevent.Greenlet[[], None]", gevent.getcurrent())
        timer = gevent.get_hub().loop.timer(self.late_seconds)
        try:
            while self._waiting and len(self._workers) == len(self._late) + 1:  # else another goes on
                batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
                timer.start(self._is_late, own)
                self._serve(batch)
                timer.stop()
                self._late.discard(own)
        finally:
            timer.close()
            self._late.discard(own)
            self._workers.discard(own)

    def _is_late(self, worker: "gevent.Greenlet[[], None]") -> None:
        self._late.add(worker)
        self._start_worker()

    def _serve(self, batch: Sequence[_Ticket[Item, Answer]]) -> None:
        for ticket in batch:
            ticket.taken = True
        try:
            answers = self._run([ticket.item for ticket in batch])
        except Exception as error:  # noqa: BLE001  (handed to those who wait)
            for ticket in batch:
                ticket.answer.set_exception(error)
            return
        for ticket, answer in zip(batch, answers, strict=True):
            ticket.answer.set(answer)
