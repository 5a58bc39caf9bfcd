"""Card numbers in texts: found by form, issuer's prefix and Luhn's digit, so that none is stored or logged.

Digits within letters (UUIDs, hashes) or within a longer number do not count. ISO/IEC 7812-1 defines the form.
"""

import re
from typing import Final

MASK: Final = "[card number]"
REFUSAL: Final = "must not contain a card number; if this is not a card number, prefix it with a letter"
"""The message for a text that people write and that would be stored."""

_GROUPED: Final = r"[0-9]{4}([ ._-])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{4}([ ._-])[0-9]{6}\2[0-9]{4,5}"
_FORM: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?<![0-9][ ._-])(?:[0-9]{{13,19}}|{_GROUPED})(?![0-9A-Za-z])(?![ ._-][0-9])"
)
_SEPARATORS: Final = re.compile("[ ._-]")
_ISSUER: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|(?:352[89]|35[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|62[0-9]{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{8,15}"  # Maestro
    r"|9[0-9]{15}"  # cards for use in Korea only
)


def contains(text: str) -> bool:
    """Whether there is a card number in `text`."""
    return any(_is_card(match.group()) for match in _FORM.finditer(text))


def mask(text: str) -> str:
    """`text` with MASK in the place of each card number."""
    return _FORM.sub(lambda match: MASK if _is_card(match.group()) else match.group(), text)


def _is_card(found: str) -> bool:
    digits = _SEPARATORS.sub("", found)
    return _ISSUER.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0
