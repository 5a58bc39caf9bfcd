"""Stored answers in `idem_response_cache`, by (merchant, operation, key), byte for byte.

When an answer is pruned, the row of a capture, refund or void stays as a record of the used key.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from payments.payment.answers import StoredAnswer
from payments.payment.commands import Key
from payments.platform.key_lookup import rows_by_keys
from payments.platform.tables import idem_response_cache as table
from payments.platform.writing import Insert, as_text, write

_COLUMNS: Final = (*Key._fields, "request_digest", "http_status", "response_body", "created_at")
_FOUND: Final = (*Key._fields, "request_digest", "http_status", "response_body")
_ANSWER: Final = ("http_status", "response_body", "created_at")
ONLY_THE_KEY_AT: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`created_at` of rows without an answer: reserved rows, which are filled before their transaction ends, and rows whose
answer was pruned. So scans by time do not find them."""
ONLY_THE_KEY: Final = {"request_digest": "", "http_status": 0, "response_body": "", "created_at": ONLY_THE_KEY_AT}
"""The values of a row whose answer was pruned."""


def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, StoredAnswer]:
    """The stored answers of `keys`; for a key whose answer was pruned, an expired one."""
    rows = rows_by_keys(connection, table.name, _FOUND, Key._fields, keys)
    return {Key(*row[:3]): StoredAnswer(*row[3:]) for row in rows}


def addition(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """An Insert of answers whose keys are new; it fails with sqlalchemy's IntegrityError when one is not."""
    at = as_text(now)
    rows = [(*key, answer.digest, answer.status, answer.body, at) for key, answer in sorted(answers.items())]
    return Insert(table.name, _COLUMNS, rows)


def reserve(connection: Connection, digests: Mapping[Key, str]) -> None:
    """Insert the rows of keys before their payments are locked; `filling` completes them in the same transaction.

    Waits while another transaction holds one of them; raises sqlalchemy IntegrityError when that one committed.
    """
    answers = {key: StoredAnswer(digest, 0, "") for key, digest in digests.items()}
    write(connection, addition(answers, ONLY_THE_KEY_AT))


def filling(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """An Insert that writes the answers of reserved rows."""
    return addition(answers, now)._replace(keys=Key._fields, changed=_ANSWER)
