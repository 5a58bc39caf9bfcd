"""Texts that must not be stored or logged: card numbers (`card_numbers`) and API keys, wherever they stand in a text.

An API key is found by its form, also with a wrong checksum or cut short: most of a secret is a secret.
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from payments.platform.values import card_numbers

MASK: Final = "[removed]"
REFUSAL: Final = "must not contain an API key; if one was sent anywhere, revoke it"
"""The message for a text that people write and that would be stored."""
_HASHED: Final = "payops-sha256:"
_API_KEY: Final = re.compile(r"(po_(?:live|test|oper)_[0-9a-z]{12}_)[0-9a-z]+", re.IGNORECASE)


def fault(text: str) -> str | None:
    """Why `text` cannot be stored (completes "NAME …"); None when it can."""
    if card_numbers.contains(text):
        return card_numbers.REFUSAL
    return REFUSAL if _API_KEY.search(text) else None


def mask(text: str) -> str:
    """`text` without card numbers and secrets of API keys; a key's prefix and public id stay."""
    return card_numbers.mask(_API_KEY.sub(rf"\1{MASK}", text))


def storable_key(key: str) -> str:
    """How an idempotency key is stored and shown: as it is, or as its SHA-256 where it has a card number or an API key.

    One random key in 60,000 looks like a card number and must be accepted; what is one must not be stored.
    Returns at most 64 characters when `key` has at most 64; different keys have different results.
    """
    if not key.startswith(_HASHED) and fault(key) is None:
        return key
    digest = urlsafe_b64encode(sha256(key.encode()).digest()).decode().rstrip("=")
    return _HASHED + digest
