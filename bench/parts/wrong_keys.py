"""How much slower authorizations are answered while another address tries 10,000 wrong keys a minute.

As a control, the same beside as many requests that only ask whether the API is alive; and what a refusal costs in CPU.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO, cast

from bench.platform import lower
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import LOW_RATE, RUN_SECONDS
from bench.report.table import Figure
from bench.session import Session
from bench.steady_sender import NICENESS
from load.api import Api
from payments.merchants.key_form import ID_PART
from stack import platform

TURNS: Final = 10
"""Of the calls without HTTP."""
IN_TURN: Final = 8
"""Loads beside what is sent. More than elsewhere: a single p95 scatters by more than it."""
EXPECTED: Final = {"wrong keys": {401, 429}, "harmless requests": {200}}
"""What is sent, and how it is answered."""


def figures(session: Session) -> list[Figure]:
    """p95 (ms) without and beside each kind of requests, in turn, their ratios and rates; CPU (ms) of refusals."""
    operators = Api(session.platform.api.url, session.platform.admin_token)
    operators.make_merchant("GUESSED")
    right = operators.make_key("GUESSED")
    measured = [
        figure for name in EXPECTED for figure in _beside(session, name, right[ID_PART] if name == "wrong keys" else "")
    ]
    return [*measured, *_called(session, right)]


def _beside(session: Session, name: str, known: str) -> list[Figure]:
    without, beside, rates = [session.load(LOW_RATE, RUN_SECONDS).p95], [], []
    for _ in range(IN_TURN):
        with _sending(session.platform.api.port, known, EXPECTED[name]) as answers:
            begun = time.monotonic()
            beside.append(session.load(LOW_RATE, RUN_SECONDS).p95)
            seconds = time.monotonic() - begun
        rates.append(answers.total() * 60 / seconds)
        without.append(session.load(LOW_RATE, RUN_SECONDS).p95)
        say(f"{rates[-1]:.0f} {name} a minute: p95 {beside[-1]:.1f} ms, {without[-1]:.1f} ms without")
    return [
        Figure(f"p95 at {LOW_RATE}/s, in turn with {name}", without, "ms"),
        Figure(f"p95 at {LOW_RATE}/s beside {name} of another address", beside, "ms"),
        Figure(f"p95 beside {name} to p95 without (A-B-A)", to_each_neighbours(without, beside), "×"),
        Figure(f"{name} answered meanwhile", rates, "1/min"),
    ]


@contextmanager
def _sending(port: int, known: str, expected: set[int]) -> Iterator[Counter[int]]:
    """Send until the end of the block; then the statuses of the answers are counted.

    RuntimeError when the sender failed, or one was answered otherwise.
    """
    answers = Counter[int]()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.steady_sender", str(port), known], cwd=platform.ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as sender:  # fmt: skip
        try:
            lower(sender.pid, NICENESS)
            cast(TextIO, sender.stdout).readline()  # it is ready
            yield answers
        finally:
            text, _ = sender.communicate()
    if sender.returncode != 0:
        raise RuntimeError(f"nothing was measured: the sender ended with code {sender.returncode}")
    answers.update({int(status): count for status, count in json.loads(text).items()})
    if answers.keys() - expected:
        raise RuntimeError(f"nothing was measured: the requests were answered {dict(answers)}")


def _called(session: Session, right: str) -> list[Figure]:
    """CPU (ms) of calls without HTTP. RuntimeError with the process's output when one was answered otherwise."""
    session.drain()
    given = {"BENCH_API_KEY": right, "BENCH_TURNS": str(TURNS)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.refusals_without_http"], cwd=platform.ROOT,
        env={**session.platform.api.environment, **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"a refusal could not be called:\n{done.stdout}{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    right_key = found.pop("right")
    return [
        Figure("CPU of an authorization called without HTTP, by a key", right_key, "ms"),
        *(Figure(f"CPU of its refusal called without HTTP: {name}", spent, "ms") for name, spent in found.items()),
    ]
