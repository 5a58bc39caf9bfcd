"""Classifies the broker's answers to messages: an error of a record says nothing about the service.

Does not send; `kafka` does.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as Delivered

MISSING_TOPIC: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
)
OF_A_BATCH: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
    }
)
"""Errors for which the broker refuses a whole batch, even if only one of its messages has the error."""
REFUSALS: Final = (
    MISSING_TOPIC
    | OF_A_BATCH
    | {
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.POLICY_VIOLATION,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        KafkaError.UNSUPPORTED_COMPRESSION_TYPE,
        KafkaError._INVALID_ARG,
    }
)
"""Errors of a record or its topic. All others (connection, time-out, authentication, cluster) are the service's."""


Key = str | bytes | None
"""None: no key; messages without a key have no order."""


class OutgoingMessage(NamedTuple):
    """A message to Kafka; texts are sent as UTF-8."""

    topic: str
    key: Key
    value: str | bytes
    headers: list[tuple[str, str | bytes | None]]


class Receipt(NamedTuple):
    """Indices of the messages that the broker confirmed, and of those that it refused, with the reason."""

    confirmed: frozenset[int] = frozenset()
    refused: dict[int, str] = {}  # noqa: RUF012  (a tuple's field, never changed)


class CallFailed(Exception):
    """The broker did not answer. `receipt`: what was confirmed or refused before that."""

    def __init__(self, reason: str, receipt: Receipt | None = None) -> None:
        super().__init__(reason)
        self.receipt = receipt or Receipt()


class AllRefused(Exception):
    """Nothing was confirmed; each answer was an error of a record. They are in `receipt`."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("Kafka refused every event")
        self.receipt = receipt


class ClusterChanged(Exception):
    """Another cluster answers than the one that was checked; call `Publisher.check` before sending."""


class Answers:
    """The broker's answers to the messages of one call; late answers to an earlier call go to that call's object."""

    def __init__(self) -> None:
        self.waiting = 0
        self.confirmed: set[int] = set()
        self.failure = ""
        self.missing_topic = False
        self.stopped: set[Key] = set()
        """Keys of refused messages: no further message with such a key is sent."""
        self._refused: dict[int, str] = {}
        self._of_batch: set[int] = set()

    def expect(self, index: int, key: Key) -> Callable[[KafkaError | None, Delivered | None], None]:
        """The delivery callback of this message."""
        self.waiting += 1
        return partial(self._settle, index, key)

    def give_up(self, reason: str) -> None:
        """Count all messages without an answer as not answered."""
        self.failure = self.failure or reason

    def drop_batch_refusals(self, messages: Sequence[OutgoingMessage], sent: Sequence[int]) -> list[int]:
        """Those of `sent` that may have been refused for another message of their batch; their answers are dropped."""
        topics = Counter(messages[index].topic for index in sent)
        doubtful = [index for index in sent if index in self._of_batch and topics[messages[index].topic] > 1]
        for index in doubtful:
            del self._refused[index]
        self._of_batch.clear()
        return doubtful

    def receipt(self) -> Receipt:
        """Everything that was confirmed or refused so far."""
        return Receipt(frozenset(self.confirmed), dict(self._refused))

    def _settle(self, index: int, key: Key, error: KafkaError | None, message: Delivered | None) -> None:
        """`message` is None when the client refused it before it was part of a batch."""
        self.waiting -= 1
        if error is None:
            self.confirmed.add(index)
            self.stopped.discard(key)
        elif error.code() in REFUSALS:
            self._refused[index] = error.str()
            if key is not None:
                self.stopped.add(key)
            self.missing_topic |= error.code() in MISSING_TOPIC
            if message is not None and error.code() in OF_A_BATCH:
                self._of_batch.add(index)
        else:
            self.failure = error.str()


def turns(messages: Sequence[OutgoingMessage]) -> list[list[int]]:
    """Indices by turn: the first holds the first message of each key, the second the second ones, and so on."""
    found: list[list[int]] = []
    next_turn: dict[Key, int] = {}
    for index, message in enumerate(messages):
        turn = next_turn.get(message.key, 0)
        if message.key is not None:
            next_turn[message.key] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append(index)
    return found


def text_of(error: KafkaException) -> str:
    """The text of the exception's error."""
    cause = error.args[0]
    return cause.str() if isinstance(cause, KafkaError) else str(error)
