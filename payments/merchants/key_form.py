"""The text of an API key: `po_{live|test|oper}_{cell}{id}_{secret}{crc}`, in base62. Pure but for the random source.

The CRC-32 covers all before it, as in GitHub's tokens: junk and misspelt keys are refused without a look-up, and a
scanner of repositories has no false alarms.
"""

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zlib import crc32

_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM: Final = re.compile(r"(po_(live|test|oper)_([0-9A-Za-z]{2})([0-9A-Za-z]{10})_([0-9A-Za-z]{32}))([0-9A-Za-z]{6})")
CELL: Final = "00"
"""The cell of all merchants for now: which set of machines keeps them."""
ID_LENGTH: Final = 10
ID_PART: Final = slice(10, 20)
"""Where the id stands in a key's text."""
SECRET_LENGTH: Final = 32
"""32 characters of base62: 190 random bits, so a fast hash is safe where a password's would not be."""
_CRC_LENGTH: Final = 6
LAST: Final = 4
"""Characters at the end of a key that are stored and shown, so that people can tell keys apart."""


class Prefix(StrEnum):
    """What a key opens: a live or a test merchant, or operators' routes."""

    LIVE = "live"
    TEST = "test"
    OPERATOR = "oper"


@dataclass(frozen=True, slots=True)
class KeyText:
    """A well-formed key; `text` is the whole of it and a secret."""

    text: str
    prefix: Prefix
    cell: str
    key_id: str

    def __repr__(self) -> str:
        return f"KeyText(po_{self.prefix}_{self.cell}{self.key_id}_…)"

    @property
    def last(self) -> str:
        """Its last characters."""
        return self.text[-LAST:]


def new_key(prefix: Prefix, choose: Callable[[str], str] = secrets.choice) -> KeyText:
    """A new key with a random id and secret; `choose` picks one character."""
    key_id, secret = ("".join(choose(_BASE62) for _ in range(length)) for length in (ID_LENGTH, SECRET_LENGTH))
    head = f"po_{prefix}_{CELL}{key_id}_{secret}"
    return KeyText(head + _checksum(head), prefix, CELL, key_id)


def parse(text: str) -> KeyText | None:
    """The parts of a key; None when it has another form, or its checksum is wrong. Never raises."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(found[1]) != found[6]:
        return None
    return KeyText(text, Prefix(found[2]), found[3], found[4])


def keys_in(text: str) -> list[KeyText]:
    """The keys in a text, by form and checksum, each as often as it is there; for scanners."""
    found = (parse(match.group()) for match in _FORM.finditer(text))
    return [key for key in found if key is not None]


def _checksum(head: str) -> str:
    value, digits = crc32(head.encode()), ""
    for _ in range(_CRC_LENGTH):
        value, digit = divmod(value, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
