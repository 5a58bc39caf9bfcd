"""Figures as a table: medians of the repetitions, printed and kept between two marks in docs/performance.md."""

import os
import platform
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.profile import Where

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "performance.md"
FLAMES: Final = PAGE.parent / "pictures" / "api-flames.svg"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: every repetition's value, in `unit`."""

    name: str
    values: list[float]
    unit: str

    def row(self) -> str:
        """A line of the table: median, lowest, highest."""
        shown = [_shown(value) for value in (statistics.median(self.values), min(self.values), max(self.values))]
        return f"| {self.name} | {shown[0]} {self.unit} | {shown[1]} – {shown[2]} | {len(self.values)} |"


def _shown(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def write(figures: list[Figure], where: Where) -> None:
    """Print the tables and put them into the page, whose text outside of the marks stays; and the flame graph."""
    text = "\n".join([*table(figures), "", *_shares(where.layers)])
    FLAMES.write_text(where.flames.replace(f"{ROOT}/", ""))  # without paths of this machine
    print(text)
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


def table(figures: list[Figure]) -> list[str]:
    """What it was measured on, and a line for each figure."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    return [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on one machine ({machine}) with everything on it, k6 too. Median of",
        "the repetitions.",
        "",
        "| figure | median | lowest – highest | runs |",
        "| --- | --- | --- | --- |",
        *(figure.row() for figure in figures),
    ]


def _shares(shares: list[tuple[str, float]]) -> list[str]:
    return [
        "Where the web worker's time goes at 500 authorizations a second (py-spy, innermost frame):",
        "",
        "| layer | share |",
        "| --- | --- |",
        *(f"| {name} | {share:.0f} % |" for name, share in shares),
        "",
        f"Every stack: [{FLAMES.name}](pictures/{FLAMES.name}), which a browser opens to look into.",
    ]
