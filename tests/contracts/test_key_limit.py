"""How many keys of one owner may be there that have not ended, on both databases, also when many are made at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text, update

from payments.merchants import service, store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import Prefix, new_key
from payments.merchants.new_key import NewKey
from payments.merchants.provisioning import import_key
from payments.merchants.rules import KEY_LIMIT, ApiKey, Mode
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.errors import TooManyKeys
from payments.platform.tables.merchants import api_key
from tests.contracts.test_locks import wait_for_lock_wait

PEPPERS = Peppers([(1, b"p" * 32)])
OWNERS = pytest.mark.parametrize("owner", ["M1", None])
FEW = 3


@pytest.fixture
def database(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database with the merchants M1 and M2, where FEW keys are the limit."""
    assert KEY_LIMIT == 100
    monkeypatch.setattr(service, "KEY_LIMIT", FEW)
    with engine.begin() as connection:
        for merchant in ("M1", "M2"):
            service.create_merchant(connection, merchant, merchant, Mode.TEST, "cli:me")
    return engine


def make(connection: Connection, owner: str | None) -> ApiKey:
    return service.create_key(connection, PEPPERS, NewKey(owner, "k"), "cli:me")[0]


@OWNERS
def test_there_is_room_again_when_a_key_has_ended(database: Engine, owner: str | None) -> None:
    with database.begin() as connection:
        keys = [make(connection, owner) for _ in range(FEW)]
        with pytest.raises(TooManyKeys, match="operators" if owner is None else "merchant M1"):
            make(connection, owner)
        make(connection, None if owner else "M1")
        make(connection, "M2")
        service.revoke(connection, keys[0].key_id, "old", "cli:me")
        make(connection, owner)
        past = database_now(connection) - timedelta(seconds=1)
        connection.execute(update(api_key).where(api_key.c.key_id == keys[1].key_id).values(expires_at=past))
        make(connection, owner)
        with pytest.raises(TooManyKeys):
            make(connection, owner)


@OWNERS
def test_a_rotation_passes_the_limit(database: Engine, owner: str | None) -> None:
    with database.begin() as connection:
        first, *_ = [make(connection, owner) for _ in range(FEW)]
        service.rotate(connection, PEPPERS, first.key_id, timedelta(hours=1), "cli:me")
        assert store.count_active(connection, owner, database_now(connection)) == FEW + 1


@OWNERS
def test_an_import_of_what_is_there_passes_it_and_of_another_does_not(database: Engine, owner: str | None) -> None:
    prefix = Prefix.TEST if owner else Prefix.OPERATOR
    text, new = new_key(prefix), NewKey(owner, "k")
    with database.begin() as connection:
        assert import_key(connection, PEPPERS, text, new, "cli:me")[1]
        for _ in range(FEW - 1):
            make(connection, owner)
        assert not import_key(connection, PEPPERS, text, new, "cli:me")[1]
        with pytest.raises(TooManyKeys):
            import_key(connection, PEPPERS, new_key(prefix), new, "cli:me")


@OWNERS
def test_of_two_that_make_the_last_key_at_once_one_does(
    mariadb: Engine, mariadb_url: str, owner: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits before it counts. SQLite has one writer at a time anyway."""
    monkeypatch.setattr(service, "KEY_LIMIT", 1)
    with mariadb.begin() as connection:
        service.create_merchant(connection, "M1", "M1", Mode.TEST, "cli:me")
    patient = create_engine(mariadb_url, timeout=60)

    def second() -> None:
        with patient.begin() as connection:
            connection.execute(text("SET SESSION innodb_lock_wait_timeout = 60"))
            make(connection, owner)

    with ThreadPoolExecutor(1) as pool:
        with mariadb.begin() as connection:
            make(connection, owner)
            waiting = pool.submit(second)
            wait_for_lock_wait(mariadb)
        with pytest.raises(TooManyKeys):
            waiting.result()
    patient.dispose()
