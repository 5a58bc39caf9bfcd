"""Waiting items run as one batch, and each gets its own answer or a timeout."""

from collections.abc import Sequence

import gevent
import pytest
from gevent.event import Event

from app.commit.batcher import Batcher, Full, NotTaken, StillRunning


class Runs:
    """Doubles numbers; blocks each batch until `go` is set, and one with a held number until that is released."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = Event()
        self.go.set()
        self._held: dict[int, Event] = {}

    def hold(self, number: int) -> Event:
        """Set it to release the number."""
        return self._held.setdefault(number, Event())

    def wait_for(self, batches: list[list[int]]) -> None:
        """Until these have begun, in this order, and no other."""
        with gevent.Timeout(5):
            while self.batches != batches:
                gevent.idle()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.go.wait()
        for number in items:
            if number in self._held:
                self._held[number].wait()
        return [2 * item for item in items]


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_what_waits_when_a_worker_is_free_is_one_batch(runs: Runs) -> None:
    batcher = Batcher(runs, workers=1, size=10)
    asked = [gevent.spawn(batcher.submit, number, 1) for number in range(5)]
    gevent.joinall(asked)
    assert [greenlet.value for greenlet in asked] == [0, 2, 4, 6, 8]
    assert runs.batches == [[0, 1, 2, 3, 4]]


def test_a_batch_has_at_most_so_many_items(runs: Runs) -> None:
    batcher = Batcher(runs, workers=1, size=2)
    gevent.joinall([gevent.spawn(batcher.submit, number, 1) for number in range(5)])
    assert runs.batches == [[0, 1], [2, 3], [4]]


def test_what_comes_while_a_batch_runs_is_the_next_batch(runs: Runs) -> None:
    runs.go.clear()
    batcher = Batcher(runs, workers=1, size=10)
    asked = [gevent.spawn(batcher.submit, 1, 1)]
    gevent.idle()
    asked += [gevent.spawn(batcher.submit, number, 1) for number in (2, 3)]
    gevent.idle()
    assert batcher.depth == 2
    runs.go.set()
    gevent.joinall(asked, raise_error=True)
    assert runs.batches == [[1], [2, 3]]


def test_a_second_batch_waits_for_the_first(runs: Runs) -> None:
    runs.go.clear()
    batcher = Batcher(runs, workers=2, size=10, late=60)
    for number in (1, 2, 3):
        gevent.spawn(batcher.submit, number, 1)
        gevent.idle()
    assert runs.batches == [[1]]
    runs.go.set()
    assert batcher.drain(1)
    assert runs.batches == [[1], [2, 3]]


def test_what_waits_behind_a_late_batch_runs_beside_it(runs: Runs) -> None:
    batcher = Batcher(runs, workers=2, size=10, late=0.01)
    stuck = runs.hold(1)
    first = gevent.spawn(batcher.submit, 1, 5)
    gevent.idle()
    assert batcher.submit(2, 5) == 4  # waits before the first is late
    assert batcher.submit(3, 5) == 6  # comes while it is late
    assert not first.ready()
    stuck.set()
    assert first.get(timeout=5) == 2
    assert batcher.submit(4, 5) == 8
    assert runs.batches == [[1], [2], [3], [4]]


def test_not_more_than_all_workers_are_late(runs: Runs) -> None:
    batcher = Batcher(runs, workers=2, size=1, late=0)
    runs.go.clear()
    asked = [gevent.spawn(batcher.submit, number, 5) for number in (1, 2, 3)]
    runs.wait_for([[1], [2]])
    runs.go.set()
    gevent.joinall(asked, raise_error=True)


def test_the_worker_of_a_late_batch_leaves_the_rest_to_the_other(runs: Runs) -> None:
    batcher = Batcher(runs, workers=2, size=1, late=0)
    stuck, also_stuck = runs.hold(1), runs.hold(2)
    first = gevent.spawn(batcher.submit, 1, 5)
    gevent.idle()
    batcher.late_seconds = 60  # of the second batch
    asked = [gevent.spawn(batcher.submit, number, 5) for number in (2, 3, 4)]
    runs.wait_for([[1], [2]])
    stuck.set()
    first.get(timeout=5)
    gevent.idle()
    assert batcher.depth == 2
    also_stuck.set()
    gevent.joinall(asked, raise_error=True)
    assert runs.batches == [[1], [2], [3], [4]]


def test_a_full_batcher_refuses_at_once(runs: Runs) -> None:
    runs.go.clear()
    batcher = Batcher(runs, workers=1, size=10, capacity=1)
    gevent.spawn(batcher.submit, 1, 1)
    gevent.idle()
    gevent.spawn(batcher.submit, 2, 1)
    gevent.idle()
    with pytest.raises(Full):
        batcher.submit(3, 1)
    runs.go.set()
    assert batcher.drain(1)


def test_an_item_that_nobody_took_in_time_is_withdrawn(runs: Runs) -> None:
    runs.go.clear()
    batcher = Batcher(runs, workers=1, size=10)
    gevent.spawn(batcher.submit, 1, 1)
    gevent.idle()
    with pytest.raises(NotTaken):
        batcher.submit(2, 0.01)
    runs.go.set()
    assert batcher.drain(1)
    assert runs.batches == [[1]]


def test_an_item_that_was_taken_runs_to_its_end(runs: Runs) -> None:
    runs.go.clear()
    batcher = Batcher(runs, workers=1, size=10)
    with pytest.raises(StillRunning):
        batcher.submit(1, 0.01)
    assert not batcher.drain(0.01)
    runs.go.set()
    assert batcher.drain(1)
    assert runs.batches == [[1]]


def test_what_a_batch_raises_reaches_each_that_waits() -> None:
    def broken(_items: Sequence[int]) -> list[int]:
        raise LookupError("no")

    batcher: Batcher[int, int] = Batcher(broken, workers=1, size=10)
    asked = [gevent.spawn(batcher.submit, number, 1) for number in range(2)]
    gevent.joinall(asked)
    assert [type(greenlet.exception) for greenlet in asked] == [LookupError, LookupError]
