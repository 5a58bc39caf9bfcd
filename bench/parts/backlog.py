"""How fast relay and ledger work off a backlog."""

from typing import Final

from bench import database
from bench.platform import lower_others
from bench.progress import say
from bench.repetition import REPEATS
from bench.report.table import Figure
from bench.session import Session

BACKLOG: Final = 30_000
"""Events that wait when the relay starts."""


def figures(session: Session) -> list[Figure]:
    """Events published and posted a second, with nothing else to do on the machine."""
    published: list[float] = []
    posted: list[float] = []
    for _ in range(REPEATS):
        session.drain()
        newest = database.newest_event(session.engine)
        session.platform.relay.stop()
        database.authorize(session.engine, BACKLOG, database.BATCH)
        session.platform.relay.start()
        lower_others(session.platform)
        session.drain()
        published.append(database.per_second(session.engine, newest, "outbox_event", "published_at"))
        posted.append(database.per_second(session.engine, newest, "inbox_event", "posted_at"))
        say(f"backlog of {BACKLOG}: relay {published[-1]:.0f}/s, ledger {posted[-1]:.0f}/s")
    return [
        Figure("relay, events published from a backlog", published, "1/s"),
        Figure("ledger, events posted meanwhile", posted, "1/s"),
    ]
