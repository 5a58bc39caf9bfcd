"""Merchants and keys on both databases: what is stored, what is noted, who may be rotated and revoked, and when."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError

from payments.merchants import service, store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import KeyText, parse
from payments.merchants.new_key import NewKey
from payments.merchants.rules import SCOPES_OF, ApiKey, KeyKind, KeyState, MerchantState, Mode, Scope, networks
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.errors import (
    ApiKeyConflict,
    MerchantExists,
    NotFound,
    PaymentsError,
    RotationInProgress,
    ValidationFailed,
)
from payments.platform.tables.merchants import api_key
from payments.platform.tables.processes import operator_action

PEPPERS = Peppers([(1, b"p" * 32)])
HOUR = timedelta(hours=1)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, with the test merchant M1."""
    with engine.begin() as connection:
        service.create_merchant(connection, "M1", "A shop", Mode.TEST, "cli:me")
        yield connection


def made(connection: Connection, **fields: object) -> tuple[ApiKey, KeyText]:
    new = NewKey(**({"merchant_id": "M1", "name": "shop"} | fields))  # type: ignore[arg-type]
    return service.create_key(connection, PEPPERS, new, "cli:me")


def test_a_merchant_is_made_once_and_byte_by_byte(connection: Connection) -> None:
    with pytest.raises(MerchantExists):
        service.create_merchant(connection, "M1", "Another", Mode.LIVE, "cli:me")
    service.create_merchant(connection, "m1", "Another", Mode.LIVE, "cli:me")
    found = store.get_merchant(connection, "M1")
    assert found is not None
    assert (found.name, found.mode, found.cell, found.state) == ("A shop", Mode.TEST, "00", MerchantState.ACTIVE)
    assert [one.merchant_id for one in store.merchants(connection, "", 10)] == ["M1", "m1"]
    assert [one.merchant_id for one in store.merchants(connection, "M1", 10)] == ["m1"]


def test_no_merchant_has_the_name_that_stands_for_all(connection: Connection) -> None:
    with pytest.raises(MerchantExists, match="all merchants"):
        service.create_merchant(connection, "*", "A shop", Mode.TEST, "cli:me")


def test_a_suspended_merchant_is_so_for_its_keys(connection: Connection) -> None:
    key, _ = made(connection)
    before = store.epoch(connection)
    service.change_merchant(connection, "M1", "fraud", "cli:me", state=MerchantState.SUSPENDED)
    service.change_merchant(connection, "M1", "again", "cli:me", state=MerchantState.SUSPENDED)
    stored = store.get_key(connection, key.key_id)
    assert stored is not None
    assert stored.merchant is not None
    assert stored.merchant.state is MerchantState.SUSPENDED
    assert store.epoch(connection) == before + 1, "no change, no epoch"
    with pytest.raises(NotFound):
        service.change_merchant(connection, "M2", "x", "cli:me", state=MerchantState.ACTIVE)


def test_a_merchant_s_connector_is_so_for_its_keys(connection: Connection) -> None:
    key, _ = made(connection)
    before = store.epoch(connection)
    for reason in ("its contract", "again"):
        service.change_merchant(connection, "M1", reason, "cli:me", connector=ConnectorName.SIMULATOR)
    assert store.epoch(connection) == before + 1, "no change, no epoch"
    service.change_merchant(connection, "M1", "fraud", "cli:me", state=MerchantState.SUSPENDED)
    stored = store.get_key(connection, key.key_id)
    assert stored is not None
    assert stored.merchant is not None
    assert (stored.merchant.connector, stored.merchant.state) == (ConnectorName.SIMULATOR, MerchantState.SUSPENDED)
    noted = connection.execute(select(operator_action.c.action, operator_action.c.target, operator_action.c.detail))
    assert noted.all()[2:] == [
        ("merchant.connect", "merchant M1", "none to simulator: its contract"),
        ("merchant.suspend", "merchant M1", "fraud"),
    ]


def test_a_key_is_stored_without_its_text(connection: Connection) -> None:
    allowed = networks(["10.0.0.0/8", "2001:db8::/32"])
    key, text = made(connection, allowed_networks=allowed, scopes=(Scope.PAYMENTS_READ,))
    assert parse(text.text) == text
    assert text.prefix == "test"
    stored = store.get_key(connection, key.key_id)
    assert stored is not None
    assert (stored.key, stored.merchant) == (key, store.get_merchant(connection, "M1"))
    assert (key.scopes, key.allowed_networks) == ({Scope.PAYMENTS_READ}, allowed)
    assert PEPPERS.matches(text.text, stored.hash, stored.pepper_no)
    secret = text.text.split("_")[3]
    for table in (api_key, operator_action):
        for row in connection.execute(select(table)):
            assert secret[:8] not in str(row), table.name


def test_an_operator_s_key_has_no_merchant(connection: Connection) -> None:
    key, text = made(connection, merchant_id=None, scopes=(Scope.READ,))
    assert (key.kind, key.merchant_id, text.prefix) == (KeyKind.OPERATOR, None, "oper")
    stored = store.get_key(connection, key.key_id)
    assert stored is not None
    assert stored.merchant is None


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"merchant_id": "M2"}, NotFound),
        ({"scopes": (Scope.OPERATE,)}, ValidationFailed),
        ({"merchant_id": None, "scopes": (Scope.PAYMENTS_WRITE,)}, ValidationFailed),
    ],
)
def test_a_key_that_must_not_be_is_not_made(
    connection: Connection, fields: dict[str, object], refused: type[PaymentsError]
) -> None:
    with pytest.raises(refused):
        made(connection, **fields)
    assert store.keys(connection, None, "", 10) == []


def test_a_rotation_takes_everything_over_and_never_extends(connection: Connection) -> None:
    key, _ = made(connection, lifetime=timedelta(minutes=30), scopes=(Scope.REFUNDS_WRITE,))
    successor, text = service.rotate(connection, PEPPERS, key.key_id, HOUR, "cli:me")
    old = store.get_key(connection, key.key_id)
    new = store.get_key(connection, successor.key_id)
    assert old is not None
    assert new is not None
    assert (old.key.expires_at, old.key.successor_id) == (key.expires_at, successor.key_id), "not in an hour"
    assert (new.key.name, new.key.scopes, new.key.expires_at) == (key.name, key.scopes, key.expires_at)
    assert PEPPERS.matches(text.text, new.hash, new.pepper_no)
    with pytest.raises(RotationInProgress):
        service.rotate(connection, PEPPERS, key.key_id, HOUR, "cli:me")
    service.rotate(connection, PEPPERS, successor.key_id, timedelta(0), "cli:me")
    ended = store.get_key(connection, successor.key_id)
    assert ended is not None
    assert ended.key.state(database_now(connection)) is KeyState.EXPIRED


def test_a_key_that_has_ended_is_not_rotated(connection: Connection) -> None:
    key, _ = made(connection)
    service.revoke(connection, key.key_id, "leaked", "cli:me")
    with pytest.raises(ApiKeyConflict, match="REVOKED"):
        service.rotate(connection, PEPPERS, key.key_id, HOUR, "cli:me")
    with pytest.raises(NotFound):
        service.rotate(connection, PEPPERS, "0000000000", HOUR, "cli:me")


def test_a_revocation_is_once_and_for_all(connection: Connection) -> None:
    key, _ = made(connection)
    before = store.epoch(connection)
    first = service.revoke(connection, key.key_id, "leaked", "cli:me")
    assert service.revoke(connection, key.key_id, "again", "cli:me") == first
    assert store.epoch(connection) == before + 1
    with pytest.raises(NotFound):
        service.revoke(connection, "0000000000", "leaked", "cli:me")
    noted = connection.execute(select(operator_action.c.action, operator_action.c.target, operator_action.c.detail))
    assert [tuple(row) for row in noted][-1] == ("key.revoke", f"key {key.key_id}", "leaked")


def test_each_change_raises_the_epoch_when_it_commits(engine: Engine) -> None:
    with engine.begin() as connection:
        before = store.epoch(connection)
        service.create_merchant(connection, "M1", "A shop", Mode.TEST, "cli:me")
        key, _ = made(connection)
        service.rotate(connection, PEPPERS, key.key_id, HOUR, "cli:me")
        assert store.epoch(connection) == before + 3
    with engine.connect() as connection:
        assert store.epoch(connection) == before + 3


def test_of_two_rotations_at_once_one_wins(engine: Engine) -> None:
    with engine.begin() as connection:
        service.create_merchant(connection, "M1", "A shop", Mode.TEST, "cli:me")
        key, _ = made(connection)

    def rotate(_: int) -> str:
        try:
            with engine.begin() as connection:
                service.rotate(connection, PEPPERS, key.key_id, HOUR, "cli:me")
        except RotationInProgress as error:
            return error.code
        return "rotated"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(rotate, range(4)))
    assert outcomes == ["ROTATION_IN_PROGRESS"] * 3 + ["rotated"]


def test_lists_are_pages_by_id(connection: Connection) -> None:
    service.create_merchant(connection, "M2", "Another", Mode.LIVE, "cli:me")
    own = sorted(made(connection)[0].key_id for _ in range(5))
    other = made(connection, merchant_id="M2")[0].key_id
    assert [key.key_id for key in store.keys(connection, "M1", "", 3)] == own[:3]
    assert [key.key_id for key in store.keys(connection, "M1", own[2], 3)] == own[3:]
    assert [key.key_id for key in store.keys(connection, None, "", 10)] == sorted([*own, other])


def test_a_scope_of_a_later_release_opens_nothing(connection: Connection) -> None:
    key, _ = made(connection)
    connection.execute(update(api_key).values(scopes="payments:read teleport"))
    stored = store.get_key(connection, key.key_id)
    assert stored is not None
    assert stored.key.scopes == {Scope.PAYMENTS_READ}


def test_the_database_refuses_a_key_of_nobody(connection: Connection) -> None:
    made(connection)
    with pytest.raises(DBAPIError):
        connection.execute(update(api_key).values(merchant_id=None))


def test_no_scopes_means_all_of_the_kind(connection: Connection) -> None:
    assert made(connection)[0].scopes == set(SCOPES_OF[KeyKind.MERCHANT])
    assert made(connection, merchant_id=None)[0].scopes == set(SCOPES_OF[KeyKind.OPERATOR])
