"""The merchants and keys of `make run`: the same at each start, replaced when they have ended, never twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from payments.merchants import service, store
from payments.merchants.key_form import parse
from payments.merchants.rules import Mode
from payments.platform.database import create_engine
from stack.acquirer import kept_access
from stack.first_keys import NotProvided, provide
from stack.programs import Redis, environment
from stack.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.prepare()
    return made


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """The database of `make run` is SQLite."""
    made = create_engine(sqlite_url)
    yield made
    made.dispose()


def variables(state: State, database_url: str, auth: str, **more: str) -> dict[str, str]:
    found = environment(state, more, Redis(1, "x"), kept_access(state, 8090), 8080, "", auth)
    return {**found, "DATABASE_URL": database_url}


def stored(engine: Engine) -> tuple[list[str], list[str]]:
    """Ids of (merchants, keys)."""
    with engine.connect() as connection:
        merchants = [merchant.merchant_id for merchant in store.merchants(connection, "", 9)]
        return merchants, [key.key_id for key in store.keys(connection, None, "", 9)]


def kept(state: State) -> list[str]:
    """Ids of the keys in the state folder."""
    found = [parse(key.read_text()) for key in (state.operator_key, state.merchant_key)]
    return sorted(key.key_id for key in found if key is not None)


def test_keys_stay_until_they_have_ended(engine: Engine, sqlite_url: str, state: State) -> None:
    settings, said = variables(state, sqlite_url, "required"), list[str]()
    for _ in range(2):
        provide(state, settings, said.append)
        assert stored(engine) == (["M123", "STORE"], kept(state))
    assert said == ["merchant-key is stored", "operator-key is stored"], "once"
    before = parse(state.merchant_key.read_text())
    assert before is not None
    with engine.begin() as connection:
        service.revoke(connection, before.key_id, "leaked", "cli:me")
    provide(state, settings, said.append)
    assert said[2:] == [
        f"Key {before.key_id} is REVOKED; import another one. merchant-key gets a new one",
        "merchant-key is stored",
    ]
    assert stored(engine)[1] == sorted([*kept(state), before.key_id])
    assert state.merchant_key.stat().st_mode & 0o777 == 0o600


def test_without_keys_there_is_the_shop_s_merchant_alone(engine: Engine, sqlite_url: str, state: State) -> None:
    provide(state, variables(state, sqlite_url, "open", APP_SHOP_MERCHANT="MINE"), list[str]().append)
    assert stored(engine) == (["MINE"], [])
    with engine.begin() as connection:
        service.create_merchant(connection, "STORE", "x", Mode.LIVE, "cli:me")
    with pytest.raises(NotProvided, match="There is a merchant STORE already"):
        provide(state, variables(state, sqlite_url, "open"), list[str]().append)
    assert not state.operator_key.exists()


def test_the_shop_is_paid_at_the_simulator_also_one_of_an_earlier_release(
    engine: Engine, sqlite_url: str, state: State
) -> None:
    with engine.begin() as connection:
        service.create_merchant(connection, "STORE", "The shop of this machine", Mode.TEST, "cli:me")
    for _ in range(2):
        provide(state, variables(state, sqlite_url, "required"), list[str]().append)
        with engine.connect() as connection:
            connectors = {merchant.merchant_id: merchant.connector for merchant in store.merchants(connection, "", 9)}
        assert connectors == {"M123": "none", "STORE": "simulator"}
