"""Draws lines of numbers, or shares of a whole, as an SVG file, by matplotlib and without a display.

The same chart gives the same file: ids come from a fixed salt, and neither date nor version is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from typing import Final

from matplotlib import style
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

SIZE_INCHES: Final = (7.2, 4.0)
COLOURS: Final = ("#1b6ca8", "#c0572c", "#4f7f3a")
SETTINGS: Final = {
    "axes.edgecolor": "#333333",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "payops",
}
"""What differs from matplotlib's defaults; a matplotlibrc of the user is ignored."""
_UNSAID: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over a common x. Both axes start at 0, so that a small slope looks small."""

    title: str
    """What screen readers and tooltips say."""
    x_label: str
    y_label: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Name → points (x, y), by ascending x."""
    x_ticks: Mapping[float, str]
    """Values of x that are marked → how they are written."""
    bounds: Sequence[float] = ()
    """Values of y that get a dashed line."""


def svg(chart: Chart) -> str:
    """The chart as an SVG document with a white background. ValueError without a point."""
    highest = max([y for points in chart.lines.values() for _, y in points] + list(chart.bounds), default=0.0)
    if not any(chart.lines.values()):
        raise ValueError(f"nothing to draw: {chart.title}")
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot(xlabel=chart.x_label, ylabel=chart.y_label)
        for bound in chart.bounds:
            axes.axhline(bound, color="#999999", linestyle="--", linewidth=1)
        for (name, points), colour in zip(chart.lines.items(), cycle(COLOURS), strict=False):
            axes.plot([x for x, _ in points], [y for _, y in points], color=colour, marker="o", label=name)
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.15 * highest)
        axes.set_xticks(list(chart.x_ticks), list(chart.x_ticks.values()))
        figure.legend(loc="outside upper left", ncols=len(chart.lines))
        return _drawn(figure, chart.title)


def shares_svg(title: str, shares: Sequence[tuple[str, float]]) -> str:
    """Names and percents as bars, the first on top. ValueError without any."""
    if not shares:
        raise ValueError(f"nothing to draw: {title}")
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot(xlabel="%")
        bars = axes.barh([name for name, _ in shares], [percent for _, percent in shares], color=COLOURS[0])
        axes.bar_label(bars, fmt="%.0f %%", padding=3)
        axes.invert_yaxis()
        return _drawn(figure, title)


def _drawn(figure: Figure, title: str) -> str:
    FigureCanvasSVG(figure)
    written = BytesIO()
    figure.savefig(written, format="svg", metadata={"Title": title, **_UNSAID})
    return written.getvalue().decode()
