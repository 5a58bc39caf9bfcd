"""The layout block of docs/architecture.md, written from the repository: folders with their docstrings.

`python -m tests.repo.layout` writes it into the page; tests/repo/test_layout.py fails while it differs.
"""

import ast
from collections.abc import Iterable
from typing import Final

from tests.repo.sources import ROOT, Source, texts

PAGE: Final = ROOT / "docs/architecture.md"
BEGIN: Final = "<!-- layout: written by `python -m tests.repo.layout` -->\n```\n"
END: Final = "```\n<!-- end of layout -->\n"
WIDTH: Final = 24
WITHOUT_PYTHON: Final = {
    "ansible": "Playbooks, inventories and roles that install the platform on machines.",
    "clients": "Clients of the API for merchants' developers, each a package of its own.",
    "docs": "What you are reading; `adr/` holds the decisions.",
    "frontend": "The shop and the operators' console: React, Vite, TypeScript.",
    "k6": "Load profiles and what they share, in `lib/`.",
    "prometheus": "Recording rules, alerts and their tests.",
    "scripts": "What `make` and the pipeline call: bash, checked by shellcheck.",
    "vagrant": "The virtual machines: `environments/` is the only list of them.",
}
"""Folders without a docstring of their own."""


def packages(sources: Iterable[Source]) -> dict[str, str]:
    """Folders with a docstring → its first line, down to the second level."""
    found = {}
    for source in sources:
        folder, _, name = source.path.rpartition("/")
        if name == "__init__.py" and folder.count("/") < 2 and (said := ast.get_docstring(source.tree)):
            found[folder] = said.splitlines()[0]
    return found


def layout(sources: Iterable[Source]) -> str:
    """One line for each folder of the top level, and for each package in it: its name, and what it is for."""
    sources = list(sources)
    said = WITHOUT_PYTHON | packages(sources)
    shown = {source.path.split("/")[0] for source in sources if "/" in source.path and source.path[0] != "."}
    lines = []
    for path in sorted(shown | set(packages(sources))):
        name = "  " * path.count("/") + path.rpartition("/")[2] + "/"
        lines.append(f"{name:{WIDTH}}{said.get(path, '')}".rstrip())
    return "\n".join(lines) + "\n"


def with_layout(page: str, block: str) -> str:
    """The page with `block` between its marks. Raises ValueError when it has no marks."""
    head, begin, rest = page.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no layout block")
    return head + BEGIN + block + END + tail


if __name__ == "__main__":
    PAGE.write_text(with_layout(PAGE.read_text(encoding="utf-8"), layout(texts())), encoding="utf-8")
