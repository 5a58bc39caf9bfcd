"""The highest rates that hold: of authorizations, and of whole flows (authorize, capture, refund)."""

from typing import Final

from bench import load
from bench.platform import cpu_seconds
from bench.report import Figure
from bench.session import Session

COARSE, FINE = 200, 100
SEARCH_SECONDS, RUN_SECONDS, REPEATS = 6, 12, 3
IN_A_FLOW: Final = 3
"""Requests of one flow."""


def highest(session: Session, script: str, first: int) -> int:
    """The highest rate that holds: upwards in coarse steps until one does not, then one fine step. 0: none."""
    best, rate = 0, first
    while session.run(rate, SEARCH_SECONDS, script).holds:
        best, rate = rate, rate + COARSE
    fine = rate - FINE
    return fine if fine > best and session.run(fine, SEARCH_SECONDS, script).holds else best


def held(session: Session, script: str, first: int) -> tuple[int, list[load.Load], list[dict[str, float]]]:
    """A rate that holds in every repetition, the runs, and the CPU (ms) of each process for a request in each.

    When none does, the rate is FINE and the runs say so themselves.
    """
    rate = max(highest(session, script, first), FINE)
    while True:
        runs, spent = [], []
        for _ in range(REPEATS):
            session.drained()
            before = cpu_seconds(session.platform)
            runs.append(session.run(rate, RUN_SECONDS, script))
            after = cpu_seconds(session.platform)
            spent.append({name: (after[name] - before[name]) * 1000 / runs[-1].requests for name in after})
        if all(run.holds for run in runs) or rate <= FINE:
            return rate, runs, spent
        rate -= FINE


def authorize_figures(session: Session) -> list[Figure]:
    """Authorizations: the rate, its times, and what each process spends on one."""
    rate, runs, spent = held(session, load.AUTHORIZE, 2 * COARSE)
    best = float(rate) if all(run.holds for run in runs) else 0.0
    return [
        Figure("authorizations, highest rate with p95 < 100 ms and no error", [best], "1/s"),
        Figure(f"p95 at {rate}/s", [run.p95 for run in runs], "ms"),
        Figure(f"median at {rate}/s", [run.median for run in runs], "ms"),
        *(
            Figure(f"CPU of {name} per authorization at {rate}/s", [each[name] for each in spent], "ms")
            for name in spent[0]
        ),
    ]


def flow_figures(session: Session) -> list[Figure]:
    """Requests of flows in which each step waits for the one before."""
    rate, runs, spent = held(session, load.FLOWS, COARSE)
    best = float(rate * IN_A_FLOW) if all(run.holds for run in runs) else 0.0
    at = rate * IN_A_FLOW
    return [
        Figure("requests of flows (authorize → capture → refund), highest rate within the same bounds", [best], "1/s"),
        Figure(f"p95 at {at} such requests/s", [run.p95 for run in runs], "ms"),
        Figure(f"CPU of api per request at {at} such requests/s", [each["api"] for each in spent], "ms"),
    ]
