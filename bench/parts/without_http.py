"""What a request costs in Python alone: the application called as a function, with MariaDB and Redis, without HTTP.

What it costs the api beyond that is gunicorn's, gevent's and the kernel's: connections, parsing, waking up.
"""

import subprocess
import sys

from bench.calls_without_http import APPLICATIONS, GREENLETS
from bench.progress import say
from bench.repetition import REPEATS
from bench.report.table import Figure
from bench.session import Session
from stack.platform import ROOT


def figures(session: Session) -> list[Figure]:
    """CPU (ms) of a call of our application, and of one that answers a constant, several times in turn."""
    spent: dict[str, list[float]] = {name: [] for name in APPLICATIONS}
    for _ in range(REPEATS):
        for name, values in spent.items():
            session.drain()
            values.append(_measured(session, name))
            say(f"{name}, called without HTTP: {values[-1]:.2f} ms of CPU")
    return [Figure(f"CPU of {name}, called by {GREENLETS} without HTTP", spent[name], "ms") for name in APPLICATIONS]


def _measured(session: Session, name: str) -> float:
    """In a process of its own, which gevent patches. RuntimeError with its output when a call failed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.calls_without_http", name],
        cwd=ROOT, env=dict(session.platform.api.environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{name} could not be called:\n{done.stdout}{done.stderr}")
    return float(done.stdout.splitlines()[-1])
