"""Payout files and statements: their bytes by hand, what a spreadsheet makes of them, and that damage is found."""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.merchants.rules import Mode
from payments.platform.values.money import DECIMALS
from payments.settlement import payout_file, statement
from payments.settlement.payout_file import Payout, payout, read, write
from payments.settlement.rules import Item, ItemKind, State, closed
from payments.settlement.sealed_csv import BrokenFile, Row, seal, unseal
from tests.unit.settlement.examples import LIMIT, NOW, batch, items

PAYOUTS = [Payout(17, "M123", "KWD", 984_000), Payout(18, "M124", "KWD", 9_840)]
BODY = (
    b"record,number,file,batch,merchant,currency,decimals,amount,sha256\r\n"
    b"payout,1,2030-05-17-KWD,17,M123,KWD,3,984000,\r\n"
    b"payout,2,2030-05-17-KWD,18,M124,KWD,3,9840,\r\n"
)
FILE = BODY + f"trailer,2,,,,,,993840,{hashlib.sha256(BODY).hexdigest()}\r\n".encode()


def test_a_payout_file_by_hand() -> None:
    assert write("2030-05-17-KWD", PAYOUTS) == FILE
    assert read(FILE) == ("2030-05-17-KWD", PAYOUTS)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[Payout]]:
    """Any name, and payouts in one currency to merchants with any names."""
    currency = draw(st.sampled_from(sorted(DECIMALS)))
    rows = draw(st.lists(st.tuples(TEXT, st.integers(1, LIMIT)), min_size=1, max_size=5))
    return draw(TEXT), [Payout(number, merchant, currency, amount) for number, (merchant, amount) in enumerate(rows, 7)]


@given(files())
def test_what_is_written_is_read(file: tuple[str, list[Payout]]) -> None:
    assert read(write(*file)) == file


@given(files(), st.data())
def test_any_changed_byte_is_found(file: tuple[str, list[Payout]], data: st.DataObject) -> None:
    written = write(*file)
    place = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != written[place]))
    with pytest.raises(BrokenFile):
        read(written[:place] + bytes([other]) + written[place + 1 :])


@given(files(), st.data())
def test_any_file_that_is_cut_off_or_goes_on_is_found(file: tuple[str, list[Payout]], data: st.DataObject) -> None:
    written = write(*file)
    with pytest.raises(BrokenFile):
        read(written[: data.draw(st.integers(0, len(written) - 1))])
    with pytest.raises(BrokenFile):
        read(written + data.draw(st.binary(min_size=1, max_size=3)))
    with pytest.raises(BrokenFile):
        read(written + written)


SHA = FILE[-66:-2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"984000,", b"984001,"),  # an amount
        (b"M124", b"M125"),
        (b"payout,2,2030-05-17-KWD,18,M124,KWD,3,9840,\r\n", b""),  # a line
        (b"trailer,2,", b"trailer,3,"),
        (b"993840,", b"993841,"),
        (SHA, SHA[::-1]),
        (b"\r\n", b"\n"),
        (b",9840,", b",9_840,"),
        (b",9840,", b",+9840,"),
        (b",9840,", ",９840,".encode()),
    ],
)
def test_damage_is_found(old: bytes, new: bytes) -> None:
    assert old in FILE
    with pytest.raises(BrokenFile, match="its trailer do not agree"):
        read(FILE.replace(old, new))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no trailer"),
        (BODY, "no trailer"),
        (b"\xff" + FILE, "cannot be read"),
        (FILE.replace(b"984000", b"much"), "cannot be read"),
        (FILE.replace(b"M123", b'"M123'), "cannot be read"),
        (FILE.replace(b"\r\n", b"\r\n,\r\n", 1), "a line has 2 cells"),
    ],
)
def test_what_is_no_file_of_ours(data: bytes, said: str) -> None:
    with pytest.raises(BrokenFile, match=said):
        read(data)


def row(*cells: str, record: str = "payout", amount: int = 10) -> Row:
    plain = ("F", "17", "M123", "USD", "2")
    return Row(record, cells + plain[len(cells) :], amount)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no payouts"),
        ([row("F", "17"), row("F", "17")], "a batch twice"),
        ([row(amount=0)], "below 1"),
        ([row(amount=-10)], "below 1"),
        ([row("F", "one")], "invalid literal"),
        ([row("F", "17", "M", "XXX")], "one known currency"),
        ([row(), row("F", "18", "M", "EUR")], "one known currency"),
        ([row("F", "17", "M", "USD", "0")], "wrong decimals"),
        ([row(), row("G", "18")], "another file's name"),
        ([row(record="refund")], "wrong decimals"),
    ],
)
def test_a_sealed_file_with_payouts_that_cannot_be(rows: Sequence[Row], said: str) -> None:
    with pytest.raises(BrokenFile, match=said):
        read(seal(payout_file.COLUMNS, rows))


@pytest.mark.parametrize("payouts", [[], [PAYOUTS[0]] * 2, [PAYOUTS[0], Payout(18, "M", "USD", 1)]])
def test_payouts_that_are_no_file(payouts: list[Payout]) -> None:
    with pytest.raises(ValueError, match=r"no payouts|batch twice|one known currency"):
        write("F", payouts)


@pytest.mark.parametrize("state", State)
def test_only_an_approved_batch_is_paid_out(state: State) -> None:
    at = batch(state=state, gross=10_000, fees=180)
    if state is State.APPROVED:
        assert payout(at) == Payout(17, "M123", "USD", 9_820)
        return
    with pytest.raises(ValueError, match=f"is {state}"):
        payout(at)


@pytest.mark.parametrize("merchant", ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "'=1", "'M"])
def test_no_cell_is_a_formula(merchant: str) -> None:
    written = write(merchant, [Payout(17, merchant, "USD", 1)])
    cells = next(csv.reader(io.StringIO(written.decode().split("\r\n", 1)[1], newline="")))
    assert (cells[2], cells[4]) == ("'" + merchant, "'" + merchant)
    assert read(written) == (merchant, [Payout(17, merchant, "USD", 1)])


@given(files())
def test_a_cell_is_a_number_or_no_formula(file: tuple[str, list[Payout]]) -> None:
    for line in csv.reader(io.StringIO(write(*file).decode(), newline="")):
        for cell in line:
            assert re.fullmatch("-?[0-9]+", cell) or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


ITEMS = [
    Item(17, 11, ItemKind.CAPTURE, 10_000, 180, event_id=1, payment_id=7),
    Item(17, 12, ItemKind.REFUND, 5_000, -75, event_id=2, payment_id=7),
    Item(17, 14, ItemKind.ADJUSTMENT, -20),
]


def test_a_statement_by_hand() -> None:
    done = closed(batch(carried_in=-100), ITEMS, 0)
    body = (
        b"record,number,batch,entry,event,payment,kind,currency,decimals,gross,fee,amount,sha256\r\n"
        b"item,1,17,11,1,7,CAPTURE,USD,2,10000,180,9820,\r\n"
        b"item,2,17,12,2,7,REFUND,USD,2,-5000,-75,-4925,\r\n"
        b"item,3,17,14,,,ADJUSTMENT,USD,2,-20,0,-20,\r\n"
        b"carried_in,4,17,,,,,USD,2,-100,0,-100,\r\n"
    )
    trailer = f"trailer,4,,,,,,,,,,4775,{hashlib.sha256(body).hexdigest()}\r\n"
    assert statement.statement(done, ITEMS) == body + trailer.encode()
    assert statement.sha256(done, ITEMS) == hashlib.sha256(body + trailer.encode()).hexdigest()


@given(items(), st.integers(-LIMIT, LIMIT), st.integers(0, LIMIT))
def test_a_statement_has_all_items_and_their_sum_is_paid_out(of: list[Item], carried_in: int, minimum: int) -> None:
    done = closed(batch(carried_in=carried_in), of, minimum)
    rows = unseal(statement.COLUMNS, statement.statement(done, of))
    assert [int(each.cells[1]) for each in rows if each.record == "item"] == [item.entry_id for item in of]
    assert all(each.amount == int(each.cells[7]) - int(each.cells[8]) for each in rows)
    assert sum(each.amount for each in rows) == done.net - done.carried_out


def test_a_statement_of_many_items_comes_in_parts() -> None:
    many = [Item(17, number, ItemKind.CAPTURE, number) for number in range(1, 1_201)]
    done = closed(batch(), many, 0)
    parts = list(statement.parts(done, iter(many)))
    assert len(parts) > 3
    assert b"".join(parts) == statement.statement(done, many)
    assert len(unseal(statement.COLUMNS, b"".join(parts))) == len(many)


def test_a_statement_is_of_a_closed_batch_and_its_own_items() -> None:
    with pytest.raises(ValueError, match="still OPEN"):
        statement.statement(batch(), [])
    done = closed(batch(), ITEMS, 0)
    for others in (ITEMS[:2], [*ITEMS, ITEMS[0]], [*ITEMS[:2], replace(ITEMS[2], amount=-21)]):
        with pytest.raises(ValueError, match="not the items"):
            statement.statement(done, others)
    with pytest.raises(ValueError, match="not of batch 17"):
        statement.statement(done, [replace(each, batch_id=18) for each in ITEMS])


def test_the_name_of_a_file_is_of_its_day_currency_and_first_batch() -> None:
    name = payout_file.name_of([PAYOUTS[1], PAYOUTS[0]], Mode.LIVE, NOW)
    assert name == "2030-05-17-KWD-17"
