"""`make settle`, `make reconcile`: what else happens after midnight, on the running `make run` and at once.

`settle` closes what merchants are owed until now. `reconcile` ends the day of the acquirer's simulator, whose clock
is ahead from then on, and reads the file of that day.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from stack.acquirer import Access
from stack.state import State, chosen

ROOT: Final = Path(__file__).resolve().parent.parent
SECONDS: Final = 5.0
NOT_RUNNING: Final = "payops does not run here; start it with `make run`."


def main(arguments: Sequence[str]) -> int:
    """Run `settle` or `reconcile`; returns the exit code."""
    state = chosen(ROOT, os.environ)
    if state.port() is None:
        print(NOT_RUNNING, file=sys.stderr)
        return 1
    if arguments == ["settle"]:
        return _worker(state, ["settle", "run", "--cutoff", "now"])
    if arguments == ["reconcile"]:
        return _worker(state, ["reconcile", "fetch", end_day(_access(state))])
    print("usage: python -m stack.day_end settle | reconcile", file=sys.stderr)
    return 2


def end_day(acquirer: Access) -> str:
    """Move the simulator's clock to its next midnight (UTC); returns the day that has ended."""
    now = datetime.fromisoformat(_control(acquirer, "GET")["now"]).astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    _control(acquirer, "PUT", {"set": midnight.isoformat()})
    return now.date().isoformat()


def _control(acquirer: Access, method: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {acquirer.control_token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{acquirer.url}/_control/clock", data, headers, method=method)  # noqa: S310  (of this machine)
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return dict(json.load(answer))


def _access(state: State) -> Access:
    port = int(state.acquirer_address.read_text().rpartition(":")[2])
    files = (state.acquirer_key, state.acquirer_publishable_key, state.acquirer_token)
    return Access(port, *(path.read_text() for path in files))


def _worker(state: State, command: list[str]) -> int:
    acquirer = _access(state).of_platform()
    variables = {**os.environ, **acquirer, "DATABASE_URL": f"sqlite:///{state.database}"}
    return subprocess.run([sys.executable, "-m", "worker", *command], cwd=ROOT, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
