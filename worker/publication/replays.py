"""The message of a dead letter's replay: the original value, key and headers, and the dead letter's id."""

from payments.dead_letters.changes import HEADERS, KEY, KEY_ENCODING
from payments.dead_letters.kept_message import as_bytes, headers_from_text
from payments.outbox.store import DEAD_LETTER_HEADER, ENCODING_HEADER, ClaimedEvent
from payments.platform.kafka.answers import OutgoingMessage


def replay_of(event: ClaimedEvent) -> OutgoingMessage:
    """The message of a replay's outbox row.

    Without key or headers if the dead letter has none. Replaces a deadLetterId header of the original message.
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
