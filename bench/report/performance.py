"""docs/performance.md: the table of its parts, a picture of where the web worker's time goes, and its flame graph."""

from collections.abc import Iterable, Sequence
from typing import Final

from bench.report import table
from bench.report.chart import shares_svg
from bench.report.page import DOCS, PICTURES, block, write
from bench.report.table import Figure
from stack.platform import ROOT

PAGE: Final = DOCS / "performance.md"
BLOCK: Final = "bench"
FLAMES: Final = PICTURES / "api-flames.svg"
LAYERS: Final = PICTURES / "api-layers.svg"
TITLE: Final = "Where the web worker's time goes at full load"


def write_page(figures: Iterable[Figure], layers: Sequence[tuple[str, float]], flames: str) -> None:
    """Print the table and put it into the page; keep the flame graph (SVG), without paths of this machine.

    `layers`: name and percent of the web worker's time.
    """
    FLAMES.write_text(flames.replace(f"{ROOT}/", ""), encoding="utf-8")
    LAYERS.write_text(shares_svg(TITLE, layers), encoding="utf-8")
    write(PAGE, BLOCK, "\n".join([*_introduction(), *table.table(figures)]))


def compared(figures: Iterable[Figure]) -> list[str]:
    """The table with each figure's ratio to the one that the page has, after the machine that it was measured on."""
    published = table.medians(block(PAGE.read_text(encoding="utf-8"), BLOCK))
    return [*_introduction(), *table.compared(figures, published)]


def _introduction() -> list[str]:
    return [
        f"Measured on {table.today()} on one machine ({table.machine()}) with everything on it, k6 too. Median of",
        "the repetitions.",
        "",
    ]
