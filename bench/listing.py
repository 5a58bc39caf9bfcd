"""What twenty clients that ask for list after list make of an authorization: without, with and without them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import requests

from bench.rates import FINE, REPEATS, RUN_SECONDS
from bench.report import Figure
from bench.session import Session, say

CLIENTS: Final = 20
PAGES: Final = (50, 200)
"""Rows of a page when nobody says how many, and at most."""
MERCHANTS: Final = 50
"""k6/bench-authorize.js pays for M0 to M49."""
FULL_SECONDS: Final = max(PAGES) * MERCHANTS // FINE
"""After so long at the rate FINE every merchant has a full page."""


@dataclass
class Readers:
    """Each asks for the next list as soon as it has the last one."""

    url: str
    rows: int
    answered: int = 0
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, number: int) -> None:
        """List until stopped."""
        query = {"merchantId": f"M{number % MERCHANTS}", "limit": str(self.rows)}
        with requests.Session() as http:
            while not self._stop.is_set():
                status = http.get(f"{self.url}/payments", params=query, timeout=30).status_code
                with self._lock:
                    self.answered += status == 200
                    self.refused += status != 200

    @contextmanager
    def running(self) -> Iterator["Readers"]:
        """Until the end of the block."""
        threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()


def figures(session: Session) -> list[Figure]:
    """The ratios of p95, and how many lists were answered meanwhile, for a usual page and for the longest."""
    session.run(FINE, FULL_SECONDS)
    return [figure for rows in PAGES for figure in _beside(session, rows)]


def _beside(session: Session, rows: int) -> list[Figure]:
    ratios, lists, refused = [], [], []
    for _ in range(REPEATS):
        before = session.run(FINE, RUN_SECONDS).p95
        with Readers(session.platform.api.url, rows).running() as readers:
            between = session.run(FINE, RUN_SECONDS).p95
        after = session.run(FINE, RUN_SECONDS).p95
        ratios.append(2 * between / (before + after))
        lists.append(readers.answered / RUN_SECONDS)
        refused.append(float(readers.refused))
        say(f"{CLIENTS} clients list {rows} rows: p95 {ratios[-1]:.2f} times as long")
    return [
        Figure(f"p95 at {FINE}/s beside {CLIENTS} clients that list {rows} rows, to p95 without (A-B-A)", ratios, "×"),
        Figure(f"lists of {rows} rows answered meanwhile", lists, "1/s"),
        Figure(f"lists of {rows} rows refused meanwhile", refused, "of all"),
    ]
