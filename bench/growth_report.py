"""Figures of growth as tables, between two marks in docs/growth.md, and as the picture beside them."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Final

from bench import growth_chart
from bench.growth_platform import MARIADB, Cost
from bench.growth_retention import Pruning
from bench.load import ROOT

PAGE: Final = ROOT / "docs" / "growth.md"
PICTURE: Final = ROOT / "docs" / "pictures" / "growth.png"
BEGIN, END = "<!-- growth: begin -->", "<!-- growth: end -->"
FIGURES: Final[dict[str, Callable[[Cost], float]]] = {
    "CPU of api": lambda cost: cost.api,
    "CPU of MariaDB": lambda cost: cost.mariadb,
    "p95": lambda cost: cost.p95,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """One size: how it was made, the costs in turn (one of `empty` more than of `full`), milliseconds of expiry."""

    size: int
    bytes: int
    made_per_second: float
    empty: list[Cost] = field(default_factory=list)
    full: list[Cost] = field(default_factory=list)
    expiry: list[float] = field(default_factory=list)

    def ratios(self, figure: Callable[[Cost], float]) -> list[float]:
        """Full to empty, each full with the empties before and after it."""
        return _ratios([figure(cost) for cost in self.empty], [figure(cost) for cost in self.full])


def _ratios(without: list[float], during: list[float]) -> list[float]:
    return [2 * b / (before + after) for before, b, after in zip(without, during, without[1:], strict=False)]


def write(grown: list[Growth], pruning: Pruning, rate: int) -> None:
    """Print the tables, put them into the page, draw the picture."""
    tables = "\n".join([*_costs(grown, rate), "", *_room(grown), "", *_pruning(pruning, rate)])
    print(tables)
    head, rest = PAGE.read_text().split(BEGIN)
    _, tail = rest.split(END)
    PAGE.write_text(f"{head}{BEGIN}\n{tables}\n{END}{tail}")
    lines = {name: [(each.size, median(each.ratios(figure))) for each in grown] for name, figure in FIGURES.items()}
    growth_chart.draw(lines, PICTURE)


def _costs(grown: list[Growth], rate: int) -> list[str]:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    rows = [
        f"| {each.size:,} | {name} | {_median(figure, each.empty)} ms | {_median(figure, each.full)} ms"
        f" | {_span(each.ratios(figure))} |"
        for each in grown
        for name, figure in FIGURES.items()
    ]
    return [
        "![Cost of an authorization over payments stored](pictures/growth.png)",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on one machine ({machine}) with everything on it, k6 too; MariaDB",
        f"with `{MARIADB[0]}`. One authorization at {rate}/s:",
        "",
        "| payments stored | figure | empty, median | full, median | full to empty: median (lowest – highest) |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def _room(grown: list[Growth]) -> list[str]:
    return [
        "| payments stored | on disk | bytes for each | made up, payments a second | a round of expiry, nothing due |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {each.size:,} | {each.bytes / 1e9:.1f} GB | {each.bytes / each.size:,.0f}"
            f" | {each.made_per_second:,.0f} | {_span(each.expiry)} ms |"
            for each in grown
        ),
    ]


def _pruning(pruning: Pruning, rate: int) -> list[str]:
    return [
        f"Pruning {pruning.payments:,} payments' rows at a time, at {rate}/s:",
        "",
        "| figure | median (lowest – highest) |",
        "| --- | --- |",
        f"| p95 while nothing is pruned | {_span(pruning.without)} ms |",
        f"| p95 while housekeeping prunes | {_span(pruning.during)} ms |",
        f"| the one to the other (A-B-A) | {_span(_ratios(pruning.without, pruning.during))} |",
        f"| rows pruned a second | {_span(pruning.per_second, '{:,.0f}')} |",
    ]


def _median(figure: Callable[[Cost], float], costs: list[Cost]) -> str:
    return f"{median(figure(cost) for cost in costs):.2f}"


def _span(values: list[float], shown: str = "{:.2f}") -> str:
    middle, lowest, highest = (shown.format(value) for value in (median(values), min(values), max(values)))
    return f"{middle} ({lowest} – {highest})"
