"""Something that is done in the middle of a load."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from bench import database
from bench.k6 import LoadResult
from bench.platform import wait_until
from bench.session import Session

UNDER_WAY_SECONDS: Final = 60.0


@contextmanager
def under_way(session: Session, payments: int, load: Callable[[], LoadResult]) -> Iterator[Future[LoadResult]]:
    """Run `load` beside the block, which begins when the load has made so many payments, and wait for its end.

    TimeoutError when it has not after 60 s.
    """
    session.drain()
    newest = database.newest_event(session.engine)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(load)
        wait_until(
            lambda: database.newest_event(session.engine) >= newest + payments,
            UNDER_WAY_SECONDS,
            "the load is under way",
        )
        yield result
