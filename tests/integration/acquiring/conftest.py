"""The simulator, and a shop that pays there."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from payments.acquiring.simulator import SimulatorConnector
from tests.integration.acquiring.shop import Shop
from tests.psp.simulator import KEY, Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Of one test."""
    with Simulator() as running:
        yield running


@pytest.fixture
def shop(engine: Engine, simulator: Simulator) -> Iterator[Shop]:
    """On each database."""
    connector = SimulatorConnector(f"http://127.0.0.1:{simulator.port}", KEY, 16)
    yield Shop(engine, connector, simulator.api)
    connector.close()
