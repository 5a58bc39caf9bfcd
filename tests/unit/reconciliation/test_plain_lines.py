"""Plain blocks: what the pattern takes is what the reader would have taken line by line, and nothing else."""

from datetime import date
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.reconciliation.faults import FileRefused
from payments.reconciliation.plain_lines import LONGEST, PlainLines
from payments.reconciliation.profile import SIMULATOR
from payments.reconciliation.reader import Reader
from payments.reconciliation.rules import Line
from tests.unit.reconciliation.made import day, line, text

LINES: Final = [line(each)._replace(number=at) for at, each in enumerate(day(6), 1)]
CELLS: Final = st.one_of(
    st.sampled_from(
        [
            *("", "0", "-0", "-1", "01", "+1", "1_0", " 1", "1 ", "999999999999", "1000000000000", "-1000000000000"),
            *("4242424242424242", "4242-4242-4242-4242", "op_4242424242424242", "a" * 64, "a" * 65, ".a", "a b"),
            *("USD", "usd", "XXX", "capture", "refund", "void", "movement", "total", "end", "2030-05-17", '"a"', "=1"),
            *("a\r", "a\x7f", "a\x00", "a\t", "\udcff", "x" * LONGEST, "1,2", "1\n", "\u0661"),
        ]
    ),
    st.text(st.characters(max_codepoint=127), max_size=5),
)


def movements(block: str) -> list[str]:
    """The lines of a file that are about movements."""
    return [each for each in block.splitlines(keepends=True) if each.startswith("movement")]


BODY: Final = movements(text(LINES))


def read(blocks: list[str]) -> tuple[list[Line], Any, Any]:
    """What a reader says of a file: lines, day, faults."""
    reader, lines = Reader(SIMULATOR), list[Line]()
    try:
        lines.extend(reader.read(blocks))
    except FileRefused as refused:
        return lines, reader.day, (refused.faults, refused.count)
    return lines, reader.day, None


@st.composite
def files(draw: st.DrawFn) -> list[str]:
    """Blocks of a file in which some cells are others, and a line is gone, elsewhere, or comes twice."""
    rows = [each.removesuffix("\r\n").split(",") for each in text(LINES).splitlines(keepends=True)]
    for _ in range(draw(st.integers(0, 2))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(CELLS)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [",".join(row) + end for row in rows]
    if draw(st.booleans()):
        moved = lines.pop(draw(st.integers(0, len(lines) - 1)))
        lines[(at := draw(st.integers(0, len(lines)))) : at] = draw(st.sampled_from([[], [moved], [moved, moved]]))
    cuts = sorted(draw(st.lists(st.integers(0, len(lines)), max_size=3)))
    blocks = ["".join(lines[start:stop]) for start, stop in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    return [block for block in blocks if block]


@given(files())
def test_plain_blocks_make_no_difference(blocks: list[str]) -> None:
    with_plain = read(blocks)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PlainLines, "read", lambda *_: None)
        assert read(blocks) == with_plain


def test_a_plain_block_is_read_at_once() -> None:
    assert PlainLines(SIMULATOR).read("".join(BODY), 1) == LINES
    assert PlainLines(SIMULATOR).read("".join(BODY).replace("\r\n", "\n"), 1) == LINES
    assert PlainLines(SIMULATOR).read("".join(BODY[2:]), 3) == LINES[2:]


def place(name: str) -> int:
    return SIMULATOR.header.index(name)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("number", "3"), ("number", "02"), ("reference", "-a"), ("reference", "a" * 65), ("id", "a'b")),
        *(("reference", "4242424242424242"), ("id", "4242-4242-4242-4242"), ("kind", "void"), ("currency", "XXX")),
        *(("fee", "-0"), ("gross", "1000000000001"), ("net", "0.5"), ("authorization", '"'), ("at", "\t")),
        *(("at", "x" * LONGEST), ("authorization", "a,b"), ("record", "movements"), ("at", "\u00e9")),
    ],
)
def test_a_block_with_anything_else_is_not_plain(column: str, cell: str) -> None:
    cells = BODY[1].split(",")
    cells[place(column)] = cell
    assert PlainLines(SIMULATOR).read(BODY[0] + ",".join(cells) + BODY[2], 1) is None


def test_a_net_that_is_another_is_not_plain() -> None:
    for at, amount in zip(map(place, ("gross", "fee", "net")), count(1), strict=False):
        cells = BODY[1].split(",")
        cells[at] = f"{amount}\r\n" if at == place("net") else str(amount)
        assert PlainLines(SIMULATOR).read(BODY[0] + ",".join(cells) + BODY[2], 1) is None


def test_no_block_is_plain_before_the_header_or_behind_a_total() -> None:
    whole = text(LINES[:2])
    header, first, second, *trailer = whole.splitlines(keepends=True)
    assert read([header + first, second, *trailer]) == (LINES[:2], date(2030, 5, 17), None)
    for blocks in ([first, header + second, *trailer], [header + first, trailer[0], second, *trailer[1:]]):
        *_, (faults, _) = read(blocks)
        assert {fault.reason.value for fault in faults} & {"HEADER", "ORDER"}, blocks


def test_no_whole_lines_are_not_plain() -> None:
    plain = PlainLines(SIMULATOR)
    assert plain.read("", 1) is None
    assert plain.read("".join(BODY)[:-1], 1) is None
    assert plain.read("\n" + "".join(BODY), 1) is None
