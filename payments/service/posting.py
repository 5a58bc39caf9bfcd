"""The ledger's use case: messages in, postings and dead letters out, in one transaction. Knows no Kafka client.

Kafka cannot book money: only what the outbox confirms is posted. Offsets are the caller's business, afterwards.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.adapters import dead_letter_store, inbox_store
from payments.adapters.clock import database_now
from payments.adapters.database import Failure, classify
from payments.adapters.inbox_store import PostedEvent
from payments.domain.received import ReceivedEvent
from payments.service.checking import Message, Rejected, Verdict, dead_letter, look_up, read, verdicts

ROUNDS: Final = 5
"""Times that a batch is read and run when another consumer was first or held a lock, before the caller is told."""

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What came of a message."""

    POSTED = "posted"
    REPEATED = "repeated"
    DEAD_LETTER = "dead_letter"


class Handled(NamedTuple):
    """A message's outcome; `lag` is seconds from commit to posting, `error_type` why it is a dead letter."""

    message: Message
    outcome: Outcome
    lag: float = 0.0
    error_type: str = ""
    error_message: str = ""


def post_batch(engine: Engine, messages: Sequence[Message], cluster_id: str) -> list[Handled]:
    """Post what is money, store dead letters for the rest; outcomes come in the order of the messages.

    A repeated message changes nothing. Raises sqlalchemy errors with everything rolled back (or, when the connection
    was lost in COMMIT, perhaps done): run the same batch again, what was done is then found and repeated.
    """
    received = [read(message) for message in messages]
    for _ in range(ROUNDS - 1):
        try:
            return _attempt(engine, messages, received, cluster_id)
        except SQLAlchemyError as error:
            failure = classify(error)
            if failure not in (Failure.DUPLICATE, Failure.LOCKED):
                raise
            _log.info("posting_repeated", extra={"messages": len(messages), "failure": failure.name})
    return _attempt(engine, messages, received, cluster_id)


def _attempt(
    engine: Engine, messages: Sequence[Message], received: Sequence[ReceivedEvent | Rejected], cluster_id: str
) -> list[Handled]:
    with engine.connect().execution_options(reading=True) as connection:
        known = look_up(connection, [event for event in received if isinstance(event, ReceivedEvent)])
    judged = list(zip(messages, verdicts(received, known), strict=True))
    events = [verdict for _, verdict in judged if isinstance(verdict, PostedEvent)]
    letters = [dead_letter(m, verdict, cluster_id) for m, verdict in judged if isinstance(verdict, Rejected)]
    new_sources = set()
    if not events and not letters:
        return [Handled(message, Outcome.REPEATED) for message in messages]
    with engine.begin() as connection:
        now = database_now(connection)
        if events:
            inbox_store.post(connection, events, now)
        if letters:
            added = dead_letter_store.add(connection, sorted(letters, key=lambda letter: letter.source), now)
            new_sources = {(letter.topic, letter.partition, letter.offset) for letter in added}
    return [_handled(message, verdict, now.timestamp(), new_sources) for message, verdict in judged]


def _handled(message: Message, verdict: Verdict, now: float, new_letters: set[tuple[str, int, int]]) -> Handled:
    if isinstance(verdict, PostedEvent):
        return Handled(message, Outcome.POSTED, lag=max(now - verdict.occurred_at.timestamp(), 0.0))
    if isinstance(verdict, Rejected) and (message.topic, message.partition, message.offset) in new_letters:
        return Handled(message, Outcome.DEAD_LETTER, 0.0, verdict.error_type, verdict.error_message)
    return Handled(message, Outcome.REPEATED)
