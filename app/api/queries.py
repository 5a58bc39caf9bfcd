"""Reads query strings: cursors, limits, choices, merchants. Raises ValidationFailed with the field."""

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from flask import request

from app import messages
from app.api.schemas import LONGEST_MERCHANT_ID
from app.http.errors import invalid
from payments.platform import texts
from payments.platform.json_types import LARGEST_ID

LARGEST_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
CURSOR: Final = "(([MN][DTjz]|O[DT])[AEIMQUYcgk][w-z0-5]){6}"
"""An id of 18 digits in base64url; every match is a valid cursor, so OpenAPI describes cursors exactly."""


def required_merchant() -> str:
    """The merchantId."""
    found = merchant()
    if found is None:
        raise invalid("merchantId", messages.MISSING)
    return found


def merchant() -> str | None:
    """The merchantId, or None."""
    text = request.args.get("merchantId")
    if text is None:
        return None
    if not 1 <= len(text) <= LONGEST_MERCHANT_ID:
        raise invalid("merchantId", messages.length(LONGEST_MERCHANT_ID))
    fault = texts.fault(text)
    if fault is not None:
        raise invalid("merchantId", fault)
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


def cursor_after(last: int) -> str:
    """The cursor of the page that begins after the id `last`."""
    return base64.urlsafe_b64encode(f"{last:018d}".encode()).decode()


_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def moment(name: str) -> datetime | None:
    """A time in UTC, or None. Digits after the microseconds are ignored."""
    text = request.args.get(name)
    if text is None:
        return None
    if not _MOMENT.fullmatch(text.upper()):
        raise invalid(name, messages.NOT_A_TIME)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError:
        raise invalid(name, messages.NOT_A_TIME) from None
    except OverflowError:  # in UTC before the year 1, or after 9999
        return _FIRST if text.startswith("0001") else _LAST
