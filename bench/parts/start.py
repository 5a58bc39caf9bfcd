"""From nothing to healthy with the servers already there, and the times of the first minute after it."""

import time
from typing import Final

from bench.platform import UP_SECONDS, is_up, lower_others, memory_bytes, wait_until
from bench.progress import say
from bench.repetition import REPEATS
from bench.report.table import Figure
from bench.session import Session

RATE: Final = 200
FIRST_SECONDS, WARM_SECONDS = 60, 12


def figures(session: Session) -> list[Figure]:
    """Start to healthy, p95 in the first minute and after it, and the memory of our processes."""
    starts, first, warm, memory = [], [], [], []
    for _ in range(REPEATS):
        starts.append(_restart(session))
        say(f"healthy after {starts[-1]:.1f} s")
        first.append(session.load(RATE, FIRST_SECONDS).p95)
        warm.append(session.load(RATE, WARM_SECONDS).p95)
        memory.append(memory_bytes(session.platform) / 1e6)
    return [
        Figure("start of api, relay, ledger, housekeeping to healthy", starts, "s"),
        Figure(f"p95 at {RATE}/s in the first minute after the start", first, "ms"),
        Figure(f"p95 at {RATE}/s, warm", warm, "ms"),
        Figure("resident memory of api, relay, ledger, housekeeping", memory, "MB"),
    ]


def _restart(session: Session) -> float:
    """Stop our programs and start them at the same time, as systemd does; seconds until /health is UP."""
    programs = session.platform.programs.values()
    session.drain()
    for program in programs:
        program.stop()
    began = time.monotonic()
    for program in programs:
        program.launch()
    for program in programs:
        program.wait_until_it_answers()
    wait_until(lambda: is_up(session.platform.api.url), UP_SECONDS, "the platform is up")
    took = time.monotonic() - began
    lower_others(session.platform)
    return took
