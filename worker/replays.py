"""The message that a dead letter's replay is: value, key and headers as they came, and the number of the letter."""

from payments.dead_letters.changes import HEADERS, KEY, KEY_ENCODING
from payments.dead_letters.kept_message import as_bytes, headers_from_text
from payments.outbox.store import DEAD_LETTER_HEADER, ENCODING_HEADER, OutboxRow
from payments.platform.kafka_answers import OutgoingMessage


def replay_of(event: OutboxRow) -> OutgoingMessage:
    """What is published of a replay's outbox row.

    Without key or headers where the letter has none. The message may itself have named a letter: ours takes its place.
    """
    stored = event.headers
    key = stored.get(KEY)
    headers: list[tuple[str, str | bytes | None]] = [
        header for header in headers_from_text(stored.get(HEADERS, "[]")) if header[0] != DEAD_LETTER_HEADER
    ]
    return OutgoingMessage(
        event.topic,
        None if key is None else as_bytes(key, stored.get(KEY_ENCODING)),
        as_bytes(event.payload, stored.get(ENCODING_HEADER)),
        [*headers, (DEAD_LETTER_HEADER, stored[DEAD_LETTER_HEADER])],
    )
