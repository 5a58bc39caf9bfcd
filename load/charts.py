"""Charts as inline SVG with labels in HTML, so that they stretch to any width and stay readable; no scripts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from load.k6 import clock
from load.recording import Sample

HEIGHT: Final = 100
WIDTH: Final = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: the sample's field that it shows, and its name in the legend."""

    field: str
    name: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A title with its unit, the lines, and optionally the bound of the p95."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    bound: float | None = None


RATE: Final = Chart("Requests answered", "a second", (Line("requests", "requests"),))
LATENCY: Final = Chart("Latency", "ms", (Line("median", "median"), Line("p95", "p95"), Line("p99", "p99")))
FAULTS: Final = Chart(
    "Not as it should be",
    "a second",
    (Line("errors", "errors"), Line("limited", "refused (429)"), Line("dropped", "not started in time")),
)


def all_of(samples: Sequence[Sample], p95_bound: float | None) -> str:
    """Every chart of the report; the bound is drawn where the latency is."""
    return "".join(draw(chart, samples) for chart in (RATE, replace(LATENCY, bound=p95_bound), FAULTS))


def draw(chart: Chart, samples: Sequence[Sample]) -> str:
    """The chart as a <figure>."""
    highest = max((getattr(one, line.field) for one in samples for line in chart.lines), default=0.0)
    top = _round_up(max(highest, chart.bound or 0.0))
    length = max((one.at for one in samples), default=1.0)
    legend = "".join(f'<li class="line{number}">{escape(line.name)}</li>' for number, line in enumerate(chart.lines))
    paths = "".join(
        f'<polyline class="line{number}" points="{_points(samples, line.field, length, top)}"/>'
        for number, line in enumerate(chart.lines)
    )
    if chart.bound:
        y = HEIGHT * (1 - chart.bound / top)
        paths += f'<line class="bound" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        legend += f'<li class="bound">bound of p95: {chart.bound:g} {escape(chart.unit)}</li>'
    summary = f"{chart.title}, {chart.unit}: at most {highest:,.1f}"
    return (
        f"<figure><figcaption>{escape(chart.title)} <small>{escape(chart.unit)}</small></figcaption>"
        f'<ul class="legend">{legend}</ul><div class="plot">'
        f'<div class="y"><span>{top:,g}</span><span>{top / 2:,g}</span><span>0</span></div>'
        f'<svg role="img" aria-label="{escape(summary)}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<path class="grid" d="M0 0H{WIDTH}M0 {HEIGHT // 2}H{WIDTH}M0 {HEIGHT}H{WIDTH}"/>{paths}</svg>'
        f'<div class="x"><span>0:00</span><span>{clock(length / 2)}</span><span>{clock(length)}</span></div>'
        "</div></figure>"
    )


def _points(samples: Sequence[Sample], field: str, length: float, top: float) -> str:
    return " ".join(f"{WIDTH * one.at / length:.1f},{HEIGHT * (1 - getattr(one, field) / top):.1f}" for one in samples)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 …, so that the axis ends with a plain number."""
    scale = 1.0
    while scale * 5 < value:
        scale *= 10
    return next(step * scale for step in (1, 2, 5) if step * scale >= value)
