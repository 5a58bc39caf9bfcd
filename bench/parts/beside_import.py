"""How much slower authorizations are answered while a large settlement file is imported, in turn with its stops.

The import rests between its steps, has a database of its own on the platform's server, and the CPU's share of a worker.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.platform import WORKER_NICENESS, lower
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.report.table import Figure
from bench.session import Session
from bench.settlement_file import database, prepare
from stack.platform import ROOT

LINES: Final = 120_000
"""So many that the import lasts for some twenty loads: what it costs payments does not grow with its file."""
LOAD_SECONDS: Final = 5
"""Short: an import that is stopped within a write, which is seldom, loses its connection, and fails."""
RATE: Final = 200


def figures(session: Session) -> list[Figure]:
    """p95 of each load during the import, to the mean of the loads before and after it, in which the import stands."""
    with database(session.engine) as url, TemporaryDirectory() as folder:
        file = Path(folder) / "day.csv"
        prepare(url, file, LINES)
        without, during = [_p95(session)], []
        with _importing(url, file) as running:
            while True:
                beside = _p95(session)
                if running.poll() is not None:  # it has ended meanwhile
                    break
                during.append(beside)
                running.send_signal(signal.SIGSTOP)
                without.append(_p95(session))
                running.send_signal(signal.SIGCONT)
    ratios = to_each_neighbours(without, during)
    say(f"beside an import of {LINES} lines, p95: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    return [Figure(f"p95 beside an import of {LINES:,} lines to p95 without (A-B-A), at {RATE}/s", ratios, "×")]


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
