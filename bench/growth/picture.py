"""`python -m bench.growth.picture`: draws docs/pictures/growth.svg from the table of costs in docs/growth.md."""

import re
from typing import Final

from bench.growth.page import BLOCK, PAGE
from bench.report import page
from bench.report.chart import Chart, svg

PICTURE: Final = page.PICTURES / "growth.svg"
BAR: Final = 1.2
"""Cost with payments stored to cost with none, above which the platform does not do what it promises."""
_ROW: Final = re.compile(r"^\| ([\d,]+) \| ([^|]+) \| [\d.]+ ms \| [\d.]+ ms \| ([\d.]+) \(", re.MULTILINE)


def chart(tables: str) -> Chart:
    """Of each figure its ratio, full to empty, over payments stored. `tables` is the block of docs/growth.md."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for size, name, ratio in _ROW.findall(tables):
        lines.setdefault(name, []).append((float(size.replace(",", "")), float(ratio)))
    sizes = sorted({x for points in lines.values() for x, _ in points})
    return Chart(
        title="Cost of an authorization over payments stored",
        x_label="payments stored",
        y_label="cost of an authorization, empty = 1",
        lines=lines,
        x_ticks={size: f"{size / 1e6:g} M" for size in sizes},
        bounds=(1.0, BAR),
    )


def draw() -> None:
    """Write the picture. ValueError when the page has no table of costs."""
    tables = page.block(PAGE.read_text(encoding="utf-8"), BLOCK)
    PICTURE.write_text(svg(chart(tables)), encoding="utf-8")


if __name__ == "__main__":
    draw()
