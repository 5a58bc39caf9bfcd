"""The breaker's row and the commands to it, on both databases: only the holder of the lease writes them."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from payments.breaker import store
from payments.breaker.store import BreakerRow, Snapshot, Transition
from payments.outbox import cluster as cluster_store
from payments.outbox.lease import Lease, acquire

SINCE = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
SNAPSHOT: Snapshot = {
    "successful": 3,
    "failed": 2,
    "slow": 1,
    "not_permitted": 7,
    "buffered": 5,
    "slow_call_rate": 20.0,
    "failure_rate": 40.0,
}
NAME = "kafka-publisher"
ROW = BreakerRow(NAME, "CLOSED", SINCE, SINCE, SNAPSHOT, [], 4)


def leases(engine: Engine) -> tuple[Lease, Lease]:
    """A lost lease, and the present one."""
    with engine.begin() as connection:
        lost = acquire(connection, "relay", "a", 60)
        valid = acquire(connection, "relay", "a", 60)
    assert lost is not None
    assert valid is not None
    return lost, valid


def saved(engine: Engine, row: BreakerRow, lease: Lease) -> bool:
    with engine.begin() as connection:
        return store.save(connection, row, lease)


def seen(engine: Engine) -> BreakerRow | None:
    with engine.begin() as connection:
        return store.get(connection, NAME)


def test_there_is_no_row_before_the_first_relay(engine: Engine) -> None:
    assert seen(engine) is None


def test_the_row_comes_back_as_it_was_observed_now(engine: Engine) -> None:
    _, valid = leases(engine)
    history: list[Transition] = [{"from": "CLOSED", "to": "OPEN", "at": "t", "reason": "é", "actor": "relay"}]
    for row in (ROW, replace(ROW, state="OPEN", history=history, applied_command_id=5)):
        assert saved(engine, row, valid)
        found = seen(engine)
        assert found is not None
        assert found.observed_at > SINCE
        assert replace(found, observed_at=SINCE) == row


def test_a_lost_lease_writes_neither_the_first_row_nor_a_later_one(engine: Engine) -> None:
    lost, valid = leases(engine)
    assert not saved(engine, ROW, lost)
    assert seen(engine) is None
    assert saved(engine, ROW, valid)
    assert not saved(engine, replace(ROW, state="OPEN"), lost)
    found = seen(engine)
    assert found is not None
    assert found.state == "CLOSED"


def test_the_history_keeps_the_newest(engine: Engine) -> None:
    _, valid = leases(engine)
    history: list[Transition] = [
        {"from": "CLOSED", "to": "OPEN", "at": str(number), "reason": "", "actor": "relay"} for number in range(60)
    ]
    saved(engine, replace(ROW, history=history), valid)
    found = seen(engine)
    assert found is not None
    assert found.history == history[: store.HISTORY_KEPT]


def test_commands_come_in_their_order_until_they_have_an_outcome(engine: Engine) -> None:
    lost, valid = leases(engine)
    with engine.begin() as connection:
        first = store.append_command(connection, NAME, "OPEN", "é", "api:::1")
        second = store.append_command(connection, NAME, "CLOSED", None, "cli:root")
        store.append_command(connection, "another", "OPEN", None, "cli:root")
    with engine.begin() as connection:
        waiting = store.next_commands(connection, NAME, 0)
        assert [(c.command_id, c.to_state, c.reason, c.actor) for c in waiting] == [
            (first, "OPEN", "é", "api:::1"),
            (second, "CLOSED", None, "cli:root"),
        ]
        assert not store.mark_command(connection, first, "applied", lost)
        assert store.mark_command(connection, first, "applied", valid)
        assert not store.mark_command(connection, first, "not_allowed", valid)
        assert [c.command_id for c in store.next_commands(connection, NAME, 0)] == [second]
        assert [c.command_id for c in store.next_commands(connection, NAME, second + 1)] == [second]
        assert store.next_commands(connection, NAME, second + store.LATE_COMMANDS) == []
        marked = store.command(connection, first)
        assert marked is not None
        assert (marked.outcome, marked.applied_at is not None) == ("applied", True)
        assert store.command(connection, 999) is None


def test_the_last_cluster_is_remembered(engine: Engine) -> None:
    with engine.begin() as connection:
        assert cluster_store.known(connection) is None
        for cluster in ("c1", "c2"):
            cluster_store.remember(connection, cluster)
            assert cluster_store.known(connection) == cluster
