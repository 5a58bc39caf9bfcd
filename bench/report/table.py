"""Figures as lines of a Markdown table: medians of the repetitions, lowest and highest; and what machine this is.

Reads such a table, too, so that new figures can be compared with published ones.
"""

import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

from stack.interpreter import described, own_build

HEAD: Final = ("| figure | median | lowest – highest | runs |", "| --- | --- | --- | --- |")
COMPARED: Final = (f"{HEAD[0]} to the published |", f"{HEAD[1]} --- |")
_ROW: Final = re.compile(r"\| (?P<name>[^|]+) \| (?P<median>-?[0-9,.]+) [^|]+ \| [^|]+ \| [0-9]+ \|")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: every repetition's value, in `unit`."""

    name: str
    values: list[float]
    unit: str

    def row(self) -> str:
        """A line of the table: median, lowest, highest, number of repetitions."""
        middle, lowest, highest = map(rounded, (median(self.values), min(self.values), max(self.values)))
        return f"| {self.name} | {middle} {self.unit} | {lowest} – {highest} | {len(self.values)} |"


def rounded(value: float) -> str:
    """Three digits, all of them when there are more before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(figures: Iterable[Figure]) -> list[str]:
    """The lines of a table of figures."""
    return [*HEAD, *(figure.row() for figure in figures)]


def medians(text: str) -> dict[str, float]:
    """Name → median, of every line of `text` that is of such a table."""
    return {row["name"]: float(row["median"].replace(",", "")) for row in _ROW.finditer(text)}


def compared(figures: Iterable[Figure], published: Mapping[str, float]) -> list[str]:
    """The lines of a table of figures, each with the ratio of its median to the published one of its name."""
    return [*COMPARED, *(f"{figure.row()} {_ratio(figure, published.get(figure.name))} |" for figure in figures)]


def _ratio(figure: Figure, published: float | None) -> str:
    return f"{median(figure.values) / published:.2f} ×" if published else "–"


def machine() -> str:
    """What the measurement was made on: cores, Python and its build, system."""
    return f"{os.cpu_count()} cores, {described(own_build())}, {platform.system()}"


def today() -> str:
    """The date of a measurement (UTC)."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
