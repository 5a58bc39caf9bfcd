"""CSV files (RFC 4180, UTF-8) of amounts with a trailer: count, sum, and SHA-256 over all lines before it. Pure.

The trailer finds what was lost or changed by mistake. It is no signature: anybody can write one for other lines.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

TRAILER: Final = "trailer"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""Signs that a spreadsheet takes for the beginning of a formula, and the one that tells it otherwise."""
_TEXT: Final = "'"
_PART: Final = 500
"""Lines that are written at once."""
_NUMBER: Final = re.compile(r"-?[0-9]+", re.ASCII)


class BrokenFile(ValueError):
    """A file that is not as it was written."""


class Row(NamedTuple):
    """One line: what it is, the cells of the file's own columns, and its amount in minor units."""

    record: str
    cells: tuple[str, ...]
    amount: int


def seal(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """The file: titles, numbered rows, trailer. The same rows are always the same bytes."""
    return b"".join(parts(columns, rows))


def parts(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The bytes of `seal`, a few hundred rows at a time. An error of `rows` leaves a file without its trailer."""
    digest, count, total = hashlib.sha256(), 0, 0
    lines = [_line("record", "number", *columns, "amount", "sha256")]
    for count, row in enumerate(rows, 1):
        lines.append(_line(row.record, count, *row.cells, row.amount, ""))
        total += row.amount
        if len(lines) >= _PART:
            yield _digested(lines, digest)
            lines.clear()
    yield _digested(lines, digest)
    yield _line(TRAILER, count, *[""] * len(columns), total, digest.hexdigest()).encode()


def _digested(lines: Sequence[str], digest: "hashlib._Hash") -> bytes:
    data = "".join(lines).encode()
    digest.update(data)
    return data


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
