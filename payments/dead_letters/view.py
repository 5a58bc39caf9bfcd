"""Dead letters as they are shown: one with its payload, and pages of summaries."""

from dataclasses import dataclass, field
from typing import Annotated, Final

import orjson
from sqlalchemy import Connection

from payments.dead_letters import store as dead_letter_store
from payments.outbox.rules import format_time
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, Keywords, OneOf, OptionalMember, Time
from payments.platform.paging import page
from payments.platform.states import DeadLetterState

LONGEST_IN_LIST: Final = 256
"""Bytes of JSON that a text may have in a list; a single dead letter has it complete."""

StateName = Annotated[str, OneOf(DeadLetterState)]
Encoding = Annotated[str, Keywords(const="base64")]


@dataclass(frozen=True, slots=True)
class DeadLetterSummary(JsonObject):
    """A message that could not be posted, without its payload; long texts are cut and end in "…"."""

    id: Identifier
    original_topic: str
    partition: Count
    offset: Count
    error_type: str
    error_message: str
    timestamp: Time
    state: StateName
    attempts: Count
    discard_reason: OptionalMember[str] = None


@dataclass(frozen=True, slots=True)
class DeadLetter(JsonObject):
    """A message that could not be posted, with its payload."""

    id: Identifier
    original_topic: str
    partition: Count
    offset: Count
    payload: str = field(kw_only=True)  # these two are last in OpenAPI
    payload_encoding: OptionalMember[Encoding] = field(default=None, kw_only=True)
    error_type: str
    error_message: str
    timestamp: Time
    state: StateName
    attempts: Count
    discard_reason: OptionalMember[str] = None


def dead_letters(
    connection: Connection, topic: str | None, error_type: str | None, state: str | None, before: int | None, limit: int
) -> tuple[list[DeadLetterSummary], int | None]:
    """A page of dead letters, newest first, and the id after which the next page begins (None: the last).

    Without payloads, and with long texts cut: at most 200 times 1.2 kB.
    """

    def read(behind: int | None, size: int) -> list[dead_letter_store.DeadLetter]:
        return dead_letter_store.page(
            connection, topic=topic, error_type=error_type, state=state, before=behind, limit=size
        )

    return page(read, _summary, lambda item: item.letter_id, before, limit)


def of_payment(connection: Connection, payment_id: int, limit: int) -> list[DeadLetterSummary]:
    """The newest `limit` dead letters of messages with the payment's key."""
    return [_summary(letter) for letter in dead_letter_store.of_key(connection, str(payment_id), limit)]


def dead_letter(connection: Connection, letter_id: int) -> DeadLetter:
    """One dead letter. Raises NotFound."""
    found = dead_letter_store.get(connection, letter_id)
    if found is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    return _letter(found)


def _letter(letter: dead_letter_store.DeadLetter) -> DeadLetter:
    return DeadLetter(
        id=letter.letter_id,
        original_topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        payload=letter.payload,
        payload_encoding=letter.payload_encoding,
        error_type=letter.error_type,
        error_message=letter.error_message,
        timestamp=format_time(letter.created_at),
        state=letter.state,
        attempts=letter.attempts,
        discard_reason=letter.discard_reason,
    )


def _summary(letter: dead_letter_store.DeadLetter) -> DeadLetterSummary:
    reason = letter.discard_reason
    return DeadLetterSummary(
        id=letter.letter_id,
        original_topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        error_type=letter.error_type,
        error_message=shortened(letter.error_message, LONGEST_IN_LIST),
        timestamp=format_time(letter.created_at),
        state=letter.state,
        attempts=letter.attempts,
        discard_reason=None if reason is None else shortened(reason, LONGEST_IN_LIST),
    )


def shortened(text: str, size: int) -> str:
    """`text`, or its beginning and "…", in no more than `size` bytes of JSON."""
    if len(orjson.dumps(text)) <= size:
        return text
    kept = text[:size]
    while len(orjson.dumps(kept)) > size - len("…".encode()):
        kept = kept[: len(kept) * 7 // 8]
    return kept + "…"
