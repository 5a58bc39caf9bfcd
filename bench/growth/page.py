"""docs/growth.md: the tables of `make bench-growth`."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from bench.growth.databases import MARIADB
from bench.growth.results import FIGURES, Cost, Growth, Pruning
from bench.report.page import DOCS, write
from bench.report.table import machine, today

PAGE: Final = DOCS / "growth.md"
BLOCK: Final = "growth"


def write_page(grown: Sequence[Growth], pruning: Pruning, rate: int) -> None:
    """Print the tables and put them into the page; `rate` is of authorizations a second."""
    write(PAGE, BLOCK, "\n".join([*_costs(grown, rate), "", *_sizes(grown), "", *_pruning(pruning, rate)]))


def _costs(grown: Sequence[Growth], rate: int) -> list[str]:
    rows = [
        f"| {each.size:,} | {name} | {_median(figure, each.empty)} ms | {_median(figure, each.full)} ms"
        f" | {_span(each.ratios(figure))} |"
        for each in grown
        for name, figure in FIGURES.items()
    ]
    return [
        "![Cost of an authorization over payments stored](pictures/growth.svg)",
        "",
        f"Measured on {today()} on one machine ({machine()}) with everything on it, k6 too; MariaDB",
        f"with `{MARIADB[0]}`. One authorization at {rate}/s:",
        "",
        "| payments stored | figure | empty, median | full, median | full to empty: median (lowest – highest) |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def _sizes(grown: Sequence[Growth]) -> list[str]:
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
        f"| the one to the other (A-B-A) | {_span(pruning.ratios)} |",
        f"| rows pruned a second | {_span(pruning.per_second, '{:,.0f}')} |",
    ]


def _median(figure: Callable[[Cost], float], costs: Sequence[Cost]) -> str:
    return f"{median(figure(cost) for cost in costs):.2f}"


def _span(values: Sequence[float], shown: str = "{:.2f}") -> str:
    middle, lowest, highest = (shown.format(value) for value in (median(values), min(values), max(values)))
    return f"{middle} ({lowest} – {highest})"
