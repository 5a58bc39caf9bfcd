"""The layout in docs/architecture.md is that of the repository."""

import pytest

from tests.repo.layout import PAGE, layout, with_layout
from tests.repo.sources import Source, texts

EXAMPLE = [Source("payments/ledger/__init__.py", '"""Accounts and postings."""\n'), Source("docs/a.md", "")]


def test_the_page_shows_the_repository() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_layout(page, layout(texts())) == page, "write it: python -m tests.repo.layout"


def test_every_folder_says_what_it_is_for() -> None:
    assert [line for line in layout(texts()).splitlines() if line.endswith("/")] == []


def test_a_folder_that_is_planted_is_shown() -> None:
    assert "  ledger/               Accounts and postings.\n" in layout(EXAMPLE)
    assert layout([*EXAMPLE, Source("planted/a.txt", "")]).endswith("planted/\n")


def test_a_page_without_the_block_is_refused() -> None:
    with pytest.raises(ValueError, match="no layout block"):
        with_layout("# A page\n", "")
