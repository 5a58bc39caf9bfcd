"""Charts: the same file for the same figures, whatever the machine says; well-formed, with everything in it."""

from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from bench.report.chart import Chart, shares_svg, svg

CHART = Chart(
    title="Cost & size",
    x_label="size",
    y_label="cost",
    lines={"first": [(1.0, 1.0), (2.0, 1.5)], "second": [(1.0, 0.5), (2.0, 0.7)]},
    x_ticks={1.0: "one", 2.0: "two"},
    bounds=(1.2,),
)
SVG = "{http://www.w3.org/2000/svg}"


def texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]  # noqa: S314  # our own


def test_the_same_figures_give_the_same_file() -> None:
    first = svg(CHART)
    with mpl.rc_context({"svg.hashsalt": None, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert svg(CHART) == first
    assert svg(replace(CHART, bounds=())) != first


def test_nothing_of_the_day_or_the_version_is_in_it() -> None:
    drawn = svg(CHART)
    assert mpl.__version__ not in drawn
    assert "<dc:date>" not in drawn


def test_labels_ticks_and_names_are_text() -> None:
    drawn = svg(CHART)
    assert {"size", "cost", "one", "two", "first", "second", "0.0"} <= set(texts(drawn))
    assert "<title>Cost &amp; size</title>" in drawn


def test_the_upright_axis_starts_at_nought() -> None:
    high = svg(replace(CHART, lines={"high": [(1.0, 100.0), (2.0, 101.0)]}))
    assert {"0", "20", "100"} <= set(texts(high))


@pytest.mark.parametrize("lines", [{}, {"first": []}])
def test_nothing_to_draw_is_said(lines: dict[str, list[tuple[float, float]]]) -> None:
    with pytest.raises(ValueError, match=r"^nothing to draw: Cost & size$"):
        svg(replace(CHART, lines=lines))


def test_shares_are_bars_with_their_names_and_percents() -> None:
    drawn = shares_svg("Shares", [("gunicorn", 30.4), ("Flask", 69.6)])
    assert {"gunicorn", "Flask", "30 %", "70 %"} <= set(texts(drawn))
    assert drawn == shares_svg("Shares", [("gunicorn", 30.4), ("Flask", 69.6)])
    with pytest.raises(ValueError, match=r"^nothing to draw: Shares$"):
        shares_svg("Shares", [])
