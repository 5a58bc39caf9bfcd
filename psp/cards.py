"""Test cards: which numbers are taken, and what becomes of their tokens. Pure; numbers are compared, never kept."""

from datetime import date
from enum import StrEnum
from typing import Final


class TokenKind(StrEnum):
    """What an authorization with the token ends in."""

    APPROVED = "approved"
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    PROCESSING_ERROR = "processing_error"
    DISPUTE_LATER = "dispute_later"
    """Approved; a day after each capture the cardholder disputes it."""


TEST_NUMBERS: Final = {
    "4242424242424242": ("visa", TokenKind.APPROVED),
    "5555555555554444": ("mastercard", TokenKind.APPROVED),
    "378282246310005": ("amex", TokenKind.APPROVED),
    "4000000000000002": ("visa", TokenKind.DECLINED),
    "4000000000009995": ("visa", TokenKind.INSUFFICIENT_FUNDS),
    "4000000000000069": ("visa", TokenKind.EXPIRED_CARD),
    "4000000000000119": ("visa", TokenKind.PROCESSING_ERROR),
    "4000000000000259": ("visa", TokenKind.DISPUTE_LATER),
}
"""Stripe's public test numbers → brand and kind. Any other number is refused: it might be somebody's."""

FIXED_TOKENS: Final = {f"tok_{kind.value}": kind for kind in TokenKind}
"""Tokens that exist without a card, for tests and load."""

APPROVED_KINDS: Final = frozenset({TokenKind.APPROVED, TokenKind.DISPUTE_LATER})

_SHORTEST, _LONGEST = 13, 19
"""Digits of a card number (ISO/IEC 7812-1)."""


def is_card_number(text: str) -> bool:
    """Whether all of `text` is digits that could be a card number: its length, and its check digit (Luhn)."""
    if not (text.isascii() and text.isdecimal() and _SHORTEST <= len(text) <= _LONGEST):
        return False
    total = 0
    for place, digit in enumerate(reversed(text)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def ends(expiry: str) -> date:
    """The first day on which a card with this expiry (MM/YY) is no longer good."""
    month, year = int(expiry[:2]), 2000 + int(expiry[3:])
    return date(year + month // 12, month % 12 + 1, 1)
