"""A key that has ended gives nothing, also where the process that admitted it does not know yet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text, update

from payments.merchants import service, store
from payments.merchants.hashing import Peppers
from payments.merchants.new_key import NewKey
from payments.merchants.rules import ApiKey, MerchantState, Mode
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.errors import ApiKeyExpired, ApiKeyInvalid, MerchantSuspended
from payments.platform.tables.merchants import api_key
from tests.contracts.test_locks import wait_for_lock_wait

PEPPERS = Peppers([(1, b"p" * 32)])
OWNERS = pytest.mark.parametrize("owner", ["M1", None])


def prepared(connection: Connection, owner: str | None) -> tuple[ApiKey, ApiKey]:
    """A key that gives, and another one of its owner, with the merchant M1."""
    service.create_merchant(connection, "M1", "M1", Mode.TEST, "cli:me")
    first, second = (service.create_key(connection, PEPPERS, NewKey(owner, "k"), "cli:me")[0] for _ in range(2))
    return first, second


def give(connection: Connection, granter: ApiKey) -> None:
    service.create_key(connection, PEPPERS, NewKey(granter.merchant_id, "new"), "key:k", granter=granter)


@OWNERS
def test_a_key_that_was_revoked_meanwhile_gives_nothing(engine: Engine, owner: str | None) -> None:
    with engine.begin() as connection:
        granter, other = prepared(connection, owner)
        service.revoke(connection, granter.key_id, "leaked", "cli:me")
    with pytest.raises(ApiKeyInvalid), engine.begin() as connection:
        give(connection, granter)
    with pytest.raises(ApiKeyInvalid), engine.begin() as connection:
        service.rotate(connection, PEPPERS, other.key_id, timedelta(), "key:k", granter=granter)
    with engine.begin() as connection:
        assert store.count_active(connection, owner, database_now(connection)) == 1, "the other one alone"


def test_nor_one_that_expired_or_whose_merchant_was_suspended(engine: Engine) -> None:
    with engine.begin() as connection:
        granter, other = prepared(connection, "M1")
        past = database_now(connection) - timedelta(seconds=1)
        connection.execute(update(api_key).where(api_key.c.key_id == granter.key_id).values(expires_at=past))
    with pytest.raises(ApiKeyExpired), engine.begin() as connection:
        give(connection, granter)
    with engine.begin() as connection:
        service.change_merchant(connection, "M1", "fraud", "cli:me", state=MerchantState.SUSPENDED)
    with pytest.raises(MerchantSuspended), engine.begin() as connection:
        give(connection, other)


def test_a_revocation_that_is_not_committed_yet_is_waited_for(mariadb: Engine, mariadb_url: str) -> None:
    with mariadb.begin() as connection:
        granter, _ = prepared(connection, "M1")
    patient = create_engine(mariadb_url, timeout=60)

    def second() -> None:
        with patient.begin() as connection:
            connection.execute(text("SET SESSION innodb_lock_wait_timeout = 60"))
            give(connection, granter)

    with ThreadPoolExecutor(1) as pool:
        with mariadb.begin() as connection:
            service.revoke(connection, granter.key_id, "leaked", "cli:me")
            waiting = pool.submit(second)
            wait_for_lock_wait(mariadb)
        with pytest.raises(ApiKeyInvalid):
            waiting.result()
    patient.dispose()
