"""Searches the highest rate that is served within the bounds of `k6.LoadResult.holds`."""

from dataclasses import dataclass
from typing import Final

from bench.k6 import LoadResult
from bench.platform import cpu_seconds
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.session import Session

COARSE_STEP: Final = 200
FINE_STEP: Final = LOW_RATE


@dataclass(frozen=True, slots=True)
class RateResult:
    """A rate a second, its runs, and in each run the CPU milliseconds of each process for a request."""

    rate: int
    runs: list[LoadResult]
    cpu: list[dict[str, float]]

    @property
    def holds(self) -> bool:
        """Whether every run was served within the bounds."""
        return all(run.holds for run in self.runs)


def measured(session: Session, script: str, first: int) -> RateResult:
    """The highest rate that holds in every repetition; when none does, LOW_RATE, whose runs do not hold."""
    rate = max(_highest(session, script, first), LOW_RATE)
    while True:
        result = _repeated(session, script, rate)
        if result.holds or rate <= LOW_RATE:
            return result
        rate -= FINE_STEP


def _highest(session: Session, script: str, first: int) -> int:
    """The highest rate that holds once: upwards in coarse steps until one does not, then one fine step. 0: none."""
    best, rate = 0, first
    while session.load(rate, SEARCH_SECONDS, script).holds:
        best, rate = rate, rate + COARSE_STEP
    fine = rate - FINE_STEP
    return fine if fine > best and session.load(fine, SEARCH_SECONDS, script).holds else best


def _repeated(session: Session, script: str, rate: int) -> RateResult:
    result = RateResult(rate, [], [])
    for _ in range(REPEATS):
        session.drain()
        before = cpu_seconds(session.platform)
        run = session.load(rate, RUN_SECONDS, script)
        after = cpu_seconds(session.platform)
        result.runs.append(run)
        result.cpu.append({name: (after[name] - before[name]) * 1000 / run.requests for name in after})
    return result
