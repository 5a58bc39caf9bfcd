"""What `make bench-growth` measures: costs of an authorization by size, and of pruning. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.ratio import to_each_neighbours


@dataclass(frozen=True, slots=True)
class Cost:
    """What one authorization took, in milliseconds: CPU of api and MariaDB, and p95 of its latency."""

    api: float
    mariadb: float
    p95: float


FIGURES: Final[Mapping[str, Callable[[Cost], float]]] = {
    "CPU of api": lambda cost: cost.api,
    "CPU of MariaDB": lambda cost: cost.mariadb,
    "p95": lambda cost: cost.p95,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """One size: bytes on disk, how fast it was made, costs in turn (one more of `empty`), milliseconds of expiry."""

    size: int
    bytes: int
    made_per_second: float
    empty: list[Cost] = field(default_factory=list)
    full: list[Cost] = field(default_factory=list)
    expiry: list[float] = field(default_factory=list)

    def ratios(self, figure: Callable[[Cost], float]) -> list[float]:
        """Full to empty, each full with the empties before and after it."""
        return to_each_neighbours([figure(cost) for cost in self.empty], [figure(cost) for cost in self.full])


@dataclass(frozen=True, slots=True)
class Pruning:
    """p95 (ms) of each load without (one more) and with pruning, and the rows pruned a second in each round."""

    payments: int
    without: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """With pruning to without, each with the loads before and after it."""
        return to_each_neighbours(self.without, self.during)
