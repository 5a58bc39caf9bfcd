"""Encodes rows as CSV (RFC 4180, UTF-8) that a spreadsheet shows as text and does not calculate."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from payments.platform.json_types import JsonObject, members

MEDIA_TYPE: Final = "text/csv"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for a formula, or drops the character and looks again."""
QUOTE: Final = "'"
"""Before a cell, tells a spreadsheet that the rest is text."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def header(columns: Sequence[str]) -> bytes:
    """The first line."""
    return _lines([columns])


def lines(items: Iterable[JsonObject], columns: Sequence[str]) -> bytes:
    """One line for each item; `columns` are names of members in JSON. A member that is null or absent is empty."""
    rows = (members(item) for item in items)
    return _lines([cell(row.get(name)) for name in columns] for row in rows)


def cell(value: Any) -> str:
    """The text of a cell: nothing for None, and never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return QUOTE + text if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
