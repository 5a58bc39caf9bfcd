"""CSV files (RFC 4180, UTF-8) of amounts with a trailer: count, sum, and SHA-256 over all lines before it. Pure.

The trailer finds what was lost or changed by mistake. It is no signature: anybody can write one for other lines.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

TRAILER: Final = "trailer"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""Signs that a spreadsheet takes for the beginning of a formula, and the one that tells it otherwise."""
_TEXT: Final = "'"
_NUMBER: Final = re.compile(r"-?[0-9]+", re.ASCII)


class BrokenFile(ValueError):
    """A file that is not as it was written."""


class Row(NamedTuple):
    """One line: what it is, the cells of the file's own columns, and its amount in minor units."""

    record: str
    cells: tuple[str, ...]
    amount: int


def seal(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """The file: titles, numbered rows, trailer. The same rows are always the same bytes."""
    lines = [_line("record", "number", *columns, "amount", "sha256")]
    lines += [_line(row.record, number, *row.cells, row.amount, "") for number, row in enumerate(rows, 1)]
    before = "".join(lines)
    digest = hashlib.sha256(before.encode()).hexdigest()
    total = sum(row.amount for row in rows)
    return (before + _line(TRAILER, len(rows), *[""] * len(columns), total, digest)).encode()


def unseal(columns: Sequence[str], data: bytes) -> list[Row]:
    """The rows of a file. Raises BrokenFile unless it is, byte for byte, what `seal` makes of them."""
    try:
        lines = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
        rows = [_row(line) for line in lines[1:-1]]
    except (ValueError, csv.Error) as unreadable:
        raise BrokenFile(f"the file cannot be read: {unreadable}") from unreadable
    if not lines or lines[-1][:1] != [TRAILER]:
        raise BrokenFile("the file has no trailer: its end is missing")
    if seal(columns, rows) != data:
        raise BrokenFile("the file's lines and its trailer do not agree")
    return rows


def _row(line: Sequence[str]) -> Row:
    if len(line) < 4:
        raise ValueError(f"a line has {len(line)} cells")
    record, _number, *cells, amount, _sha256 = line
    return Row(record, tuple(cell.removeprefix(_TEXT) for cell in cells), int(amount))


def _line(*cells: str | int) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_shown(str(cell)) for cell in cells])
    return text.getvalue()


def _shown(cell: str) -> str:
    """The text of a cell, never a formula. An apostrophe gets another one, so that each cell can be read back."""
    return _TEXT + cell if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
