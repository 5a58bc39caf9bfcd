"""The overview measures all web workers of an instance, from its start, and the time that one measurement takes."""

import logging
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from app.overview.totals import FilesOfWorkers
from payments.reading.overview import INTERVAL_SECONDS
from tests.e2e.gunicorn import ADMIN, ApiServer
from tests.servers import until

WORKERS, COMMANDS = 2, 40
PATHS = (
    "/payments?merchantId=M1",
    "/ledger/entries",
    "/operations",
    "/dead-letters",
    "/audit/runs",
    "/health",
    "/nothing",
)
LONGEST = 0.05
"""Seconds of one measurement."""

_log = logging.getLogger(__name__)


def overview(api: ApiServer) -> Any:
    return api.get("/operations/overview", headers=ADMIN).json()


def seconds_between(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


@pytest.mark.timeout(120)
def test_a_point_has_the_commands_of_all_web_workers(mariadb_url: str, redis_url: str) -> None:
    started: set[str] = set()
    with ApiServer(mariadb_url, redis_url, workers=WORKERS) as api:

        def all_have_begun() -> bool:
            started.update(since for since in [overview(api)["since"]] if since)
            return len(started) == WORKERS

        until(all_have_begun, "each worker has measured once")
        for number in range(COMMANDS):
            assert api.authorize(f"k{number}").status_code == 200
            api.get(PATHS[number % len(PATHS)], headers=ADMIN)
        found: dict[str, float] = {}

        def all_have_a_point() -> bool:
            shown = overview(api)
            if shown["points"]:
                first = shown["points"][0]
                minutes = seconds_between(shown["since"], first["at"]) / 60
                found[shown["since"]] = first["succeededPerMinute"] * minutes
                assert first["outboxPending"] == COMMANDS
                assert 0 < first["p95Seconds"] <= 10
            return len(found) == WORKERS

        until(all_have_a_point, "each worker has measured twice", seconds=3 * INTERVAL_SECONDS)
        assert list(found.values()) == [pytest.approx(COMMANDS, rel=0.01)] * WORKERS
        assert measured(Path(api.environment["PROMETHEUS_MULTIPROC_DIR"])) < LONGEST


def measured(folder: Path) -> float:
    """The median duration of reading the totals; logged with the size of what was read."""
    read, times = FilesOfWorkers(folder), []
    for _ in range(20):
        begun = time.perf_counter()
        read.read()
        times.append(time.perf_counter() - begun)
    size = sum(file.stat().st_size for kind in ("counter", "histogram") for file in folder.glob(f"{kind}_*.db"))
    _log.info("MEASURED %s", f"{1000 * median(times):.1f} ms, {size // 1024} KiB, {WORKERS} web workers")
    return median(times)
