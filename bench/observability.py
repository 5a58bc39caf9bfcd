"""`python -m bench.observability`: what traces and log lines cost the api, as ratios of CPU, kept in docs/observing.md.

Each is measured between two measurements without it (A-B-A), so that a machine whose speed drifts says the same.
"""

import os
import platform as machine
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

from bench import load
from bench.platform import cpu_seconds, running
from bench.report import Figure
from stack.platform import Platform

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "observing.md"
BEGIN, END = "<!-- cost: begin -->", "<!-- cost: end -->"
RATE: Final = 100
WARM_SECONDS, RUN_SECONDS, REPEATS = 3, 12, 3


class Collector(ThreadingHTTPServer):
    """Takes what is exported and forgets it; knows how often."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.taken = 0
        super().__init__(("127.0.0.1", 0), _Export)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


def main() -> int:
    """Measure both, print the table, write it down."""
    with running() as platform, _collecting() as collector:
        usual = platform.api.environment
        silent = {**usual, "LOG_LEVEL": "WARNING"}
        traced = {**usual, "APP_OTLP_ENDPOINT": collector.url}
        figures = [
            _figure("traces to a collector, against none", platform, usual, traced),
            _figure("a log line for each batch, against warnings alone", platform, silent, usual),
        ]
        if not collector.taken:
            raise RuntimeError("no trace has reached the collector: its cost was not measured")
    _write(figures)
    return 0


@contextmanager
def _collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


def _figure(name: str, platform: Platform, without: Mapping[str, str], having: Mapping[str, str]) -> Figure:
    ratios = []
    for _ in range(REPEATS):
        before, between, after = (_cpu(platform, each) for each in (without, having, without))
        ratios.append(2 * between / (before + after))
        print(f"bench: {name}: {ratios[-1]:.2f}", file=sys.stderr, flush=True)
    return Figure(f"{name}: CPU of api per authorization", ratios, "×")


def _cpu(platform: Platform, environment: Mapping[str, str]) -> float:
    """CPU seconds that the api spends on a request with these settings."""
    platform.api.environment = environment
    platform.api.restart()
    load.run(platform.api.url, RATE, WARM_SECONDS)
    before = cpu_seconds(platform)["api"]
    seen = load.run(platform.api.url, RATE, RUN_SECONDS)
    if seen.failed:
        raise RuntimeError(f"{seen.failed} of {seen.requests} requests failed: nothing was measured")
    return (cpu_seconds(platform)["api"] - before) / seen.requests


def _write(figures: list[Figure]) -> None:
    """Print the table and put it into the page; what stands outside of the marks stays as it is."""
    where = f"{os.cpu_count()} cores, Python {machine.python_version()}, {machine.system()}"
    head = f"Measured on {datetime.now(UTC):%Y-%m-%d} on one machine ({where}) at {RATE} authorizations a second."
    columns = ["", "| figure | median | lowest – highest | runs |", "| --- | --- | --- | --- |"]
    text = "\n".join([head, *columns, *(figure.row() for figure in figures)])
    print(text)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
