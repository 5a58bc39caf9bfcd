"""The ledger's use case: messages in, postings and dead letters out, in one transaction. Knows no Kafka client.

Only events that the outbox confirms are posted, whatever Kafka delivers. The caller commits offsets afterwards.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.dead_letters import changes as dead_letter_changes
from payments.dead_letters import halt, halt_store
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.changes import UNSETTLED, FailedReplay
from payments.dead_letters.halt import PoisonWatch, PostingHalted
from payments.dead_letters.poison import PoisonFlood
from payments.dead_letters.rules import ErrorType
from payments.dead_letters.store import DeadLetter
from payments.ledger import inbox_store
from payments.ledger.checking import (
    CheckResult,
    Message,
    Rejected,
    check,
    dead_letter,
    look_up,
    read,
    replayed_dead_letters,
)
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.received import ReceivedEvent
from payments.platform.clock import database_now
from payments.platform.database import Failure, classify, refuses_a_value
from payments.platform.states import DeadLetterState

ROUNDS: Final = 5
"""Attempts at a batch when another consumer was first or held a lock; then the error is raised."""

_log = logging.getLogger(__name__)


class PostingOutcome(StrEnum):
    """What was done with a message."""

    POSTED = "posted"
    REPEATED = "repeated"
    DEAD_LETTER = "dead_letter"


class PostingResult(NamedTuple):
    """A message's outcome; `lag`: seconds from commit to posting; `error_type`: why it is a dead letter.

    `event_id` and `payment_id` are those of the posted event, from the outbox.
    """

    message: Message
    outcome: PostingOutcome
    lag: float = 0.0
    error_type: str = ""
    error_message: str = ""
    event_id: int = 0
    payment_id: int = 0


class _Checked(NamedTuple):
    """A message, its check result, and the dead letter of which it is a replay (None: not a replay)."""

    message: Message
    result: CheckResult
    letter: DeadLetter | None

    @property
    def place(self) -> tuple[str, int, int]:
        return (self.message.topic, self.message.partition, self.message.offset)


def post_batch(
    engine: Engine, messages: Sequence[Message], cluster_id: str, watch: PoisonWatch | None = None
) -> list[PostingResult]:
    """Post confirmed events and store dead letters for the rest; returns results in the order of the messages.

    One transaction, unless the database refuses a value of a message: then the batch is halved until that message is
    alone, and it becomes a dead letter. A repeated message changes nothing.
    Raises sqlalchemy errors with everything rolled back, or done in part when the connection was lost in COMMIT or the
    batch was halved: run the same batch again, and what was done is found as repeated.
    Raises PostingHalted likewise while a halt is open, and when `watch` finds that this batch is a flood of poison.
    """
    watch = watch or PoisonWatch()
    try:
        return _post(engine, messages, cluster_id, watch)
    except PoisonFlood as flood:
        if halt.begin(engine, str(flood), after=watch.halt_id):
            raise PostingHalted(str(flood)) from flood
        return post_batch(engine, messages, cluster_id, watch)  # an operator has just accepted it


def _post(engine: Engine, messages: Sequence[Message], cluster_id: str, watch: PoisonWatch) -> list[PostingResult]:
    try:
        return _rounds(engine, messages, [read(message) for message in messages], cluster_id, watch)
    except (PoisonFlood, PostingHalted):
        raise
    except Exception as error:  # an error caused by one message must not stop the others
        if not _is_about_a_message(error):
            raise
        refusal = error
    reason = str(getattr(refusal, "orig", refusal))
    _log.warning("posting_refused", extra={"messages": len(messages), "error": reason})
    if len(messages) == 1:
        rejected = Rejected(ErrorType.INVALID_EVENT, f"The message cannot be posted: {type(refusal).__name__} {reason}")
        return _rounds(engine, messages, [rejected], cluster_id, watch)
    middle = len(messages) // 2
    return [part for half in (messages[:middle], messages[middle:]) for part in _post(engine, half, cluster_id, watch)]


def _is_about_a_message(error: Exception) -> bool:
    """True also for a duplicate key after all attempts: then the ledger has postings that the inbox lacks."""
    is_taken = isinstance(error, SQLAlchemyError) and classify(error) is Failure.DUPLICATE
    return is_taken or refuses_a_value(error)


def _rounds(
    engine: Engine,
    messages: Sequence[Message],
    received: Sequence[ReceivedEvent | Rejected],
    cluster_id: str,
    watch: PoisonWatch,
) -> list[PostingResult]:
    for _ in range(ROUNDS - 1):
        try:
            return _attempt(engine, messages, received, cluster_id, watch)
        except SQLAlchemyError as error:
            failure = classify(error)
            if failure not in (Failure.DUPLICATE, Failure.LOCKED):
                raise
            _log.info("posting_repeated", extra={"messages": len(messages), "failure": failure.name})
    return _attempt(engine, messages, received, cluster_id, watch)


def _attempt(
    engine: Engine,
    messages: Sequence[Message],
    received: Sequence[ReceivedEvent | Rejected],
    cluster_id: str,
    watch: PoisonWatch,
) -> list[PostingResult]:
    with engine.connect().execution_options(reading=True) as connection:
        last = halt_store.newest(connection)
        halt.refuse_when_halted(last)
        known = look_up(connection, [event for event in received if isinstance(event, ReceivedEvent)])
        letters = replayed_dead_letters(connection, messages)
    checked = [_Checked(*parts) for parts in zip(messages, check(received, known), letters, strict=True)]
    if not any(_changes_something(each) for each in checked):
        watch.keep(watch.check(None, last, [None] * len(checked)))
        return [PostingResult(message, PostingOutcome.REPEATED) for message in messages]
    with engine.begin() as connection:
        now = database_now(connection)
        failed = _write(connection, checked, cluster_id, now)
        window = watch.check(connection, last, [_mark(each, failed) for each in checked if each.letter is None])
    watch.keep(window)
    return [_result_of(each, now.timestamp(), failed) for each in checked]


def _changes_something(each: _Checked) -> bool:
    if each.letter is not None:
        return each.letter.state in UNSETTLED or isinstance(each.result, PostedEvent)
    return isinstance(each.result, PostedEvent | Rejected)


def _write(
    connection: Connection, checked: Sequence[_Checked], cluster_id: str, now: datetime
) -> set[tuple[str, int, int]]:
    """Write all changes; returns the places of the messages that failed in this delivery and not in an earlier one."""
    letters = dead_letter_changes.lock_as_they_are(connection, [each.letter for each in checked if each.letter])
    if events := [each.result for each in checked if isinstance(each.result, PostedEvent)]:
        inbox_store.post(connection, events, now)
    failed, new, resolved, reopened = set(), [], [], []
    for each in checked:
        letter = letters.pop(each.letter.letter_id, None) if each.letter is not None else None
        if each.letter is None:
            if isinstance(each.result, Rejected):
                new.append(dead_letter(each.message, each.result, cluster_id))
        elif not isinstance(each.result, Rejected):
            resolved.append(each.letter.letter_id)
        elif letter is not None and letter.state == DeadLetterState.REPLAYING:
            reopened.append(FailedReplay(letter, *each.result))
            failed.add(each.place)
    dead_letter_changes.resolve(connection, resolved, now)
    dead_letter_changes.reopen(connection, reopened, now)
    if not new:
        return failed
    added = dead_letter_store.add(connection, sorted(new, key=lambda letter: letter.source), now)
    return failed | {(letter.topic, letter.partition, letter.offset) for letter in added}


def _mark(each: _Checked, failed: set[tuple[str, int, int]]) -> str | None:
    """Why a message is poison, in words; None for a good one, and for one whose dead letter was stored before."""
    if not isinstance(each.result, Rejected) or each.place not in failed:
        return None
    topic, partition, offset = each.place
    return f"{topic} {partition}/{offset} ({each.result.error_type}: {each.result.error_message})"


def _result_of(each: _Checked, now: float, failed: set[tuple[str, int, int]]) -> PostingResult:
    result = each.result
    if isinstance(result, PostedEvent):
        lag = max(now - result.occurred_at.timestamp(), 0.0)
        return PostingResult(
            each.message, PostingOutcome.POSTED, lag, event_id=result.event_id, payment_id=result.payment_id
        )
    if isinstance(result, Rejected) and each.place in failed:
        return PostingResult(each.message, PostingOutcome.DEAD_LETTER, 0.0, result.error_type, result.error_message)
    return PostingResult(each.message, PostingOutcome.REPEATED)
