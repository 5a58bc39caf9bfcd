"""What an authorization costs without HTTP and without the API, by how many are committed together."""

import time
from typing import Final

from bench import database
from bench.repetition import REPEATS
from bench.report.table import Figure
from bench.session import Session

BATCHES: Final = {1: 400, 10: 200, 100: 50}
"""Commands of a batch → how many batches."""


def figures(session: Session) -> list[Figure]:
    """CPU of this process for an authorization, for each size of a batch."""
    return [
        Figure(f"CPU per authorization of a commit of {size}, without HTTP", _cpu(session, size, batches), "ms")
        for size, batches in BATCHES.items()
    ]


def _cpu(session: Session, size: int, batches: int) -> list[float]:
    """CPU milliseconds in each repetition."""
    spent = []
    for _ in range(REPEATS):
        session.drain()
        before = time.process_time()
        database.authorize(session.engine, size * batches, size)
        spent.append((time.process_time() - before) * 1000 / (size * batches))
    return spent
