"""The trace context of a payment's events, from the request to the posting (W3C Trace Context, level 1)."""

import re
from typing import Final

HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


def is_valid(traceparent: str) -> bool:
    """Whether `traceparent` is well-formed."""
    return _FORM.fullmatch(traceparent) is not None


def trace_id_of(traceparent: str) -> str:
    """The 32 hexadecimal digits that all spans of a trace share; empty when it is not a traceparent."""
    found = _FORM.fullmatch(traceparent)
    return found[1] if found else ""
