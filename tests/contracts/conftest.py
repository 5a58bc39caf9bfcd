"""Fixtures of contracts on MariaDB only."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from payments.platform.database import create_engine


@pytest.fixture
def mariadb(mariadb_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated MariaDB database."""
    engine = create_engine(mariadb_url)
    yield engine
    engine.dispose()


@pytest.fixture
def second(mariadb_url: str) -> Iterator[Engine]:
    """Another engine on the same MariaDB database."""
    engine = create_engine(mariadb_url)
    yield engine
    engine.dispose()
