"""A payout file that a bank carries out: ISO 20022's pain.001, of SEPA credit transfers in EUR.

`sepaxml` makes its structure and checks it against the schema; it is imported when a file is written.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

SCHEMA: Final = "pain.001.001.09"
CURRENCY: Final = "EUR"
LARGEST_TRANSFER: Final = 99_999_999_999
"""Cents: more is no SEPA credit transfer."""
LONGEST_NAME: Final = 70
_NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9?:().,'+ -]+")
"""What is not of the characters that every bank in SEPA takes; the slash has rules of its own."""


class Account(NamedTuple):
    """Who is paid, or pays, and where."""

    name: str
    iban: str


class Transfer(NamedTuple):
    """What one merchant is paid for one batch, in cents."""

    batch_id: int
    merchant_id: str
    to: Account
    amount: int


def write(name: str, debtor: Account, transfers: Sequence[Transfer], now: datetime) -> bytes:
    """The file called `name` (at most 35 characters of SEPA): transfers from `debtor`, wanted on the day of `now`.

    Its name is its message's id, by which a bank refuses the same file a second time. Raises ValueError for none, a
    batch twice, or an amount that is no SEPA transfer; sepaxml's ValidationError when the schema does not allow it.
    """
    from sepaxml import SepaTransfer  # noqa: PLC0415  (only who writes such a file loads it)
    from sepaxml.validation import try_valid_xml  # noqa: PLC0415

    _check(transfers)
    account = {"name": _plain(debtor.name, "-"), "IBAN": debtor.iban, "currency": CURRENCY, "batch": True}
    document = SepaTransfer(account, schema=SCHEMA, clean=False)
    for each in transfers:
        document.add_payment(_payment(each, now))
    data = _named(document.export(validate=False), name, now)
    try_valid_xml(data, SCHEMA)
    return data


def _check(transfers: Sequence[Transfer]) -> None:
    if not transfers:
        raise ValueError("no transfers")
    if len({each.batch_id for each in transfers}) < len(transfers):
        raise ValueError("a batch twice")
    for each in transfers:
        if not 1 <= each.amount <= LARGEST_TRANSFER:
            raise ValueError(f"batch {each.batch_id}: {each.amount} cents are no SEPA transfer")


def _payment(of: Transfer, now: datetime) -> dict[str, object]:
    return {
        "name": _plain(of.to.name, _plain(of.merchant_id, "-")),
        "IBAN": of.to.iban,
        "amount": of.amount,
        "execution_date": now.astimezone(UTC).date(),
        "description": f"Settlement batch {of.batch_id}",
        "endtoend_id": f"batch-{of.batch_id}",
    }


def _plain(text: str, otherwise: str) -> str:
    """The text in characters that every bank takes; `otherwise` when nothing is left of it."""
    from text_unidecode import unidecode  # noqa: PLC0415

    return " ".join(_FOREIGN.sub(" ", unidecode(text)).split())[:LONGEST_NAME].strip() or otherwise


def _named(data: bytes, name: str, now: datetime) -> bytes:
    """The file with ids and a time of ours: sepaxml draws its ids, and asks this machine's clock."""
    document = ET.fromstring(data)  # noqa: S314  (made here)
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path, text in (("GrpHdr/MsgId", name), ("GrpHdr/CreDtTm", at), ("PmtInf/PmtInfId", name)):
        _find(document, path).text = text
    bank = _find(document, "PmtInf/DbtrAgt/FinInstnId")
    other = ET.SubElement(bank, f"{{{_NAMESPACE}}}Othr")
    ET.SubElement(other, f"{{{_NAMESPACE}}}Id").text = "NOTPROVIDED"  # the IBAN says which bank it is
    ET.register_namespace("", _NAMESPACE)  # without a prefix, as banks' examples have it
    written: bytes = ET.tostring(document, "utf-8", xml_declaration=True)
    return written


def _find(document: ET.Element, path: str) -> ET.Element:
    found = document.find("/".join(f"{{{_NAMESPACE}}}{step}" for step in ("CstmrCdtTrfInitn", *path.split("/"))))
    if found is None:
        raise ValueError(f"sepaxml wrote no {path}")
    return found
