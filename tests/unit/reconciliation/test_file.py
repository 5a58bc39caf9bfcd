"""Reading a file: what is in it, and each way in which it is refused, by line and reason."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.acquiring.connector import Kind
from payments.reconciliation.faults import SHOWN, Fault, FileRefused, Reason
from payments.reconciliation.file import SettlementFile
from payments.reconciliation.profile import SIMULATOR
from payments.reconciliation.reader import Reader
from tests.unit.reconciliation.made import day, file_of, line, operation, text

LINES = [line(operation(1)), line(operation(2, Kind.REFUND, 99)), line(operation(3, Kind.CAPTURE, 5, "KRW"))]
FILE = text(LINES)
FIRST = FILE.splitlines()[1]

WITHOUT_COUNT = ("RECORD", "CELLS", "NOT_ASCII", "CONTROL_CHARACTER", "QUOTES", "TOO_LONG")
"""It is not known whether it was a movement, so that the count differs, too."""


def faults(content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(FileRefused) as refused:
        list(file_of(content)())
    assert refused.value.count == len(refused.value.faults)
    return [(fault.line, fault.reason.value) for fault in refused.value.faults]


def test_a_file_has_its_movements() -> None:
    assert list(file_of(FILE)()) == LINES
    assert list(file_of(FILE.replace("\r\n", "\n"))()) == LINES
    assert list(Reader(SIMULATOR).read(FILE.splitlines(keepends=True))) == LINES
    assert list(file_of(text([]))()) == []


@given(chunk=st.integers(1, 400), size=st.integers(0, 20))
def test_chunks_make_no_difference(chunk: int, size: int) -> None:
    lines = [line(each) for each in day(size)]
    data = text(lines).encode()
    parts = [data[start : start + chunk] for start in range(0, len(data), chunk)]
    file = SettlementFile(parts, SIMULATOR)
    assert list(file.lines()) == lines
    assert (file.digest, file.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert file.day == date(2030, 5, 17)


def test_an_acquirer_whose_files_have_no_day() -> None:
    reader = Reader(replace(SIMULATOR, day=None))
    assert list(reader.read(FILE.replace("2030-05-17,,,,", ",,,,").splitlines(keepends=True))) == LINES
    assert reader.day is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",1000,25,975", ",1000.0,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ",1e3,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ",+1000,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ",1_000,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ",01000,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ", 1000,25,975", "NOT_AN_INTEGER"),
        (",1000,25,975", ",1000,-0,1000", "NOT_AN_INTEGER"),
        (",1000,25,975", ",1000,,1000", "NOT_AN_INTEGER"),
        (",1000,25,975", f",1{'0' * 800},25,975", "AMOUNT_TOO_LARGE"),
        (",1000,25,975", ",1000,25,976", "NET"),
        (",1000,25,975", ",1000,25,1025", "NET"),
        (",1000,25,975", f",{10**12 + 1},25,{10**12 - 24}", "AMOUNT_TOO_LARGE"),
        (",1000,25,975", f",-{10**12 + 1},25,-{10**12 + 26}", "AMOUNT_TOO_LARGE"),
        (",1000,25,975", f",0,{10**12 + 1},-{10**12 + 1}", "AMOUNT_TOO_LARGE"),
        (",USD,", ",XXX,", "CURRENCY"),
        (",USD,", ",usd,", "CURRENCY"),
        (",USD,", ",,", "CURRENCY"),
        (",capture,", ",chargeback,", "KIND"),
        (",capture,", ",void,", "KIND"),
        (",capture,", ",Capture,", "KIND"),
        ("00-1-capture-1", "", "REFERENCE"),
        ("00-1-capture-1", "-1-capture", "REFERENCE"),
        ("00-1-capture-1", "=1+1", "REFERENCE"),
        ("00-1-capture-1", "a b", "REFERENCE"),
        ("00-1-capture-1", "a" * 65, "REFERENCE"),
        ("op_1", "", "REFERENCE"),
        ("op_1", "a/b", "REFERENCE"),
        ("00-1-capture-1", "4242424242424242", "CARD_NUMBER"),
        ("op_1", "4242424242424242", "CARD_NUMBER"),
        ("movement,1,", "movement,2,", "NUMBER"),
        ("movement,1,", "movement,one,", "NUMBER"),
        ("movement,1,", "movements,1,", "RECORD"),
        ("a-1", "a-1,", "CELLS"),
        (",a-1", "", "CELLS"),
        ("a-1", "é", "NOT_ASCII"),
        ("a-1", "a\x00", "CONTROL_CHARACTER"),
        ("a-1", "a\r", "CONTROL_CHARACTER"),
        ("a-1", "a\t", "CONTROL_CHARACTER"),
        ("a-1", '"a-1"', "QUOTES"),
        ("a-1", '"a', "QUOTES"),
        ("a-1", "a" * 1024, "TOO_LONG"),
    ],
)
def test_a_line_that_is_wrong_is_named(old: str, new: str, reason: str) -> None:
    assert old in FIRST
    found = faults(FILE.replace(FIRST, FIRST.replace(old, new)))
    assert found[0] == (2, reason)
    assert len(found) == 1 or reason in ("NUMBER", *WITHOUT_COUNT)


@pytest.mark.parametrize("amount", [10**12, -(10**12), 0])
def test_amounts_at_the_bounds(amount: int) -> None:
    lines = [LINES[0]._replace(gross=amount, fee=-amount)]
    assert list(file_of(text(lines))()) == lines


def test_a_sign_is_the_columns() -> None:
    odd = [LINES[0]._replace(gross=-1000, fee=-25), LINES[1]._replace(gross=99)]
    assert [one.gross for one in file_of(text(odd))()] == [-1000, 99]


def test_a_quoted_line_end_swallows_no_line() -> None:
    found = faults(FILE.replace("a-1", '"a\r\n-1"', 1))
    assert found[:2] == [(2, "QUOTES"), (3, "QUOTES")]


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (b"", (1, "HEADER")),
        (b"\xef\xbb\xbf" + FILE.encode(), (1, "BOM")),
        (FILE.encode("utf-16"), (1, "BOM")),
        (FILE.encode("utf-16-le"), (1, "CONTROL_CHARACTER")),
        (FILE.replace(",fee,net", ",net,fee").encode(), (1, "HEADER")),
        (FILE.partition("\n")[2].encode(), (1, "HEADER")),
        (FILE.encode().replace(b"a-1", b"\xff", 1), (2, "NOT_ASCII")),
    ],
)
def test_a_file_of_another_format_is_refused(content: bytes, first: tuple[int, str]) -> None:
    with pytest.raises(FileRefused) as refused:
        list(file_of(content)())
    assert refused.value.faults[0] == first


TOTAL = "total,2,,,,,,USD,901,25,876\r\n"
END = "end,3,,,,,2030-05-17,,,,\r\n"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (END, "", [(7, "NO_END")]),
        (END, END.strip(), [(8, "NO_END")]),
        (END, END.replace("3,,", "4,,"), [(7, "COUNT")]),
        (END, END.replace("3,,", ",,"), [(7, "COUNT")]),
        *((END, END.replace("2030-05-17", day), [(7, "DAY")]) for day in ("", "20300517", "2030-02-30", "17.5.2030")),
        *((END, END.replace("2030-05-17", day), [(7, "DAY")]) for day in ("0001-01-03", "1999-12-31")),
        (END, END + END, [(8, "AFTER_END")]),
        (END, END + FIRST + "\r\n", [(8, "AFTER_END")]),
        (END, END + "\r\n", [(8, "CELLS")]),
        (TOTAL, "", [(7, "NO_TOTAL")]),
        (TOTAL, TOTAL + TOTAL, [(7, "ORDER")]),
        (TOTAL, TOTAL.replace("901", "902"), [(8, "TOTAL")]),
        (TOTAL, TOTAL.replace("25", "26"), [(8, "TOTAL")]),
        (TOTAL, TOTAL.replace("876", "877"), [(8, "TOTAL")]),
        (TOTAL, TOTAL.replace("total,2", "total,3"), [(8, "TOTAL")]),
        (TOTAL, TOTAL.replace("901", "901.0"), [(6, "NOT_AN_INTEGER")]),
        (TOTAL, TOTAL.replace("USD", "EUR"), [(8, "NO_TOTAL"), (8, "TOTAL")]),
        (TOTAL, TOTAL + TOTAL.replace("USD", "EUR"), [(9, "TOTAL")]),
        ("movement,3,", "movement,4,", [(4, "NUMBER")]),
    ],
)
def test_a_trailer_that_is_wrong_refuses_the_file(old: str, new: str, found: list[tuple[int, str]]) -> None:
    assert FILE.count(old) == 1
    assert faults(FILE.replace(old, new)) == found


def test_a_file_is_about_no_day_after_the_latest() -> None:
    for latest, is_taken in ((date(2030, 5, 17), True), (date(2030, 5, 16), False)):
        file = SettlementFile([FILE.encode()], SIMULATOR, latest=latest)
        if is_taken:
            assert list(file.lines()) == LINES
        else:
            with pytest.raises(FileRefused) as refused:
                list(file.lines())
            assert refused.value.faults == (Fault(7, Reason.DAY),)


def test_the_first_day() -> None:
    assert list(file_of(FILE.replace("2030-05-17,,,,", "2000-01-01,,,,"))()) == LINES


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_movement_that_is_gone_is_noticed(gone: int) -> None:
    lines = FILE.splitlines(keepends=True)
    assert faults("".join(lines[:gone] + lines[gone + 1 :]))


def test_a_movement_behind_a_total_is_refused() -> None:
    head, total, tail = FILE.partition("total")
    assert faults(head + total + tail.replace("end,3", f"{FIRST.replace('movement,1', 'movement,4')}\r\nend,4")) == [
        (7, "ORDER")
    ]


@given(st.data())
def test_a_file_that_is_cut_anywhere_is_refused(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(FILE) - 1))
    faults(FILE[:cut])


def test_each_fault_is_counted_and_the_first_are_named() -> None:
    with pytest.raises(FileRefused) as refused:
        list(file_of("\n" * 500)())
    assert (len(refused.value.faults), refused.value.count) == (SHOWN, 501)


def test_a_file_that_is_too_large_is_not_read_on() -> None:
    left = iter([b"x" * 60 + b"\n", b"x" * 60, b"never asked for"])
    with pytest.raises(FileRefused) as refused:
        list(SettlementFile(left, SIMULATOR, largest=100).lines())
    assert refused.value.faults == (Fault(2, Reason.TOO_LARGE),)
    assert list(left) == [b"never asked for"]


def test_a_line_without_an_end_is_not_read_on() -> None:
    left = iter([b"x" * 2000, b"never asked for"])
    with pytest.raises(FileRefused) as refused:
        list(SettlementFile(left, SIMULATOR).lines())
    assert refused.value.faults == (Fault(1, Reason.TOO_LONG),)
    assert list(left) == [b"never asked for"]


@pytest.mark.parametrize(
    ("kind", "amount", "currency", "charged"),
    [
        (Kind.CAPTURE, 9_999, "USD", 160),
        (Kind.CAPTURE, 9_999, "KRW", 250),
        (Kind.CAPTURE, 33, "JPY", 10),
        (Kind.CAPTURE, 34, "KWD", 1),
        (Kind.CAPTURE, 300, "KWD", 5),  # 4.5, which round() makes 4
        (Kind.CAPTURE, 10**12, "GBP", 15 * 10**9 + 8),
        (Kind.REFUND, 10**6, "USD", 0),
    ],
)
def test_fees_by_example(kind: Kind, amount: int, currency: str, charged: int) -> None:
    assert SIMULATOR.expected_fee(kind, amount, currency) == charged
