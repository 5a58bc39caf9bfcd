"""Hashes of API keys: BLAKE2b-256, keyed with a pepper that is not in the database. A stolen table opens nothing.

Keys are random, so a slow hash would protect nothing and cost each request its time.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from payments.merchants.key_form import KeyText

SHORTEST_PEPPER: Final = 32
"""Characters. 32 of hexadecimal are 128 bits."""
LONGEST_PEPPER: Final = 64
"""Bytes that BLAKE2b takes as a key."""


@dataclass(frozen=True, slots=True)
class Peppers:
    """The peppers by number, from 1; the last one hashes new keys. Two at a time while one replaces the other."""

    values: Sequence[tuple[int, bytes]]

    def __repr__(self) -> str:
        return f"Peppers({[number for number, _ in self.values]})"

    def hash(self, key: KeyText) -> tuple[str, int]:
        """The hash (64 hexadecimal digits) to store for a new key, and the number of its pepper."""
        number, pepper = self.values[-1]
        return _hash(pepper, key.text), number

    def know(self, number: int) -> bool:
        """Whether there is a pepper with this number."""
        return any(number == known for known, _ in self.values)

    def matches(self, text: str, stored: str, number: int) -> bool:
        """Whether `stored` is the hash of a key's text under this pepper, in constant time. False for one not known."""
        return any(
            number == known and hmac.compare_digest(_hash(pepper, text), stored) for known, pepper in self.values
        )


def _hash(pepper: bytes, text: str) -> str:
    return blake2b(text.encode(), digest_size=32, key=pepper).hexdigest()
