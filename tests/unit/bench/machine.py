"""A session on a machine that serves up to a known rate."""

from collections.abc import Iterable, Iterator
from typing import cast

from bench.k6 import LoadResult
from bench.session import Session


class Machine:
    """Stands where a Session does. `limits`: the highest rate that holds, run by run; the last one stays."""

    platform = None

    def __init__(self, limits: Iterable[int]) -> None:
        self.rates: list[int] = []
        self._limits: Iterator[int] = iter(limits)
        self._limit = next(self._limits)

    @property
    def session(self) -> Session:
        """Itself, for what asks for a Session."""
        return cast(Session, self)

    def drain(self) -> None:
        """Nothing waits."""

    def load(self, rate: int, seconds: int, _script: str) -> LoadResult:
        self.rates.append(rate)
        dropped = int(rate > self._limit)
        self._limit = next(self._limits, self._limit)
        return LoadResult(rate, rate * seconds, 0, dropped, 5.0, 10.0, 20.0)

    def cpu_seconds(self, _platform: None) -> dict[str, float]:
        """One second of the api for each run so far."""
        return {"api": float(len(self.rates))}
