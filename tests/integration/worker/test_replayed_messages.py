"""A replay on a real Kafka is the message as it came: same key, so same partition, same headers, same trace."""

import pytest
from confluent_kafka import Message, Producer
from sqlalchemy import Engine

from tests.integration.worker.test_ledger import letters
from tests.integration.worker.test_replay_and_halt import replay
from tests.integration.worker.workers import everything_in, ledger, relay, unpublished
from tests.servers import until

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HEADERS: list[tuple[str, str | bytes | None]] = [
    ("eventId", b"5550001"),
    ("x", None),
    ("x", b"\xff\x00"),
    ("é", b""),
    ("traceparent", TRACE),
]
KEYS = [b"910001", b"910002", b"\xff\x00", "é\n".encode(), b"", None, b"k" * 8000]


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def test_a_replay_keeps_key_partition_headers_and_trace(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    producer = Producer({"bootstrap.servers": kafka_bootstrap})
    for number, key in enumerate(KEYS):
        producer.produce("payment.captured", b"no event %d" % number, key, headers=HEADERS)
    producer.produce("payment.captured", b"bare", b"910001")
    assert producer.flush(10) == 0
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        until(lambda: len(letters(engine)) == len(KEYS) + 1, "all are letters")
        for letter in letters(engine):
            replay(engine, letter.letter_id)
        until(lambda: all(letter.attempts == 2 for letter in letters(engine)), "each replay failed again")
        until(lambda: unpublished(engine) == 0, "all is published")
    sent: dict[bytes, list[Message]] = {}
    for message in everything_in(kafka_bootstrap):
        if message.topic() == "payment.captured":
            sent.setdefault(message.value() or b"", []).append(message)
    ids = {letter.payload.encode(): str(letter.letter_id).encode() for letter in letters(engine)}
    assert len(sent) == len(KEYS) + 1
    for value, messages in sent.items():
        original, again = sorted(messages, key=lambda message: len(message.headers() or []))
        assert again.key() == original.key()
        assert again.headers() == [*(original.headers() or []), ("deadLetterId", ids[value])]
        assert not original.key() or again.partition() == original.partition(), "without a key any partition will do"
