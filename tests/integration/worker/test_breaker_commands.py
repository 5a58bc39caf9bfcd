"""Operators' commands to the breaker, read while others are being committed."""

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from payments.breaker import store as breaker_store
from payments.breaker.guard import Breaker
from payments.breaker.rules import BREAKER, BreakerConfig, State
from payments.metrics import RelayMetrics
from payments.outbox import lease
from payments.platform.database import create_engine
from worker.publication.breaker_commands import POLL_INTERVAL, BreakerCommands


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[Engine]:
    """MariaDB: on SQLite no two transactions write at the same time."""
    engine = create_engine(mariadb_url)
    yield engine
    engine.dispose()


def test_a_command_committed_after_a_later_one_is_applied_too(engine: Engine) -> None:
    """Ids are assigned before commit: the second command is read, and applied, before the first."""
    with engine.begin() as connection:
        held = lease.acquire(connection, "relay", "me", 60)
    assert held is not None
    now = 0.0
    breaker = Breaker(RelayMetrics(CollectorRegistry()), BreakerConfig(), clock=lambda: now)
    commands = BreakerCommands(engine, breaker, held, clock=lambda: now)
    with engine.connect() as slow, slow.begin():
        first = breaker_store.append_command(slow, BREAKER, "DISABLED", None, "api:1")
        with engine.begin() as quick:
            second = breaker_store.append_command(quick, BREAKER, "FORCED_OPEN", None, "api:2")
        assert first < second
        assert commands.carry_out()
        assert breaker.state is State.FORCED_OPEN
    now += POLL_INTERVAL
    assert commands.carry_out()
    assert breaker.state is State.DISABLED
    assert breaker.applied_command_id == second
    with engine.connect() as connection:
        commands = [breaker_store.command(connection, command_id) for command_id in (first, second)]
        row = breaker_store.get(connection, BREAKER)
    assert [command and command.outcome for command in commands] == ["applied", "applied"]
    assert row is not None
    assert (row.state, row.applied_command_id) == ("DISABLED", second)
