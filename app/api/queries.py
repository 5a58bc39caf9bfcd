"""Reads query strings: cursors, limits, choices, merchants. Raises ValidationFailed with the field."""

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import request

from app import messages
from app.api.schemas import LONGEST_MERCHANT_ID
from app.http.errors import invalid
from payments.platform.json_types import LARGEST_ID
from payments.platform.values import sensitive, texts
from payments.platform.values.money import DECIMALS, MAX_AMOUNT

LARGEST_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
TEXT_CURSOR: Final = "([A-Za-z0-9_-]{4}){0,42}[A-Za-z0-9_-]{2,4}"
"""A text of up to 128 bytes in base64url without padding; every match is a valid cursor."""
CURSOR: Final = "(([MN][DTjz]|O[DT])[AEIMQUYcgk][w-z0-5]){6}"
"""An id of 18 digits in base64url; every match is a valid cursor, so OpenAPI describes cursors exactly."""

_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[Zz]|([+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))"
)
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def merchant() -> str | None:
    """The merchantId, or None."""
    return identifier("merchantId", LONGEST_MERCHANT_ID)


def identifier(name: str, longest: int) -> str | None:
    """A text of at most `longest` characters that is not only white space, or None."""
    text = request.args.get(name)
    if text is None:
        return None
    if not 1 <= len(text) <= longest:
        raise invalid(name, messages.length(longest))
    fault = texts.fault(text)
    if fault is not None:
        raise invalid(name, fault)
    return text


def prose(name: str, longest: int) -> str:
    """A text of at most `longest` characters that people write and that is stored; it has to be there."""
    text = identifier(name, longest)
    if text is None:
        raise invalid(name, messages.MISSING)
    fault = texts.fault_of_prose(text) or sensitive.fault(text)
    if fault is not None:
        raise invalid(name, fault)
    return text


def choice(name: str, choices: Iterable[str]) -> str | None:
    """One of `choices`, or None."""
    text = request.args.get(name)
    if text is not None and text not in (known := [str(one) for one in choices]):
        raise invalid(name, messages.one_of(known))
    return text


def limit() -> int:
    """How many items a page may have."""
    return _number("limit", request.args.get("limit", str(DEFAULT_LIMIT)), LARGEST_LIMIT)


def number(name: str) -> int | None:
    """An id, or None."""
    text = request.args.get(name)
    return None if text is None else _number(name, text, LARGEST_ID)


def _number(name: str, text: str, largest: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= largest:
        return int(text)
    raise invalid(name, messages.whole_number(largest))


def cursor() -> int | None:
    """The id after which the page begins, from the nextCursor of the page before; None for the first."""
    text = request.args.get("cursor")
    if text is None:
        return None
    if not re.fullmatch(CURSOR, text):
        raise invalid("cursor", messages.NOT_A_CURSOR)
    return int(base64.urlsafe_b64decode(text))


def text_cursor() -> str:
    """The text id after which the page begins, from the nextCursor of the page before; empty for the first."""
    text = request.args.get("cursor")
    if text is None:
        return ""
    if not re.fullmatch(TEXT_CURSOR, text):
        raise invalid("cursor", messages.NOT_A_CURSOR)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")


def cursor_after_text(last: str | None) -> str | None:
    """The cursor of the page that begins after the text id `last`; None: there is no further page."""
    return None if last is None else base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def cursor_after(last: int) -> str:
    """The cursor of the page that begins after the id `last`."""
    return base64.urlsafe_b64encode(f"{last:018d}".encode()).decode()


def matching(name: str, pattern: str) -> str | None:
    """A text that matches the pattern as a whole, or None."""
    text = request.args.get(name)
    if text is not None and not re.fullmatch(pattern, text):
        raise invalid(name, messages.matching(pattern))
    return text


def currency() -> str | None:
    """The code of a circulating currency, or None."""
    code = request.args.get("currency")
    if code is not None and code not in DECIMALS:
        raise invalid("currency", messages.NOT_A_CURRENCY)
    return code


def amount(name: str) -> int | None:
    """An amount of one payment in minor units, or None."""
    text = request.args.get(name)
    return None if text is None else _number(name, text, MAX_AMOUNT)


def moment(name: str) -> datetime | None:
    """A time of RFC 3339 in UTC, or None. What is finer than a microsecond is rounded up."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return moment_of(text)
    except ValueError:
        raise invalid(name, messages.NOT_A_TIME) from None


def moment_of(text: str) -> datetime:
    """The time of RFC 3339 in UTC, as `moment`. Raises ValueError for any other text."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError
    date, minute, second, fraction, offset = found.groups()
    if date.startswith("0000"):
        return _EARLIEST
    if int(second) > 60:
        raise ValueError
    at = datetime.fromisoformat(f"{date}T{minute}:00{offset or '+00:00'}")
    micros = -(-int((fraction or ".0")[1:]) * 1_000_000 // 10 ** len((fraction or ".0")[1:]))
    try:
        return at.astimezone(UTC) + timedelta(seconds=int(second), microseconds=micros)
    except OverflowError:  # beyond the years that times can have: earlier or later than every payment
        return _EARLIEST if at.year == 1 else _LATEST
