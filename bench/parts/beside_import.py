"""How much slower authorizations are answered while a large settlement file is imported, in turn with its stops.

The import rests as it does by default, has a database of its own on the platform's server, and the CPU's share of a
worker. How long it takes beside them is a figure, too: neither says anything without the other.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Engine, text

from bench.platform import UP_SECONDS, WORKER_NICENESS, lower, wait_until
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.report.table import Figure
from bench.session import Session
from bench.settlement_file import NAME, database, prepare
from stack.platform import ROOT

LINES: Final = 300_000
"""So many that the import lasts for some ten loads: what it costs payments does not grow with its file."""
LOAD_SECONDS: Final = 5
RATE: Final = 200
_WRITING: Final = text(
    "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p"
    " ON p.id = t.trx_mysql_thread_id WHERE p.db = :database AND t.trx_rows_modified > 0"
)


def figures(session: Session) -> list[Figure]:
    """p95 of each load during the import, to the mean of the loads before and after it, in which the import stands."""
    with database(session.engine) as url, TemporaryDirectory() as folder:
        file = Path(folder) / "day.csv"
        prepare(url, file, LINES)
        without, during, stopped = [_p95(session)], list[float](), 0.0
        with ThreadPoolExecutor(1) as pool, _importing(url, file) as running:
            began, ended = time.monotonic(), pool.submit(_end_of, running)
            while True:
                beside = _p95(session)
                if running.poll() is not None:  # it has ended meanwhile
                    break
                during.append(beside)
                _stop(session.engine, running)
                stopped -= time.monotonic()
                without.append(_p95(session))
                stopped += time.monotonic()
                running.send_signal(signal.SIGCONT)
    ratios, seconds = to_each_neighbours(without, during), ended.result() - began - stopped
    say(f"beside an import of {LINES} lines in {seconds:.0f} s, p95: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    return [
        Figure(f"p95 beside an import of {LINES:,} lines to p95 without (A-B-A), at {RATE}/s", ratios, "×"),
        Figure("that import, without its stops", [seconds], "s"),
    ]


def _stop(engine: Engine, running: subprocess.Popen[str]) -> None:
    """Stop it between two transactions: within one that writes it would lose its connection meanwhile, and fail."""
    wait_until(partial(_is_stopped, engine, running), UP_SECONDS, "the import is between two transactions")


def _is_stopped(engine: Engine, running: subprocess.Popen[str]) -> bool:
    running.send_signal(signal.SIGSTOP)
    with engine.connect() as connection:
        if running.poll() is not None or not connection.execute(_WRITING, {"database": NAME}).scalar_one():
            return True
    running.send_signal(signal.SIGCONT)
    return False


def _end_of(running: subprocess.Popen[str]) -> float:
    """When it has ended, by the monotonic clock."""
    running.wait()
    return time.monotonic()


def _p95(session: Session) -> float:
    """p95 (ms) of one load."""
    return session.load(RATE, LOAD_SECONDS).p95


@contextmanager
def _importing(url: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    """The import's process. RuntimeError with its output when it fails."""
    command = [sys.executable, "-m", "worker", "reconcile", "import", str(file), "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env={"DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        try:
            lower(running.pid, WORKER_NICENESS)
            yield running
        except BaseException:
            running.kill()
            raise
        out, error = running.communicate()
    if running.returncode != 0:
        raise RuntimeError(f"the import failed: {out}{error}")
