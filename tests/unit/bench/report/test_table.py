"""Lines of a table of figures."""

import pytest

from bench.report.table import Figure, rounded, table


def test_a_figure_shows_median_and_span() -> None:
    assert Figure("p95 at 500/s", [33.8, 14.8, 15.4], "ms").row() == "| p95 at 500/s | 15.4 ms | 14.8 – 33.8 | 3 |"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.00"), (1.234, "1.23"), (9.99, "9.99"), (12.34, "12.3"), (100.4, "100"), (14446, "14,446")],
)
def test_values_have_three_digits(value: float, shown: str) -> None:
    assert rounded(value) == shown


def test_a_table_has_a_line_for_each_figure() -> None:
    lines = table([Figure("a", [1.0], "s"), Figure("b", [2.0], "s")])
    assert [line.split(" | ")[0] for line in lines] == ["| figure", "| ---", "| a", "| b"]
