"""Any messages in Kafka: a real event is posted, anything else becomes one dead letter, and the ledger goes on."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from payments.dead_letters import halt
from payments.dead_letters.poison import UNTIL_QUIET
from payments.outbox.rules import TOPICS
from payments.platform.tables.dead_letters import dead_letter
from tests.integration.worker.raw_producer import RawMessage, RawProducer
from tests.integration.worker.test_ledger import audited, letters, send
from tests.integration.worker.test_replay_and_halt import stored_dead_letters
from tests.integration.worker.workers import ledger, pay, relay, unposted, unpublished
from tests.servers import until

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
NOT_UTF_8 = (b"\xff\xfe", b"a\xed\xa0\x80", b"\x80", b"trace\xffparent")
LARGEST = 1_000_000
"""Bytes of a message that a broker accepts by default: 1 MiB less what the record adds."""


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def test_a_header_that_is_not_utf_8_is_a_dead_letter_and_the_next_is_posted(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    producer = RawProducer(kafka_bootstrap)
    for name in NOT_UTF_8:
        headers = [(b"eventId", b"1"), (name, b"x"), (b"deadLetterId", b"1")]
        producer.send(RawMessage("payment.captured", b'{"paymentId":1,"amount":1}', b"k", headers))
    producer.close()
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        until(lambda: len(letters(engine)) == len(NOT_UTF_8), "each is a dead letter")
        pay(engine, "after", 5)
        until(lambda: unposted(engine) == 0, "what comes after is posted")
    for letter in letters(engine):
        assert (letter.error_type, letter.message_key, letter.payload[:12]) == ("InvalidEvent", "k", '{"paymentId"')
        assert letter.error_message.startswith("The message cannot be read: headers: 'utf-8' codec can't decode byte")


def anything(chance: random.Random) -> Iterator[RawMessage]:
    """Messages of all kinds that are not events."""

    def some_bytes(size: int) -> bytes:
        return chance.randbytes(chance.randint(0, size))

    topics = list(TOPICS.values())
    sizes = [0, 1, 10, 100, 1000, 10_000]
    while True:
        kind = chance.choice(["binary", "tombstone", "text", "json", "event"])
        value = {
            "binary": some_bytes(chance.choice(sizes)),
            "tombstone": None,
            "text": "".join(chance.choices("\0é😀\u2028\"\\'%\x1b{}", k=chance.choice(sizes) // 4)).encode(),
            "json": chance.choice([b"[" * 9000, b"1" * 9000, b"NaN", b'"\\ud800"', b"null", b"{}", b"\xef\xbb\xbf{}"]),
            "event": b'{"paymentId":%d,"amount":%d}' % (10**9 + chance.randint(0, 2**62), chance.randint(1, 2**62)),
        }[kind]
        names = [b"", b"deadLetterId", b"traceparent", b"eventId", "é".encode(), *NOT_UTF_8, b"n" * 300]
        headers = [
            (chance.choice(names), chance.choice([None, b"", b"1", some_bytes(300)]))
            for _ in range(chance.randint(0, 4))
        ]
        key = chance.choice([None, b"", b"7", some_bytes(100), some_bytes(20_000)])
        yield RawMessage(chance.choice(topics), value, key, headers, chance.choice([0, 0, 0, 1, 2**31, 2**63 - 1]))


def test_of_anything_each_is_one_letter_and_every_event_is_posted(
    engine: Engine, database_url: str, kafka_bootstrap: str, long: bool
) -> None:
    count, chance = 5000 if long else 300, random.Random(20261128)
    halt.begin(engine, "not about floods")
    with engine.begin() as connection:
        halt.resume(connection, UNTIL_QUIET if long else count + 1, "cli:ann")
    messages = anything(chance)
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        for codec in CODECS:
            producer = RawProducer(kafka_bootstrap, compression_codec=codec)
            pay(engine, codec, 5)
            for _ in range(count // len(CODECS) - 1):
                producer.send(next(messages))
            producer.send(RawMessage("payment.voided", chance.randbytes(LARGEST), headers=[(b"\xff", b"")]))
            producer.close()
        until(lambda: unposted(engine) == 0, "every event is posted", seconds=60)
        until(lambda: stored_dead_letters(engine) >= count, "all others are letters", seconds=300 if long else 60)
        until(lambda: unpublished(engine) == 0, "and announced", seconds=60)
        send(kafka_bootstrap, ("payment.voided", b"the last"))
        until(lambda: stored_dead_letters(engine) > count, "the ledger goes on")
    with engine.connect() as connection:
        places = connection.execute(
            select(dead_letter.c.original_topic, dead_letter.c.partition_no, dead_letter.c.offset_no)
        ).all()
    assert (len(places), len(set(places))) == (count + 1, count + 1)
    assert audited(engine).differences == []
