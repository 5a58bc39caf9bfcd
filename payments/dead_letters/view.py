"""Reads of dead letters, JSON-ready: one with its payload, and pages of summaries."""

from typing import Any, Final

import orjson
from sqlalchemy import Connection

from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.outbox.rules import format_time
from payments.platform.errors import NotFound
from payments.platform.paging import page

LONGEST_IN_LIST: Final = 256
"""Bytes of JSON that a text may have in a list; a single dead letter has it complete."""


def dead_letters(
    connection: Connection, topic: str | None, error_type: str | None, state: str | None, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of dead letters, newest first, and the id after which the next page begins (None: the last).

    Without payloads, and with long texts cut: at most 200 times 1.2 kB.
    """

    def read(behind: int | None, size: int) -> list[DeadLetter]:
        return dead_letter_store.page(
            connection, topic=topic, error_type=error_type, state=state, before=behind, limit=size
        )

    return page(read, _summary, lambda item: item.letter_id, before, limit)


def dead_letter(connection: Connection, letter_id: int) -> dict[str, Any]:
    """One dead letter. Raises NotFound."""
    found = dead_letter_store.get(connection, letter_id)
    if found is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    return _letter(found)


def _letter(letter: DeadLetter) -> dict[str, Any]:
    members = _source(letter)
    members["payload"] = letter.payload
    if letter.payload_encoding is not None:
        members["payloadEncoding"] = letter.payload_encoding
    return members | _condition(letter, letter.error_message, letter.discard_reason)


def _summary(letter: DeadLetter) -> dict[str, Any]:
    reason = None if letter.discard_reason is None else shortened(letter.discard_reason, LONGEST_IN_LIST)
    return _source(letter) | _condition(letter, shortened(letter.error_message, LONGEST_IN_LIST), reason)


def _source(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.letter_id,
        "originalTopic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
    }


def _condition(letter: DeadLetter, error_message: str, discard_reason: str | None) -> dict[str, Any]:
    members: dict[str, Any] = {
        "errorType": letter.error_type,
        "errorMessage": error_message,
        "timestamp": format_time(letter.created_at),
        "state": letter.state,
        "attempts": letter.attempts,
    }
    if discard_reason is not None:
        members["discardReason"] = discard_reason
    return members


def shortened(text: str, size: int) -> str:
    """`text`, or its beginning and "…", in no more than `size` bytes of JSON."""
    if len(orjson.dumps(text)) <= size:
        return text
    kept = text[:size]
    while len(orjson.dumps(kept)) > size - len("…".encode()):
        kept = kept[: len(kept) * 7 // 8]
    return kept + "…"
