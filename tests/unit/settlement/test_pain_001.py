"""Files of SEPA transfers: read back by hand, valid by the schema, and what banks would refuse is not written."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.settlement.pain_001 import LARGEST_TRANSFER, Account, Transfer, write
from tests.unit.settlement.examples import NOW

OURS = Account("Payops GmbH", "DE89370400440532013000")
THEIRS = Account("Café Müller & Söhne", "NL91ABNA0417164300")
NAME = "2030-05-17-EUR-17"
NAMES = {"": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def transfer(batch_id: int = 17, amount: int = 98_405, to: Account = THEIRS, merchant_id: str = "M123") -> Transfer:
    return Transfer(batch_id, merchant_id, to, amount)


def texts(data: bytes, path: str) -> list[str | None]:
    document = ET.fromstring(data)  # noqa: S314  (written here)
    return [found.text for found in document.iterfind(f".//{path}", NAMES)]


def test_a_file_by_hand() -> None:
    data = write(NAME, OURS, [transfer(), transfer(18, 5)], NOW)
    assert data.startswith(b"<?xml")
    assert texts(data, "MsgId") == texts(data, "PmtInfId") == [NAME]
    assert texts(data, "CreDtTm") == ["2030-05-17T12:00:00Z"]
    assert texts(data, "ReqdExctnDt/Dt") == ["2030-05-17"]
    assert texts(data, "CtrlSum") == ["984.10", "984.10"]
    assert texts(data, "NbOfTxs") == ["2", "2"]
    assert texts(data, "DbtrAcct/Id/IBAN") == [OURS.iban]
    assert texts(data, "CdtrAcct/Id/IBAN") == [THEIRS.iban] * 2
    assert texts(data, "Cdtr/Nm") == ["Cafe Muller Sohne"] * 2
    assert texts(data, "InstdAmt") == ["984.05", "0.05"]
    assert texts(data, "EndToEndId") == ["batch-17", "batch-18"]
    assert texts(data, "Ustrd") == ["Settlement batch 17", "Settlement batch 18"]
    assert texts(data, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]


def test_the_same_payouts_are_the_same_bytes() -> None:
    assert write(NAME, OURS, [transfer()], NOW) == write(NAME, OURS, [transfer()], NOW)


@pytest.mark.parametrize(
    ("name", "shown"), [("가나다", "ganada"), ("🙂", "M123"), ("//a/b//", "a b"), ("x" * 100, "x" * 70)]
)
def test_names_in_characters_that_every_bank_takes(name: str, shown: str) -> None:
    data = write(NAME, OURS, [transfer(to=Account(name, THEIRS.iban))], NOW)
    assert texts(data, "Cdtr/Nm") == [shown]


@settings(max_examples=25)  # each is checked against the schema
@given(st.text(max_size=90), st.text(max_size=90), st.integers(1, LARGEST_TRANSFER))
def test_any_name_and_amount_is_valid(ours: str, theirs: str, amount: int) -> None:
    to = Account(theirs, THEIRS.iban)
    data = write(NAME, Account(ours, OURS.iban), [transfer(to=to, amount=amount, merchant_id=ours)], NOW)
    (shown,) = texts(data, "InstdAmt")
    assert shown == f"{amount // 100}.{amount % 100:02d}"


@pytest.mark.parametrize(
    ("transfers", "said"),
    [
        ([], "no transfers"),
        ([transfer(), transfer()], "batch twice"),
        ([transfer(amount=0)], "batch 17: 0 cents"),
        ([transfer(18, LARGEST_TRANSFER + 1)], "batch 18: 100000000000 cents"),
    ],
)
def test_transfers_that_are_no_file(transfers: list[Transfer], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write(NAME, OURS, transfers, NOW)


def test_an_account_that_cannot_be_is_not_written() -> None:
    from sepaxml.validation import ValidationError

    with pytest.raises(ValidationError):
        write(NAME, OURS, [transfer(to=Account("x", "no account"))], NOW)
