"""Pages of docs/ of which a command writes one block, between two marks; what is around it stays as it is."""

from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PICTURES: Final = DOCS / "pictures"


def replace(page: str, name: str, block: str) -> str:
    """The page with `block` between its marks called `name`. ValueError when it does not have both, once, in order."""
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    head, has_begin, rest = page.partition(begin)
    _, has_end, tail = rest.partition(end)
    if not (has_begin and has_end) or begin in rest or end in tail:
        raise ValueError(f"the page has no block {name}")
    return f"{head}{begin}{block}{end}{tail}"


def block(page: str, name: str) -> str:
    """The text between the marks called `name`. ValueError when the page does not have both."""
    _, has_begin, rest = page.partition(f"<!-- {name}: begin -->\n")
    found, has_end, _ = rest.partition(f"\n<!-- {name}: end -->")
    if not (has_begin and has_end):
        raise ValueError(f"the page has no block {name}")
    return found


def write(path: Path, name: str, text: str) -> None:
    """Replace the block in the file, and print it. ValueError as `replace`; then the file is untouched."""
    print(text)
    path.write_text(replace(path.read_text(encoding="utf-8"), name, text), encoding="utf-8")
