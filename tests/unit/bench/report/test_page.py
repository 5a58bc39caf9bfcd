"""A block between two marks is replaced; what is around it stays."""

from pathlib import Path

import pytest

from bench.growth.page import BLOCK
from bench.growth.page import PAGE as GROWTH
from bench.observability import PAGE as OBSERVING
from bench.report.page import block, replace, write
from bench.report.performance import PAGE as PERFORMANCE

TEXT = "before\n<!-- a: begin -->\nold\nlines\n<!-- a: end -->\nafter\n"


def test_the_block_alone_is_replaced() -> None:
    assert replace(TEXT, "a", "new") == "before\n<!-- a: begin -->\nnew\n<!-- a: end -->\nafter\n"
    assert block(TEXT, "a") == "old\nlines"


@pytest.mark.parametrize(
    "text",
    ["", "<!-- a: begin -->\nold\n", "old\n<!-- a: end -->", "\n<!-- a: end -->\n<!-- a: begin -->\n", TEXT + TEXT],
)
def test_a_page_without_its_marks_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"^the page has no block a$"):
        write(page, "a", "new")
    assert page.read_text() == text


@pytest.mark.parametrize(("page", "name"), [(PERFORMANCE, "bench"), (OBSERVING, "cost"), (GROWTH, BLOCK)])
def test_the_pages_have_their_marks(page: Path, name: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert replace(text, name, block(text, name)) == text
