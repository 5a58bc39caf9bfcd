"""What `make bench-growth` measures, as the environment says: SIZES, RATE, SECONDS, ROUNDS, PRUNED."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WARM_SECONDS: Final = 10
"""Of the load before each measurement."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is measured: sizes in payments, ascending; rate a second; seconds and rounds of one measurement."""

    sizes: list[int]
    rate: int
    seconds: int
    rounds: int
    pruned: int

    @property
    def pruned_in_a_round(self) -> int:
        """Payments pruned in a round, all of them of the first size, which were made one after the other."""
        return min(self.pruned, self.sizes[0] // self.rounds)

    @property
    def payments_of_loads(self) -> int:
        """How many payments all loads of all sizes make."""
        return self.rate * (WARM_SECONDS + self.seconds) * (self.rounds + 1) * len(self.sizes)


def steps(environment: Mapping[str, str]) -> Steps:
    """As the environment says, else the default. ValueError when a value is no number."""
    sizes = environment.get("SIZES") or "1000000,5000000,10000000"
    defaults = {"RATE": 100, "SECONDS": 60, "ROUNDS": 3, "PRUNED": 40_000}
    numbers = {name.lower(): int(environment.get(name) or default) for name, default in defaults.items()}
    return Steps(sorted(int(size) for size in sizes.split(",")), **numbers)
