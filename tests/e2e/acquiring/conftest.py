"""One platform with an acquirer for all tests here: an api instance, MariaDB, Redis, and the simulator's process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.platform.database import create_engine
from stack.mariadb import MariaDBAddress
from stack.redis import RedisAddress
from tests.e2e.acquiring.platform import Desk, Merchant, Platform
from tests.e2e.gunicorn import ApiServer
from tests.psp.simulator import KEY, PUBLISHABLE, Simulator
from tests.servers import migrated_database

SHOP = "SHOP"
GOOD_CALLS = 40
"""Beside them the faults of all tests here do not open the breaker, which looks at 50 calls."""


@pytest.fixture(scope="session")
def make_api(
    mariadb_server: MariaDBAddress, mariadb_schema: str, redis_server: RedisAddress
) -> Iterator[Callable[..., Any]]:
    """Starts api instances on one database, each with a connector to a simulator's port."""
    with ExitStack() as stack:
        database = stack.enter_context(migrated_database(mariadb_server, mariadb_schema))

        @contextmanager
        def made(psp: Simulator, **settings: Any) -> Iterator[ApiServer]:
            always: dict[str, Any] = {
                "APP_ACQUIRER_URL": f"http://127.0.0.1:{psp.port}",
                "APP_ACQUIRER_KEY": KEY,
                "APP_ACQUIRER_PUBLIC_URL": f"http://localhost:{psp.port}",
                "APP_ACQUIRER_PUBLISHABLE_KEY": PUBLISHABLE,
                "APP_KEY_PEPPER": "1:" + "p" * 32,
                "APP_SHOP_MERCHANT": SHOP,
            }
            with ApiServer(database, redis_server.database_url(14), **{**always, **settings}) as server:
                yield server

        yield made


@pytest.fixture(scope="session")
def platform(make_api: Callable[..., Any]) -> Iterator[Platform]:
    """The platform that tests share: never stop a part of it, and leave its breaker closed."""
    with Simulator() as psp, make_api(psp) as api:
        found = Platform(api, psp)
        shop = found.add_merchant(SHOP)
        assert {shop.authorize().status_code for _ in range(GOOD_CALLS)} == {200}
        yield found


@pytest.fixture
def paid(platform: Platform) -> Iterator[Platform]:
    """The shared platform; no fault outlives a test."""
    yield platform
    platform.psp.api.control("DELETE", "faults")


_numbers = count(1)


@pytest.fixture
def merchant(platform: Platform) -> Merchant:
    """A merchant of its own for each test, which the acquirer pays."""
    return platform.add_merchant(f"E2E-{next(_numbers)}")


@pytest.fixture
def desks(platform: Platform) -> tuple[Desk, Desk]:
    """Two operators."""
    return platform.desk("kim"), platform.desk("lee")


@pytest.fixture
def engine(platform: Platform) -> Iterator[Engine]:
    """An engine on the platform's database."""
    engine = create_engine(str(platform.api.environment["DATABASE_URL"]))
    yield engine
    engine.dispose()
