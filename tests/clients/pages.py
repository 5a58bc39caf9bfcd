"""Programs of documentation pages: the blocks of one language, in their order."""

import re
from typing import Final

from tests.repo.sources import ROOT

_BLOCK: Final = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each block of docs/`page`."""
    return _BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def program(page: str, language: str) -> str:
    """All blocks of one language."""
    return "\n".join(text for name, text in blocks(page) if name == language)
