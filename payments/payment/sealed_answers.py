"""Stored answers as authenticated bytes: written by this platform, for this key, and complete.

The seal is a BLAKE2b MAC with the platform's secret over the key and the value. A value that is truncated, changed, of
another key or of another platform opens as None.
"""

import hmac
from hashlib import blake2b
from typing import Final

from payments.payment.answers import StoredAnswer

_SEAL: Final = 16
"""Length of the seal in bytes."""


def seal(secret: bytes, key: str, answer: StoredAnswer) -> bytes:
    """The value to store at `key`."""
    value = f"{answer.digest}\n{answer.status}\n{answer.body}".encode()
    return _mac(secret, key, value) + value


def unseal(secret: bytes, key: str, stored: bytes) -> StoredAnswer | None:
    """The answer stored at `key`, or None when `seal` did not make it. Never raises."""
    value = stored[_SEAL:]
    if not hmac.compare_digest(_mac(secret, key, value), stored[:_SEAL]):
        return None
    try:
        digest, status, body = value.decode().split("\n", 2)
        return StoredAnswer(digest, int(status), body)
    except ValueError:  # written by a release with another format
        return None


def _mac(secret: bytes, key: str, value: bytes) -> bytes:
    name = key.encode()
    return blake2b(b"%d:%b%b" % (len(name), name, value), digest_size=_SEAL, key=secret).digest()
