"""IBANs by ISO 13616: checked by their check digits (ISO 7064, mod 97). Pure; no list of countries or of banks."""

import re
from typing import Final

LONGEST: Final = 34
"""Characters, without spaces."""
PATTERN: Final = "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
"""The shortest that a country has (Norway's) has 15."""
_AS_WRITTEN: Final = re.compile(r"[A-Za-z0-9 ]+", re.ASCII)


def normalized(text: str) -> str:
    """The IBAN without spaces, in upper case. Raises ValueError when it is none."""
    if not _AS_WRITTEN.fullmatch(text):
        raise ValueError("must be an IBAN")
    iban = text.replace(" ", "").upper()
    if not re.fullmatch(PATTERN, iban):
        raise ValueError("must be an IBAN")
    if int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 != 1:
        raise ValueError("must be an IBAN whose check digits are right")
    return iban
