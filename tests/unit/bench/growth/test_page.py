"""The tables of growth, and the picture that is drawn from them."""

from pathlib import Path

import pytest

from bench.growth import page, picture
from bench.growth.page import BLOCK, PAGE
from bench.growth.results import Cost, Growth, Pruning
from bench.report.chart import svg
from bench.report.page import block

GROWN = [
    Growth(
        size=1_000_000,
        bytes=1_600_000_000,
        made_per_second=15_000.4,
        empty=[Cost(2.0, 1.0, 10.0), Cost(2.0, 1.0, 10.0), Cost(4.0, 1.0, 30.0)],
        full=[Cost(2.0, 1.5, 20.0), Cost(3.0, 1.1, 20.0)],
        expiry=[1.0, 2.0, 9.0],
    ),
    Growth(5_000_000, 8_000_000_000, 14_000.0, [Cost(1.0, 1.0, 1.0)] * 2, [Cost(1.0, 1.2, 1.1)], [1.5]),
]
PRUNING = Pruning(40_000, without=[10.0, 20.0], during=[30.0], per_second=[1363.2])


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "growth.md"
    file.write_text("before\n<!-- growth: begin -->\nold\n<!-- growth: end -->\nafter\n")
    monkeypatch.setattr(page, "PAGE", file)
    page.write_page(GROWN, PRUNING, 100)
    return file.read_text()


def test_it_has_every_figure_of_every_size(written: str) -> None:
    assert "| 1,000,000 | CPU of api | 2.00 ms | 2.50 ms | 1.00 (1.00 – 1.00) |" in written
    assert "| 1,000,000 | CPU of MariaDB | 1.00 ms | 1.30 ms | 1.30 (1.10 – 1.50) |" in written
    assert "| 1,000,000 | p95 | 10.00 ms | 20.00 ms | 1.50 (1.00 – 2.00) |" in written
    assert "| 1,000,000 | 1.6 GB | 1,600 | 15,000 | 2.00 (1.00 – 9.00) ms |" in written


def test_it_has_what_pruning_costs(written: str) -> None:
    assert "Pruning 40,000 payments' rows at a time, at 100/s:" in written
    assert "| the one to the other (A-B-A) | 2.00 (2.00 – 2.00) |" in written
    assert "| rows pruned a second | 1,363 (1,363 – 1,363) |" in written


def test_the_picture_has_the_ratios_of_the_table(written: str) -> None:
    chart = picture.chart(block(written, BLOCK))
    assert chart.lines == {
        "CPU of api": [(1e6, 1.0), (5e6, 1.0)],
        "CPU of MariaDB": [(1e6, 1.3), (5e6, 1.2)],
        "p95": [(1e6, 1.5), (5e6, 1.1)],
    }
    assert chart.x_ticks == {1e6: "1 M", 5e6: "5 M"}


def test_a_page_without_figures_gives_no_picture() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        svg(picture.chart("no table"))


def test_the_picture_in_the_docs_is_that_of_the_page() -> None:
    chart = picture.chart(block(PAGE.read_text(encoding="utf-8"), BLOCK))
    assert picture.PICTURE.read_text(encoding="utf-8") == svg(chart), "draw it: python -m bench.growth.picture"
