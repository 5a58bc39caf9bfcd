"""`python -m bench.observability`: what traces and log lines cost the api, written into docs/observing.md."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from bench import k6
from bench.platform import cpu_seconds, running
from bench.progress import say
from bench.ratio import to_neighbours
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS
from bench.report import page
from bench.report.table import Figure, machine, table, today
from stack.platform import Platform

PAGE: Final = page.DOCS / "observing.md"
WARM_SECONDS: Final = 3


class Collector(ThreadingHTTPServer):
    """Accepts what is exported and drops it; `exports` counts how often."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.exports = 0
        super().__init__(("127.0.0.1", 0), _Export)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.exports += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def main() -> int:
    """Measure both, print the table, write it into the page. RuntimeError when no trace was exported."""
    with running() as platform, _collecting() as collector:
        default = platform.api.environment
        silent = {**default, "LOG_LEVEL": "WARNING"}
        traced = {**default, "APP_OTLP_ENDPOINT": collector.url}
        figures = [
            _figure("traces to a collector, against none", platform, default, traced),
            _figure("a log line for each batch, against warnings alone", platform, silent, default),
        ]
        if not collector.exports:
            raise RuntimeError("no trace has reached the collector: its cost was not measured")
    head = f"Measured on {today()} on one machine ({machine()}) at {LOW_RATE} authorizations a second."
    page.write(PAGE, "cost", "\n".join([head, "", *table(figures)]))
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
        before, during, after = (_cpu(platform, each) for each in (without, having, without))
        ratios.append(to_neighbours(before, during, after))
        say(f"{name}: {ratios[-1]:.2f}")
    return Figure(f"{name}: CPU of api per authorization", ratios, "×")


def _cpu(platform: Platform, environment: Mapping[str, str]) -> float:
    """CPU seconds that the api spends on a request with these settings. RuntimeError when one failed."""
    platform.api.environment = environment
    platform.api.restart()
    k6.run(platform.api.url, LOW_RATE, WARM_SECONDS)
    before = cpu_seconds(platform)["api"]
    result = k6.run(platform.api.url, LOW_RATE, RUN_SECONDS)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed: nothing was measured")
    return (cpu_seconds(platform)["api"] - before) / result.requests


if __name__ == "__main__":
    sys.exit(main())
