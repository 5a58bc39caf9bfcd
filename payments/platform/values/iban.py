"""International bank account numbers (ISO 13616): their form and check digits, not whether the account exists."""

import re
from enum import Enum
from typing import Final

LONGEST: Final = 34
_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


class NoIban(Enum):
    """The type of NO_IBAN."""

    NO_IBAN = "none"


NO_IBAN: Final = NoIban.NO_IBAN
"""Instead of a new number: the one that is there is removed."""


def iban(text: str) -> str:
    """The number without spaces and in capitals. Raises ValueError when its form or its check digits are wrong."""
    number = text.replace(" ", "").upper() if text.isascii() else ""
    if not _FORM.fullmatch(number):
        raise ValueError("an IBAN has two letters, two digits and 11 to 30 letters or digits")
    digits = "".join(str(int(character, 36)) for character in number[4:] + number[:4])
    if int(digits) % 97 != 1:
        raise ValueError("the check digits of this IBAN are wrong")
    return number
