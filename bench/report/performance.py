"""docs/performance.md: the table of every part, the layers of the web worker's time, and its flame graph."""

from collections.abc import Iterable
from typing import Final

from bench.report.page import DOCS, PICTURES, write
from bench.report.table import Figure, machine, table, today
from stack.platform import ROOT

PAGE: Final = DOCS / "performance.md"
FLAMES: Final = PICTURES / "api-flames.svg"


def write_page(figures: Iterable[Figure], layers: Iterable[tuple[str, float]], flames: str) -> None:
    """Print the tables and put them into the page; keep the flame graph (SVG), without paths of this machine.

    `layers`: name and percent of the web worker's time.
    """
    FLAMES.write_text(flames.replace(f"{ROOT}/", ""), encoding="utf-8")
    write(PAGE, "bench", "\n".join([*introduced(figures), "", *_shares(layers)]))


def introduced(figures: Iterable[Figure]) -> list[str]:
    """The table, after the machine that it was measured on."""
    return [
        f"Measured on {today()} on one machine ({machine()}) with everything on it, k6 too.",
        "Median of the repetitions.",
        "",
        *table(figures),
    ]


def _shares(layers: Iterable[tuple[str, float]]) -> list[str]:
    return [
        "Where the web worker's time goes at 500 authorizations a second (py-spy, innermost frame):",
        "",
        "| layer | share |",
        "| --- | --- |",
        *(f"| {name} | {share:.0f} % |" for name, share in layers),
        "",
        f"Every stack: [{FLAMES.name}](pictures/{FLAMES.name}), which a browser opens to look into.",
    ]
