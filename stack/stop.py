"""`python -m stack.stop` ends the `make run` of PAYOPS_STATE from another terminal; returns when it has ended.

`--show-port` prints its port instead; exit code 1 when nothing runs.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from stack.state import State, chosen

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 15.0  # it needs 1 to 5, including the supervisor's kills
POLL_SECONDS = 0.05


def stop(state: State) -> str:
    """Stop the platform; returns what was done. TimeoutError when it still runs after 15 s."""
    pid = state.pid()
    if pid is None:
        return f"Nothing runs in {os.path.relpath(state.folder)}."
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while not state.is_free():
        if time.monotonic() > deadline:
            raise TimeoutError(f"pid {pid} was asked to end, and still runs after {STOP_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    return f"Stopped what ran in {os.path.relpath(state.folder)} (pid {pid})."


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m stack.stop", description=__doc__)
    parser.add_argument("--show-port", action="store_true", help="print the port of the running platform")
    arguments = parser.parse_args()
    state = chosen(ROOT, os.environ)
    if not arguments.show_port:
        print(stop(state))
        return 0
    port = state.port()
    if port is None:
        print(f"Nothing runs in {os.path.relpath(state.folder)}.", file=sys.stderr)
        return 1
    print(port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
