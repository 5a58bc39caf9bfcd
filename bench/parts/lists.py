"""How much slower authorizations are answered beside twenty clients that ask for list after list."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import requests

from bench.progress import say
from bench.ratio import to_neighbours
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS
from bench.report.table import Figure
from bench.session import Session

CLIENTS: Final = 20
PAGES: Final = (50, 200)
"""Rows of a page by default, and at most."""
MERCHANTS: Final = 50
"""k6/bench-authorize.js pays for M0 to M49."""
FULL_SECONDS: Final = max(PAGES) * MERCHANTS // LOW_RATE
"""After so long at LOW_RATE every merchant has a full page."""


@dataclass
class Readers:
    """Clients that list; each asks for the next list as soon as it has the last one."""

    url: str
    rows: int
    answered: int = 0
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator["Readers"]:
        """List until the end of the block."""
        threads = [threading.Thread(target=self._list, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _list(self, number: int) -> None:
        query = {"merchantId": f"M{number % MERCHANTS}", "limit": str(self.rows)}
        with requests.Session() as http:
            while not self._stop.is_set():
                status = http.get(f"{self.url}/payments", params=query, timeout=30).status_code
                with self._lock:
                    self.answered += status == 200
                    self.refused += status != 200


def figures(session: Session) -> list[Figure]:
    """Ratios of p95, and lists answered and refused meanwhile, for a default page and for the longest."""
    session.load(LOW_RATE, FULL_SECONDS)
    return [figure for rows in PAGES for figure in _figures(session, rows)]


def _figures(session: Session, rows: int) -> list[Figure]:
    ratios, lists, refused = [], [], []
    for _ in range(REPEATS):
        before = session.load(LOW_RATE, RUN_SECONDS).p95
        with Readers(session.platform.api.url, rows).running() as readers:
            during = session.load(LOW_RATE, RUN_SECONDS).p95
        after = session.load(LOW_RATE, RUN_SECONDS).p95
        ratios.append(to_neighbours(before, during, after))
        lists.append(readers.answered / RUN_SECONDS)
        refused.append(float(readers.refused))
        say(f"{CLIENTS} clients list {rows} rows: p95 {ratios[-1]:.2f} times as long")
    return [
        Figure(
            f"p95 at {LOW_RATE}/s beside {CLIENTS} clients that list {rows} rows, to p95 without (A-B-A)", ratios, "×"
        ),
        Figure(f"lists of {rows} rows answered meanwhile", lists, "1/s"),
        Figure(f"lists of {rows} rows refused meanwhile", refused, "of all"),
    ]
