"""Seconds and memory of an import of a large settlement file, with its rests and at once, on a database of its own.

The database is on the server of the platform, so its commits go through the same binary log.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import psutil

from bench.progress import say
from bench.report.table import Figure
from bench.session import Session
from bench.settlement_file import DIFFERENT, database, prepare
from stack.platform import ROOT

LINES: Final = 1_000_000
AT_ONCE: Final = ("--at-once",)


class Measured(NamedTuple):
    """One import: seconds, and the most memory that its process had (MB)."""

    seconds: float
    megabytes: float


def figures(session: Session) -> list[Figure]:
    """Seconds and memory of imports of LINES lines: at once, as a dry run, and with rests while nobody pays."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "day.csv"
        with database(session.engine) as url:
            prepare(url, file, LINES)
            dry, at_once = (measure(url, file, LINES, *options) for options in (("--at-once", "--dry-run"), AT_ONCE))
        with database(session.engine) as url:
            prepare(url, file, LINES)
            resting = measure(url, file, LINES)
    say(f"{LINES} lines: {resting.seconds:.0f} s, at once {at_once.seconds:.0f} s and {at_once.megabytes:.0f} MB")
    return [
        Figure(f"import of a settlement file of {LINES:,} lines", [resting.seconds], "s"),
        Figure("memory of the process that imports it", [resting.megabytes], "MB"),
        Figure("the same import at once", [at_once.seconds], "s"),
        Figure("memory of its process", [at_once.megabytes], "MB"),
        Figure("the same as a dry run at once", [dry.seconds], "s"),
    ]


def measure(url: str, file: Path, lines: int, *options: str) -> Measured:
    """Import it. RuntimeError with its output when it does not find what is there."""
    command = [sys.executable, "-m", "worker", "reconcile", "import", str(file), "--json", *options]
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, env={"DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        highest = _highest_memory(running)
        out, error = running.communicate()
    if running.returncode != 0:
        raise RuntimeError(f"the import failed: {out}{error}")
    found = json.loads(out)
    if (found["matched"], found["exceptions"]) != (lines, {"FEE": lines // DIFFERENT}):
        raise RuntimeError(f"the import found something else: {out}")
    return Measured(time.monotonic() - began, highest)


def _highest_memory(running: subprocess.Popen[str]) -> float:
    """MB, by its own account, looked at until it ends."""
    highest, process = 0, psutil.Process(running.pid)
    while running.poll() is None:
        try:
            highest = max(highest, process.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    return highest / 1e6
