"""Every sentence with which the HTTP API itself refuses a request: what is wrong, in which field, and what to do.

Faults complete "FIELD …". What a payment, dead letter or parked event does not allow is said by its own package.
"""

from collections.abc import Iterable
from typing import Final

# -- The request line, headers and codings
NOT_HTTP: Final = "The request is not valid HTTP/1.1 (RFC 9112)."
NOT_UNDERSTOOD: Final = "The request could not be understood."
REQUEST_LINE_TOO_LONG: Final = "The request line is too long."
HEADERS_TOO_LARGE: Final = "There are too many headers, or one of them is too long."
BAD_HEADER: Final = "A header is not valid (RFC 9110)."
EXPECTATION: Final = "Expect: 100-continue is the only expectation that the API supports."
TRANSFER_CODING: Final = "chunked is the only transfer coding that the API supports."
CONTENT_CODING: Final = "Send the body without a Content-Encoding."
GIVEN_ONCE: Final = "must be given once, with a valid value"
NOT_GIVEN_TWICE: Final = "must not be given twice"
ONE_VALUE: Final = "must have one value"
ONE_VALUE_WITHOUT_COMMA: Final = "must have one value, without a comma"
UTF_8: Final = "must be UTF-8"

# -- Paths, tokens and limits
NO_PATH: Final = "There is nothing at this path."
NO_METHOD: Final = "This path does not support this method; the header Allow names those that it does."
NO_PEPPER: Final = "This installation has no APP_KEY_PEPPER, so it has no keys."
NO_TOKEN: Final = "Send the admin token as Authorization: Bearer <token>."  # noqa: S105
TOO_MANY_TOKENS: Final = "Too many wrong keys or tokens from this address; wait for Retry-After seconds."
TOO_MANY_OF_ADDRESS: Final = "Too many requests from this address; wait for Retry-After seconds."
TOO_MANY_OF_MERCHANT: Final = "Too many requests of this merchant; wait for Retry-After seconds."

# -- Bodies, queries and keys
NOT_APPLICATION_JSON: Final = "Send the body as application/json."
BODY_TOO_LARGE: Final = "The body must not be larger than 16 KiB."
NOT_CSV: Final = "Send the file as text/csv."
FILE_TOO_LARGE: Final = "The file must not be larger than 8 MiB; a larger one is imported at a terminal."
BODY_TRUNCATED: Final = "The request body was truncated."
BODY_LATE: Final = "The request body did not arrive in time."
NOT_AN_OBJECT: Final = "must be a JSON object"
MISSING: Final = "is missing"
MISSING_KEY: Final = "is missing, in the body and as header Idempotency-Key"
UNKNOWN_FIELD: Final = "is not a field of this request"
NOT_ZERO: Final = "must not be 0"
MAXIMUM_BELOW_MINIMUM: Final = "must not be below minimum"
NOT_A_CURRENCY: Final = "must be the upper case ISO 4217 code of a circulating currency"
NOT_A_TIME: Final = "must be a time like 2025-10-27T06:16:28.123456Z (RFC 3339; write the + of an offset as %2B)"
NOT_A_CURSOR: Final = "must be a nextCursor of this list"
NO_CHANGE: Final = "must have state, connector, timeZone or iban"
NOT_AN_IBAN: Final = "must be an IBAN, with the right check digits"
NOT_CONNECTED: Final = "names an acquirer that this installation is not connected to"
KEYS_DIFFER: Final = "differs from the header Idempotency-Key"

# -- The commit queue
QUEUE_FULL: Final = "Too many requests are waiting; try again later."
QUEUE_SLOW: Final = "The database is slower than the requests; try again later."
STILL_RUNNING: Final = "The request is still running; repeat it with the same key."
FIRST_STILL_RUNNING: Final = "The first request with this key is still running; repeat it later."
KEY_IN_USE: Final = "This idempotency key is being used by another request; use a new key for a new request."

# -- The database
NO_ANSWER_IN_TIME: Final = "The database does not answer in time; try again."
NO_ANSWER: Final = "The database does not answer; try again."
READ_TOO_LONG: Final = "The database takes too long to find this; ask for less, or try again later."
NOTHING_DONE: Final = "The connection to the database was lost and nothing was done; try again."
COMMIT_UNKNOWN: Final = "The commit failed, or its answer was lost; check whether it was done."
DONE_AND_NOT_SHOWN: Final = "It is stored, but the database does not answer any more; look at it before you try again."

# -- Errors of our own
CRASHED: Final = "An error occurred on our side and was logged; try again."
CRASHED_WRITE: Final = "An error occurred on our side and was logged; repeat the request with the same key."


def not_json(why: str) -> str:
    """`why`: what is wrong with the text."""
    return f"The body is not JSON: {why}."


def length(longest: int) -> str:
    """A fault of a text; characters."""
    return f"must have 1 to {longest} characters"


def whole_number(largest: int) -> str:
    """A fault of a number."""
    return f"must be a whole number from 1 to {largest}"


def matching(pattern: str) -> str:
    """A fault of a text."""
    return f"must match {pattern}"


def not_beside(name: str) -> str:
    """A fault of a field that means the same as the field `name`."""
    return f"must not be sent together with {name}"


def needed_with(name: str) -> str:
    """A fault of a field that is absent beside the field `name`."""
    return f"must be sent together with {name}"


def at_least(name: str) -> str:
    """A fault of the end of a range that begins with the field `name`."""
    return f"must not be less than {name}"


def one_of(names: Iterable[str]) -> str:
    """A fault of a choice."""
    return f"must be one of {', '.join(names)}"


def forwarded_for(proxies: int) -> str:
    """A fault of X-Forwarded-For; `proxies` are trusted."""
    return f"must have at most {proxies} addresses, one of each trusted proxy"


def breaker_cannot_move(state: str) -> str:
    """The breaker refuses an operator's command."""
    return f"The circuit breaker cannot go to {state} from its present state."
