"""Replays of dead letters, and the halt on poison, with a real Kafka, relay and ledger."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text, update

from payments.dead_letters import halt, halt_store
from payments.dead_letters import service as dead_letters
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.poison import UNTIL_QUIET
from payments.platform.tables.dead_letters import dead_letter
from tests.integration.worker.test_ledger import audited, counted, letters, posted, send
from tests.integration.worker.workers import (
    events_of,
    everything_in,
    ledger,
    logged,
    number,
    pay,
    process,
    relay,
    unposted,
    unpublished,
)
from tests.servers import until

BROKEN = ("payment.voided", b"{")


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def stored_dead_letters(engine: Engine) -> int:
    return number(engine, "SELECT COUNT(*) FROM dead_letter")


def state(engine: Engine, letter_id: int = 1) -> str:
    with engine.connect() as connection:
        letter = dead_letter_store.get(connection, letter_id)
    return "" if letter is None else letter.state


def replay(engine: Engine, letter_id: int = 1) -> None:
    with engine.begin() as connection:
        dead_letters.replay(connection, letter_id, "cli:ann")


def halted(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return halt_store.open_halt(connection)


def resume(engine: Engine, accepted: int) -> None:
    with engine.begin() as connection:
        assert halt.resume(connection, accepted, "cli:ann")


def shows_halt(registry: CollectorRegistry, value: int) -> Callable[[], bool]:
    return lambda: registry.get_sample_value("ledger_halted") == value


def test_a_replay_succeeds_once_the_event_is_there(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    """The message of a payment that did not exist then and exists now."""
    pay(engine, "a", 1, captures=0)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_event SET aggregate_type = 'hidden'"))
    registry = CollectorRegistry()
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap, registry):
        until(lambda: unpublished(engine) == 0, "it is published without its number")
        message = {m.topic(): json.loads(m.value() or b"") for m in everything_in(kafka_bootstrap)}
        until(lambda: state(engine) == "OPEN", "it is a dead letter")
        assert "eventId" not in message["payment.authorized"]
        with engine.begin() as connection:
            payload = json.dumps({**message["payment.authorized"], "eventId": 1})
            connection.execute(update(dead_letter).values(payload=payload))
            connection.execute(text("UPDATE outbox_event SET aggregate_type = 'payment' WHERE event_id = 1"))
        replay(engine)
        until(lambda: state(engine) == "RESOLVED", "the replay is posted")
        assert counted(registry, "payment.authorized", "posted") == 1
        with engine.begin() as connection:
            connection.execute(text("UPDATE dead_letter SET state = 'OPEN'"))
        replay(engine)
        until(lambda: state(engine) == "RESOLVED", "one that is posted already is resolved as well")
    assert number(engine, "SELECT COUNT(*) FROM ledger_entry") == 1
    assert audited(engine).differences == []


@pytest.mark.parametrize("value", [b'{"paymentId":99999,"amount":1}', b"\xff\x00\x01", b"", "é\r\n{".encode()])
def test_a_replay_that_fails_again_stays_one_letter(
    engine: Engine, database_url: str, kafka_bootstrap: str, value: bytes
) -> None:
    send(kafka_bootstrap, ("payment.captured", value))
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        until(lambda: state(engine) == "OPEN", "it is a dead letter")
        replay(engine)
        until(lambda: letters(engine)[0].attempts == 2, "it failed again")
        until(lambda: unpublished(engine) == 0, "everything is published")
    (letter,) = letters(engine)
    assert letter.state == "OPEN"
    sent = [m for m in everything_in(kafka_bootstrap) if m.topic() == "payment.captured"]
    assert [m.value() or b"" for m in sent] == [value, value]
    (headers,) = [dict(found) for m in sent if (found := m.headers())]
    assert (headers["deadLetterId"], "payloadEncoding" in headers) == (b"1", False)
    assert number(engine, "SELECT COUNT(*) FROM outbox_event WHERE aggregate_type = 'dead_letter'") == 1


def flood(engine: Engine, url: str, bootstrap: str) -> int:
    """Publish good events, and behind them more poison than good ones; returns how many good ones."""
    pay(engine, "good", 10)
    with relay(url, bootstrap):
        until(lambda: unpublished(engine) == 0, "the good ones are published")
    send(bootstrap, *[BROKEN] * 120)
    return 20


def test_a_flood_halts_and_stores_nothing_until_an_operator_accepts_it(
    engine: Engine, database_url: str, kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    flood(engine, database_url, kafka_bootstrap)
    registry = CollectorRegistry()
    with ledger(database_url, kafka_bootstrap, registry):
        until(lambda: halted(engine), "it halts")
        until(shows_halt(registry, 1), "it says so")
        stored, there = posted(engine), stored_dead_letters(engine)
        assert there < 51, "nothing of the batch in which it was noticed is stored"
        pay(engine, "later", 5)
        beat = "SELECT COUNT(*) FROM lease WHERE name = 'ledger' AND renewed_at > NOW() - INTERVAL 3 SECOND"
        with engine.begin() as connection:
            connection.execute(text("UPDATE lease SET renewed_at = '2020-01-01' WHERE name = 'ledger'"))
        until(lambda: number(engine, beat) == 1, "it is alive")
        assert (posted(engine), stored_dead_letters(engine)) == (stored, there)
    assert "could not be posted" in (halted(engine) or "")
    restarted = CollectorRegistry()
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap, restarted):
        until(shows_halt(restarted, 1), "a restart stays halted")
        until(lambda: caplog.messages.count("posting_halted") >= 2, "also with messages at hand")
        assert (posted(engine), stored_dead_letters(engine)) == (stored, there)
        resume(engine, 200)
        until(shows_halt(restarted, 0), "it notices without a restart")
        until(lambda: unposted(engine) == 0, "the good ones, also behind the poison, are posted")
        until(lambda: stored_dead_letters(engine) == 120, "the poison is dead letters")
    assert (halted(engine), audited(engine).differences) == (None, [])


def test_without_the_check_it_goes_on_and_replays_are_no_poison(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    flood(engine, database_url, kafka_bootstrap)
    registry = CollectorRegistry()
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap, registry):
        until(lambda: halted(engine), "it halts")
        resume(engine, UNTIL_QUIET)
        until(lambda: stored_dead_letters(engine) == 120, "the poison is dead letters")
        pay(engine, "quiet", 60)
        until(lambda: unposted(engine) == 0, "good ones are posted")
        for letter_id in dead_letters.open_ids(engine, None, None):
            replay(engine, letter_id)
        failed = "SELECT COUNT(*) FROM dead_letter WHERE state = 'OPEN' AND attempts = 2"
        until(lambda: number(engine, failed) == 120, "all replays failed again")
        assert (halted(engine), stored_dead_letters(engine)) == (None, 120)
        send(kafka_bootstrap, *[BROKEN] * 60)
        until(lambda: halted(engine), "the check is there again")
    assert audited(engine).differences == []


def test_its_health_says_that_it_is_halted(
    engine: Engine, database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    halt.begin(engine, "a flood")
    log = tmp_path / "ledger.log"
    with process("ledger", database_url, kafka_bootstrap, log) as worker:
        until(lambda: logged(log, "metrics_served"), "it serves")
        (port,) = [line["port"] for line in events_of(log) if line["event"] == "metrics_served"]

        def health() -> Any:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=5)

        until(lambda: health().status_code == 503, "it knows of the halt though nothing came")
        assert health().json() == {"status": "DOWN", "detail": "Posting is halted: a flood"}
        resume(engine, 1)
        until(lambda: health().status_code == 200, "it goes on", seconds=3)
        assert worker.poll() is None
