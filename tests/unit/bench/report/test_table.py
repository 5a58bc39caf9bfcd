"""Lines of a table of figures."""

import pytest

from bench.report.table import Figure, compared, medians, rounded, table


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


def test_a_table_can_be_read_again() -> None:
    figures = [Figure("p95 at 500/s", [33.8, 14.8, 15.4], "ms"), Figure("events", [14446.0], "1/s")]
    page = "\n".join(["# Words", "", *table(figures), "| a row | of another table |"])
    assert medians(page) == {"p95 at 500/s": 15.4, "events": 14446.0}


def test_a_figure_is_compared_with_the_published_one_of_its_name() -> None:
    figures = [Figure("p95", [30.0, 10.0, 15.0], "ms"), Figure("new", [1.0], "ms"), Figure("was nought", [1.0], "ms")]
    lines = compared(figures, {"p95": 20.0, "gone": 1.0, "was nought": 0.0})
    assert [line.split(" | ")[-1] for line in lines] == ["to the published |", "--- |", "0.75 × |", "– |", "– |"]
