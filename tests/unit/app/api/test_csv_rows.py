"""CSV: read back it is what was written, a line for each item, and no cell is a formula."""

import csv
import io
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import csv_rows
from payments.platform.json_types import JsonObject, OptionalMember


@dataclass(frozen=True, slots=True)
class Row(JsonObject):
    """An item of a list."""

    merchant_id: str | None
    amount: int
    is_full: bool
    reason: OptionalMember[str] = None


COLUMNS = ("merchantId", "amount", "isFull", "reason")
TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("=+-@\t\r\n,\"' 1."))


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


@given(st.lists(st.builds(Row, TEXT, st.integers(), st.booleans(), st.none() | TEXT)))
def test_every_cell_comes_back(rows: list[Row]) -> None:
    found = read_back(csv_rows.header(COLUMNS) + csv_rows.lines(rows, COLUMNS))
    assert found[0] == [*COLUMNS]
    assert len(found) == 1 + len(rows)
    for row, (merchant_id, amount, is_full, reason) in zip(rows, found[1:], strict=True):
        assert int(amount) == row.amount
        assert is_full == ("true" if row.is_full else "false")
        assert merchant_id in (row.merchant_id, f"'{row.merchant_id}")
        assert reason in (row.reason or "", f"'{row.reason}")


@given(TEXT)
def test_no_cell_is_a_formula(text: str) -> None:
    shown = csv_rows.cell(text)
    if shown.startswith(csv_rows.FORMULA):
        assert shown == text
        float(text)  # a number, which a spreadsheet may calculate with
    elif shown != text:
        assert shown == "'" + text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-1+1", "'-1+1"),
        ("+", "'+"),
        ("-", "'-"),
        ("-1\n", "'-1\n"),
        ("-\u0661", "'-\u0661"),
        ("1=1", "1=1"),
        ("-1", "-1"),
        ("+12.50", "+12.50"),
        (-1, "-1"),
        (1.5, "1.5"),
        (None, ""),
        (True, "true"),
    ],
)
def test_a_cell(value: object, shown: str) -> None:
    assert csv_rows.cell(value) == shown


def test_lines_end_as_rfc_4180_says() -> None:
    assert csv_rows.lines([Row("a,b", 1, False, 'say "so"\n')], COLUMNS) == b'"a,b",1,false,"say ""so""\n"\r\n'
    assert csv_rows.lines([], COLUMNS) == b""
    assert csv_rows.header(["only"]) == b"only\r\n"
