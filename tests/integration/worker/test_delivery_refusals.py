"""A turn of the relay with refused events, with a fake publisher; test_relay.py has the real one."""

from collections.abc import Iterator, Sequence

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from payments.breaker.guard import Breaker
from payments.breaker.rules import BreakerConfig, State
from payments.metrics import RelayMetrics
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate, OutboxState
from payments.platform.clock import database_now, monotonic
from payments.platform.database import create_engine
from payments.platform.kafka.answers import AllRefused, ClusterChanged, Key, OutgoingMessage, Receipt
from payments.platform.kafka.producer import Publisher
from payments.platform.kafka.topics import Cluster
from tests.contracts.refusing import states, stored
from worker.publication.delivery import RETRY_INTERVAL, Delivery, LeaseTerm
from worker.publication.heartbeat import Heartbeat

PARK_AFTER = 3


class RecordingPublisher(Publisher):
    """Refuses the messages with these keys, and confirms the others; `checked` counts checks of the cluster."""

    def __init__(self) -> None:
        super().__init__({}, call_timeout=1, probe_timeout=1)
        self.refused: set[str] = set()
        self.sent: list[list[Key]] = []
        self.changed = False
        self.checked = 0

    def hand_over(self, messages: Sequence[OutgoingMessage], ended: object) -> Receipt:  # noqa: ARG002
        if self.changed:
            self.check_due = True
            raise ClusterChanged("another")
        self.sent.append([message.key for message in messages])
        refused = {index: "too large" for index, message in enumerate(messages) if message.key in self.refused}
        receipt = Receipt(frozenset(set(range(len(messages))) - refused.keys()), refused)
        if not receipt.confirmed:
            raise AllRefused(receipt)
        return receipt

    def check(self, topics: object) -> Cluster:  # noqa: ARG002
        self.checked += 1
        self.changed = False
        return Cluster("c", [])


class Turns:
    """A relay's turns, with a clock of the test."""

    def __init__(self, engine: Engine, *payments: int) -> None:
        self.engine = engine
        self.now = 0.0
        held = stored(engine, *payments)
        metrics = RelayMetrics(CollectorRegistry())
        self.breaker = Breaker(metrics, BreakerConfig(), clock=lambda: self.now)
        self.publisher = RecordingPublisher()
        heartbeat = Heartbeat(engine, held, seconds=60, asked_at=monotonic(), observe=self.breaker.observe)
        self.delivery = Delivery(
            engine,
            self.publisher,
            metrics,
            LeaseTerm(held, heartbeat, self.breaker),
            longest_call=1,
            ended=lambda: False,
            park_after=PARK_AFTER,
            clock=lambda: self.now,
        )

    def run(self, times: int = 1) -> None:
        for _ in range(times):
            self.delivery.run_once()


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """On SQLite: these tests are about the relay."""
    engine = create_engine(sqlite_url)
    yield engine
    engine.dispose()


def test_refused_often_enough_it_is_parked_and_never_sent_again(engine: Engine) -> None:
    turns = Turns(engine, 1, 2, 1)
    turns.publisher.refused = {"1"}
    turns.run(2)
    assert states(engine) == {1: OutboxState.REFUSED, 2: OutboxState.PUBLISHED, 3: OutboxState.BEHIND}
    for _ in range(10):
        turns.now += RETRY_INTERVAL
        turns.run(2)
    assert states(engine)[1] is OutboxState.PARKED
    assert turns.publisher.sent == [["1", "2", "1"], ["1"], ["1"]]


def test_half_open_tries_another_event_when_one_is_refused(engine: Engine) -> None:
    turns = Turns(engine, 1, 2, 3, 4, 5)
    turns.publisher.refused = {"1", "2"}
    turns.breaker.move(State.FORCED_HALF_OPEN, None, "me")
    turns.run(2)
    assert turns.breaker.state is State.FORCED_HALF_OPEN
    turns.run(3)
    assert turns.breaker.state is State.CLOSED
    assert turns.publisher.sent == [["1"], ["2"], ["3"], ["4"], ["5"]]
    assert turns.breaker.observe().history[0]["reason"] == "the trial calls succeeded (3 of 3)"


def test_a_row_that_no_message_can_be_made_of_stops_no_other(engine: Engine) -> None:
    turns = Turns(engine, 2)
    with engine.begin() as connection:
        headers = '{"payloadEncoding": "base64"}'
        row = outbox_store.new_row(
            Aggregate.REPLAY, 1, "REPLAY", DEAD_LETTER_TOPIC, "not base64", headers, database_now(connection)
        )
        outbox_store.add(connection, [row])
    turns.run(2)
    assert (states(engine), turns.publisher.sent) == ({1: OutboxState.PUBLISHED, 2: OutboxState.REFUSED}, [["2"]])
    with engine.connect() as connection:
        assert (
            "no message can be made"
            in connection.execute(text("SELECT last_error FROM outbox_event WHERE event_id = 2")).scalar_one()
        )


def test_another_cluster_is_checked_before_anything_is_sent_and_is_no_failure(engine: Engine) -> None:
    turns = Turns(engine, 1)
    turns.publisher.changed = True
    turns.publisher.check_due = False
    turns.now += 10
    turns.run()
    turns.now += 10
    turns.run()
    assert (turns.publisher.sent, states(engine)) == ([["1"]], {1: OutboxState.PUBLISHED})
    assert turns.breaker.observe().snapshot["failed"] == 0
    checked = turns.publisher.checked
    turns.now += 10
    turns.run()
    assert turns.publisher.checked == checked + 1, "also while nothing is to be published"
