"""Checks messages against the outbox: which may be posted, which are repeated, which become dead letters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson
from sqlalchemy import Connection

from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.kept_message import LARGEST_PAYLOAD, Headers, as_text, headers_as_text, key_as_text
from payments.dead_letters.rules import ErrorType
from payments.dead_letters.store import DeadLetter
from payments.ledger import inbox_store, stored_event
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.received import InvalidEvent, InvalidJson, ReceivedEvent, read_event
from payments.ledger.rules import postings
from payments.ledger.stored_event import StoredEvent
from payments.payment import store as payment_store

LONGEST_MESSAGE: Final = 1000
"""Characters of a dead letter's error message."""
_SHOWN: Final = 40


class Message(NamedTuple):
    """One Kafka message; `timestamp` is the broker's, in ms since 1970 (-1: none).

    `letter_id` is the dead letter whose replay it claims to be, `traceparent` its trace: both are from its headers, and
    nothing is posted because of them. `unreadable` says what the Kafka client could not read of it ("": nothing).
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    letter_id: int | None = None
    traceparent: str = ""
    headers: Headers = ()
    unreadable: str = ""


class Rejected(NamedTuple):
    """Why a message is a dead letter: its type and a sentence."""

    error_type: ErrorType
    error_message: str


class Repeated(NamedTuple):
    """The event is posted already."""

    event_id: int


CheckResult = PostedEvent | Repeated | Rejected


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of the events of a batch. `posted`: event id → its payment."""

    payments: frozenset[int]
    events: dict[int, StoredEvent]
    posted: dict[int, int]


def read(message: Message) -> ReceivedEvent | Rejected:
    """Parse a message's value; eventId comes from the value only, never from the headers."""
    if message.unreadable:
        return Rejected(ErrorType.INVALID_EVENT, f"The message cannot be read: {message.unreadable}.")
    try:
        return read_event(message.topic, message.value or b"")
    except InvalidJson as error:
        return Rejected(ErrorType.INVALID_JSON, f"The message is not JSON: {error}.")
    except InvalidEvent as error:
        return Rejected(ErrorType.INVALID_EVENT, f"The message is not an event of its topic: {error}.")


def look_up(connection: Connection, events: Sequence[ReceivedEvent]) -> Known:
    """Read from the database what `check` needs, with one statement for the whole batch if the outbox has all of it."""
    event_ids = {event.event_id for event in events if event.event_id is not None}
    stored = stored_event.by_ids(connection, event_ids) if event_ids else {}
    posted = {event_id: event.payment_id for event_id, event in stored.items() if event.is_posted}
    if pruned := event_ids - stored.keys():  # read later than the outbox: what was pruned since then is posted
        posted |= inbox_store.known(connection, pruned)
    payments = {event.payment_id for event in stored.values() if event.has_payment}
    if others := {event.payment_id for event in events} - payments:
        payments |= payment_store.owners(connection, others).keys()
    return Known(frozenset(payments), stored, posted)


def check(received: Iterable[ReceivedEvent | Rejected], known: Known) -> list[CheckResult]:
    """The result of each message, in order. The second message of an event is Repeated, also within the batch."""
    found: list[CheckResult] = []
    posted = set(known.posted)
    for event in received:
        result = event if isinstance(event, Rejected) else _check(event, known)
        if isinstance(result, PostedEvent):
            if result.event_id in posted:
                result = Repeated(result.event_id)
            else:
                posted.add(result.event_id)
        found.append(result)
    return found


def _check(event: ReceivedEvent, known: Known) -> CheckResult:
    if event.payment_id not in known.payments:
        return Rejected(ErrorType.PAYMENT_NOT_FOUND, f"There is no payment {event.payment_id}.")
    if event.event_id is None:
        return Rejected(ErrorType.EVENT_NOT_FOUND, "The message has no eventId, so it cannot come from the outbox.")
    stored = known.events.get(event.event_id)
    if stored is None:
        if known.posted.get(event.event_id) == event.payment_id:  # posted long ago, and pruned from the outbox
            return Repeated(event.event_id)
        return Rejected(ErrorType.EVENT_NOT_FOUND, f"The outbox has no event {event.event_id}.")
    payload = orjson.loads(stored.payload)
    for field, said, true in (
        ("paymentId", event.payment_id, stored.payment_id),
        ("eventType", event.event_type.value, stored.event_type),
        ("amount", event.amount, payload["amount"]),
        ("currency", event.currency, payload["currency"]),
    ):
        if said != true:
            shown = ascii(said)[:_SHOWN]
            return Rejected(
                ErrorType.EVENT_MISMATCH,
                f"The message says {field} {shown}, event {event.event_id} of the outbox {true!r}.",
            )
    steps = postings(event.event_type, event.amount)
    return PostedEvent(event.event_id, event.payment_id, payload["currency"], stored.created_at, steps)


def replayed_dead_letters(connection: Connection, messages: Sequence[Message]) -> list[DeadLetter | None]:
    """For each message the dead letter of which it is a replay; None: it is not a replay.

    Topic and payload must match: a forged deadLetterId is ignored, and the message becomes a new dead letter.
    """
    ids = {message.letter_id for message in messages if message.letter_id is not None}
    if not ids:
        return [None] * len(messages)
    known = dead_letter_store.by_ids(connection, ids)
    letters = [known.get(message.letter_id or 0) for message in messages]
    return [
        letter
        if letter is not None
        and (letter.topic, letter.payload, letter.payload_encoding) == (message.topic, *_payload(message))
        else None
        for message, letter in zip(messages, letters, strict=True)
    ]


def dead_letter(message: Message, rejected: Rejected, cluster_id: str) -> DeadLetter:
    """The dead letter of a rejected message; its parts are stored unchanged, in base64 where they are not plain text.

    Of a value above LARGEST_PAYLOAD only the first bytes are stored, and the error message says so.
    """
    payload, encoding = _payload(message)
    key, key_encoding = key_as_text(message.key)
    size, error_message = len(message.value or b""), rejected.error_message[:LONGEST_MESSAGE]
    if size > LARGEST_PAYLOAD:
        error_message += f" Only {LARGEST_PAYLOAD} of its {size} bytes are kept."
    return DeadLetter(
        cluster_id=cluster_id,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=message.timestamp,
        payload=payload,
        payload_encoding=encoding,
        message_key=key,
        error_type=rejected.error_type,
        error_message=error_message,
        message_key_encoding=key_encoding,
        headers=headers_as_text(message.headers),
    )


def _payload(message: Message) -> tuple[str, str | None]:
    return as_text((message.value or b"")[:LARGEST_PAYLOAD])
