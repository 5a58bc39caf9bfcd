"""An event type is complete: a topic on the broker and on the machines, postings, and an operation that emits it."""

from collections.abc import Iterable

import yaml

from payments.ledger.rules import RULES
from payments.outbox.rules import DEAD_LETTER_TOPIC, PARTITIONS, TOPICS, EventType
from payments.payment.commands import EVENT_OF, Operation
from payments.payment.replies import MESSAGES
from tests.repo.sources import ROOT

DEFAULTS = ROOT / "ansible/roles/kafka/defaults/main.yml"


def missing(wanted: Iterable[str], present: Iterable[str]) -> list[str]:
    return sorted(set(wanted) - set(present))


def test_every_event_type_has_a_topic_postings_and_an_operation() -> None:
    assert missing(EventType, TOPICS) == []
    assert missing(EventType, RULES) == []
    assert missing(EventType, EVENT_OF.values()) == []


def test_the_machines_get_the_topics_of_the_events() -> None:
    listed = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["kafka_topics"]
    topics = [*TOPICS.values(), DEAD_LETTER_TOPIC]
    assert {topic["name"]: topic["partitions"] for topic in listed} == dict.fromkeys(topics, PARTITIONS)


def test_every_operation_that_is_answered_has_a_message() -> None:
    assert missing([operation for operation in EVENT_OF if operation is not Operation.EXPIRE], MESSAGES) == []


def test_a_planted_gap_is_found() -> None:
    assert missing([*EventType, "PAYMENT_PLANTED"], TOPICS) == ["PAYMENT_PLANTED"]
