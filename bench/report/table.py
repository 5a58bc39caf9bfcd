"""Figures as lines of a Markdown table: medians of the repetitions, lowest and highest; and what machine this is."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

from stack.interpreter import described, own_build

HEAD: Final = ("| figure | median | lowest – highest | runs |", "| --- | --- | --- | --- |")


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


def machine() -> str:
    """What the measurement was made on: cores, Python and its build, system."""
    return f"{os.cpu_count()} cores, {described(own_build())}, {platform.system()}"


def today() -> str:
    """The date of a measurement (UTC)."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
