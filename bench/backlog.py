"""How fast relay and ledger work off a backlog, and what a commit costs without any HTTP."""

import time
from typing import Final

from bench import database
from bench.platform import put_behind
from bench.rates import REPEATS
from bench.report import Figure
from bench.session import Session, say

BACKLOG: Final = 30_000
SIZES: Final = {1: 400, 10: 200, 100: 50}
"""Commands of a batch, and how many batches."""


def drain_figures(session: Session) -> list[Figure]:
    """Events published and posted a second, with nothing else to do on the machine."""
    published, posted = [], []
    for _ in range(REPEATS):
        session.drained()
        after = database.newest_event(session.engine)
        session.platform.relay.stop()
        database.authorize(session.engine, BACKLOG, database.BATCH)
        session.platform.relay.start()
        put_behind(session.platform)
        session.drained()
        for rates, table, column in ((published, "outbox_event", "published_at"), (posted, "inbox_event", "posted_at")):
            count, took = database.span(session.engine, after, table, column)
            rates.append(count / took.total_seconds())
        say(f"backlog of {BACKLOG}: relay {published[-1]:.0f}/s, ledger {posted[-1]:.0f}/s")
    return [
        Figure("relay, events published from a backlog", published, "1/s"),
        Figure("ledger, events posted meanwhile", posted, "1/s"),
    ]


def commit_figures(session: Session) -> list[Figure]:
    """CPU of this process for an authorization, by how many are committed together."""
    return [
        Figure(f"CPU per authorization of a commit of {size}, without HTTP", _commits(session, size, batches), "ms")
        for size, batches in SIZES.items()
    ]


def _commits(session: Session, size: int, batches: int) -> list[float]:
    spent = []
    for _ in range(REPEATS):
        session.drained()
        began = time.process_time()
        database.authorize(session.engine, size * batches, size)
        spent.append((time.process_time() - began) * 1000 / (size * batches))
    return spent
