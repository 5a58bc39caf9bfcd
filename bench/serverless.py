"""What a request costs in Python alone: the application called as a function, with MariaDB and Redis, without HTTP.

What it costs the api beyond that is gunicorn's, gevent's and the kernel's: connections, parsing, waking up.
"""

import json
import subprocess
import sys

from bench.rates import REPEATS
from bench.report import Figure
from bench.serverless_calls import APPLICATIONS, TOGETHER
from bench.session import Session, say
from stack.platform import ROOT


def figures(session: Session) -> list[Figure]:
    """CPU (ms) of a call of our application, and of one that answers a constant, several times in turn."""
    spent: dict[str, list[float]] = {name: [] for name in APPLICATIONS}
    for _ in range(REPEATS):
        for name, values in spent.items():
            session.drained()
            values.append(_measured(session, name))
            say(f"{name}, called without HTTP: {values[-1]:.2f} ms of CPU")
    return [Figure(f"CPU of {name}, called by {TOGETHER} without HTTP", spent[name], "ms") for name in APPLICATIONS]


def _measured(session: Session, name: str) -> float:
    """In a process of its own, which it patches. RuntimeError with its words when it could not be called."""
    command = [sys.executable, "-m", "bench.serverless_calls", name]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(session.platform.api.environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name} could not be called:\n{done.stdout}{done.stderr}")
    milliseconds: float = json.loads(done.stdout.splitlines()[-1])
    return milliseconds
