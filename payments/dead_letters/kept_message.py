"""The stored form of a Kafka message: payload, key and headers as text, and back to bytes for a replay."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

LARGEST_PAYLOAD: Final = 4 * 1024 * 1024
"""Bytes of a value that are stored. Escaped, they still fit into one statement (MariaDB's default: 16 MiB)."""
LONGEST_KEY: Final = 8192
"""Bytes of a message key; a longer one is not stored."""
LONGEST_HEADERS: Final = 16_384
"""Bytes of the JSON text of all headers. Twice this and twice the key fit into the outbox's headers (64 KiB)."""

Headers = Sequence[tuple[str, bytes | None]]

_BASE64: Final = "base64"
_ESCAPED_SIXFOLD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""JSON needs six characters for each of these, and some readers stop at a NUL: base64 is shorter and safer."""
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def as_text(value: bytes) -> tuple[str, str | None]:
    """The text of `value` and None; or, where it is not plain UTF-8 text, its base64 and "base64"."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if _ESCAPED_SIXFOLD.search(text):
        return base64.b64encode(value).decode("ascii"), _BASE64
    return text, None


def as_bytes(text: str, encoding: str | None) -> bytes:
    """The inverse of `as_text`."""
    return base64.b64decode(text) if encoding == _BASE64 else text.encode()


def key_as_text(key: bytes | None) -> tuple[str | None, str | None]:
    """As `as_text`; (None, None) for no key, and for one that is too long."""
    return (None, None) if key is None or len(key) > LONGEST_KEY else as_text(key)


def headers_as_text(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """JSON: a list of [name, text], [name, base64, "base64"] and [name, null], in their order, including repeats.

    Omits headers that do not fit into LONGEST_HEADERS.
    """
    kept, size = [], len("[]")
    for name, value in headers:
        text, encoding = (None, None) if value is None else as_text(value)
        item = _encode([name, text] if encoding is None else [name, text, encoding])
        length = len(item.encode()) + len(",")
        if size + length <= LONGEST_HEADERS:
            kept.append(item)
            size += length
    return f"[{','.join(kept)}]"


def headers_from_text(text: str) -> list[tuple[str, bytes | None]]:
    """The inverse of `headers_as_text`."""
    return [
        (name, None if value is None else as_bytes(value, encoding[0] if encoding else None))
        for name, value, *encoding in json.loads(text)
    ]
